"""The succession of models: a retrain inherits ids and names, and two versions are compared customer by customer."""
