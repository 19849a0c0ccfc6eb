"""Expressions that mean the same in every engine, where Ibis's own do not."""
