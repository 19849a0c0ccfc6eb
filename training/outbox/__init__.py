"""Finished discoveries that wait for a server."""
