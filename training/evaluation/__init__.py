"""Evaluation: the quality of candidates, the choice among them, and the verdict on the chosen segments."""
