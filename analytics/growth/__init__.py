"""How segments grow and shrink: their sizes and money at each month end, and where customers came from and went to."""
