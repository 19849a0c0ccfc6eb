"""Load on a running service, measured by wrk."""
