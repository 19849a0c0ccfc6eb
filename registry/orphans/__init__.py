"""Runs whose process died, and how another process can tell."""
