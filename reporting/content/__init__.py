"""What a report says, as plain values: what a discovery leaves to be stored, and what is added when a page is made."""
