"""Load on a running service, and what wrk tells of it."""
