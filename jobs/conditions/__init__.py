"""Who meets a condition now, and which ready-made conditions the vectors of the settings allow."""
