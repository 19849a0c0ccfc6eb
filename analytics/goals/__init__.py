"""Goals of a business: who reaches them, by segment, and what the odds are."""
