"""Profiles of segments: cards, names and rules."""
