"""Text columns as moments, numbers, keys, flags and categories, by `features.grammar`, in the engine of the table."""
