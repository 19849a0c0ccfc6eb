"""The segment model: it assigns a customer to a segment and explains why. The lowest layer; NumPy-level."""
