"""Routes that answer about customers: their segments, the reasons, what would change them."""
