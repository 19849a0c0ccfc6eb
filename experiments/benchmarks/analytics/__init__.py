"""The analyst's figures against SQL written by hand: the same numbers, and how long each side takes."""
