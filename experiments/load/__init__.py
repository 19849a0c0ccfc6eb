"""Clients that put load on a running service, and its processes, which benchmarks and tests measure or kill."""
