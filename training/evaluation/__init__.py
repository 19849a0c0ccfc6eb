"""How good a candidate is, whether anything is there, and which candidate is chosen."""
