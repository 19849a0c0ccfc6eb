"""Conditions over customer vectors: checked against a contract, asked of frames, of one customer and in an engine."""
