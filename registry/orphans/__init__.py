"""Runs whose process died, and how another process recognises them."""
