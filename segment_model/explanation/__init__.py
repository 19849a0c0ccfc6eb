"""Shapley values of the margin between two segments, in the user's own columns."""
