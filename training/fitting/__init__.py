"""Building blocks of fits: UMAP embeddings, exemplars, Voronoi sites, covariances, and a cache of results."""
