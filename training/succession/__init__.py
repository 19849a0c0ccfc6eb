"""A retrain's segments continue those of the serving model: ids, names, comparisons."""
