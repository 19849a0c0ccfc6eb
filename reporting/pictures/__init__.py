"""The pictures of a discovery and of a comparison of versions: one file a picture."""
