"""Distributions in each segment: shares of categories and flags, quartiles of numbers, adopted features."""
