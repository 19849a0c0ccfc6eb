"""The champion: the one whose segments a discovery continues, and the way back to the one before."""
