"""Numbers, differences and explanations in plain words."""
