"""The succession of models: a retrain inherits ids and names, and customers are followed from one to the next."""
