"""A model on disk: JSON and arrays under digests, no pickle."""
