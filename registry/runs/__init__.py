"""Runs of MLflow: a discovery and its candidates, a sweep and its trials."""
