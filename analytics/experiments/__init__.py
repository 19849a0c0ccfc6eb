"""Experiments: arms drawn by hash, and the effect of each arm against control by segment."""
