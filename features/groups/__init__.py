"""Feature groups: one expression a feature, one file a group."""
