"""Orphaned runs: their process died while they were RUNNING, and another process recognises and ends them."""
