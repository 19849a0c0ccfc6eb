"""The sweep of a settings file: its trials, the files beside it, and its MLflow log."""
