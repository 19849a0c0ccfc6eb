"""What a segment model is: it assigns a customer to a segment and explains why. The lowest room; NumPy-level."""
