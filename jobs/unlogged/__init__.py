"""A discovery that is not logged yet, as a notebook holds it."""
