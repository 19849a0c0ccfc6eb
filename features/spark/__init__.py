"""Vectors of customers that stay in a Spark: computed, checked and written there."""
