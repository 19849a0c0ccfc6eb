"""Candidates: an algorithm with its parameters fits encoded points and returns an assigner. One file an algorithm."""
