"""Sweeps: discoveries under many settings, compared by one figure."""
