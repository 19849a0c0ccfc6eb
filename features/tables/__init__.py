"""The user's raw tables as ours: contracts, cleaning, exact sums."""
