"""The incumbent, that is the serving model, among the customers of a retrain: assignments and warm starts."""
