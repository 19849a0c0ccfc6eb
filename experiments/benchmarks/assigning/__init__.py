"""How fast and how exactly customers are assigned and explained, one and many, against named peers."""
