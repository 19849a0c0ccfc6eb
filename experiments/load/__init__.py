"""Callers of a running service, and the service as processes that one may measure or kill."""
