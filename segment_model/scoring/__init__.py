"""Scoring: from customers to assignments and explanations, one at a time or in chunks."""
