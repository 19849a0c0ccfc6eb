"""Every figure of a record and what it means, once."""
