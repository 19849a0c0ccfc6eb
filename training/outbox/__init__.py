"""The outbox: finished discoveries that wait on disk until the registry can be reached."""
