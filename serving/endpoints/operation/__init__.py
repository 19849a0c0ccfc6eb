"""Routes for operators: probes and metrics."""
