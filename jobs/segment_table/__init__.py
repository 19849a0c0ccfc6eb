"""A table in the user's PostgreSQL that keeps who was in which segment, when, by which version of the model."""
