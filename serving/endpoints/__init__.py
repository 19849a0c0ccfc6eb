"""The endpoints of the service, one file each, and the table of routes."""
