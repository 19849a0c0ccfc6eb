"""Profiles of segments for people: cards, names, rules, effects and contributions."""
