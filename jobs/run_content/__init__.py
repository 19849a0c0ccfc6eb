"""What the MLflow run of a discovery shows: parameters, metrics, description, and what a retrain changed."""
