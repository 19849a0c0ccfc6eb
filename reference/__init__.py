"""The generated tables of the documentation, derived from the declarations in the code."""
