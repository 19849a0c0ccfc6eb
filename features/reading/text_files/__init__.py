"""Text files: their bytes, their encoding, and copies of them in UTF-8."""
