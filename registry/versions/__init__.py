"""Versions of a segment model: packaged, registered, promoted, fetched, renamed."""
