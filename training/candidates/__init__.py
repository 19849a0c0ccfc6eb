"""Candidates: an algorithm with its parameters, which fits encoded points and returns an assigner."""
