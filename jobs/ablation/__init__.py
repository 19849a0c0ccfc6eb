"""The ablation of a settings file: fits without each feature group and with each alone."""
