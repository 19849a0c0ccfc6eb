"""Benchmarks: one file each, listed in `__main__`, which runs them by name."""
