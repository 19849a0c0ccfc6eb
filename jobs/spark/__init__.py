"""Work whose customers stay in a Spark: vectors, assignments, training on a sample."""
