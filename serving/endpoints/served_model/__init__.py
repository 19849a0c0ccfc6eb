"""Routes that show the served model: its description, segments, map and report."""
