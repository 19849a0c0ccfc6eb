"""Candidates: each is a clustering algorithm with its parameters, which fits encoded points and returns an assigner."""
