"""What a segment is like: cards, names, rules."""
