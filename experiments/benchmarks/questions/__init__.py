"""Questions a business asks: what conditions cost, how long a ranking takes, and what is marked where nothing is."""
