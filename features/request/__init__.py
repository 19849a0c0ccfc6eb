"""Vectors of the customers of a request: the same feature expressions, compiled to SQL once a model."""
