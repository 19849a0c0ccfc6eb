"""Routes for people in a browser: documentation and explorer, and the OpenAPI document."""
