"""The incumbent, which is the serving model, in a retrain: its assignments of the new customers, and warm starts."""
