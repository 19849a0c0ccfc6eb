"""How values show themselves in a notebook: tables of HTML and of plain text."""
