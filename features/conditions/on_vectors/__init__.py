"""Conditions over customer vectors: checked against a contract, evaluated on frames or for one customer."""
