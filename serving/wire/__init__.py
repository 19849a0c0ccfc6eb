"""Bytes in and out: bodies, strict JSON, refusals, deadlines."""
