"""Work on customers who stay in Spark: vectors, assignments, training on a sample, the record."""
