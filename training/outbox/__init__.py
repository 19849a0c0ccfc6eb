"""Finished discoveries that wait until the registry can be reached."""
