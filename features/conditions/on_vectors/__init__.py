"""Conditions over customer vectors: checked against a contract, evaluated on frames, one customer or in an engine."""
