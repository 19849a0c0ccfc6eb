"""Connections, shutdown and the server: all code that uses private attributes of uvicorn."""
