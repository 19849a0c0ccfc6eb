"""How a discovery shows itself in a notebook and on a terminal."""
