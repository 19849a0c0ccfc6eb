"""The R, F and M scores: their settings, the edges between them, and their columns."""
