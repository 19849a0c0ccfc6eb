"""Counterfactuals: the smallest change that moves a customer to another segment."""
