"""Metrics of the service, across its workers."""
