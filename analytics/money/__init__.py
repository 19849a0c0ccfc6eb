"""What customers are worth: recurring revenue and its movements, trials, orders, lifetime values."""
