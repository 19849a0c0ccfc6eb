"""The pictures of a discovery and of a comparison: one file a picture."""
