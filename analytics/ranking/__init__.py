"""Accounts in order of what they are worth, computed and ordered in the engine."""
