"""The numbered experiments: a question about public data, the variants that answer it, and what became of each."""
