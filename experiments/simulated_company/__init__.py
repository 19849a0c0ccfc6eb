"""A made-up software company with planted segments: its tables, and the truth behind them."""
