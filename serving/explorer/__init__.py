"""The page at `/`: move a customer's values and watch the assignment change."""
