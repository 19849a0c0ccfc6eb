"""What a route is, what an endpoint may use, and the OpenAPI document of all routes."""
