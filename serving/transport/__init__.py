"""Everything that touches uvicorn's inside."""
