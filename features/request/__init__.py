"""The vectors of a request's few customers: the same expressions as SQL, compiled once for a model."""
