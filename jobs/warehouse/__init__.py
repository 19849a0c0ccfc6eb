"""The wiring of SQL: a registered model, and the settings of its features, to the texts of statements."""
