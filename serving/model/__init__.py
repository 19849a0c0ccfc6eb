"""The model in service: loaded, verified, followed, swapped."""
