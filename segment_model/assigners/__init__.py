"""Assigners: from encoded points to the nearest segment and the runner-up. One file an algorithm."""
