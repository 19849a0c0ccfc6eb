"""A model at work: from customers to assignments and explanations."""
