"""Building blocks of fits that several steps of an algorithm share: embeddings, exemplars, sites, a cache."""
