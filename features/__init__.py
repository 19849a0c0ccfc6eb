"""Turns raw tables into customer vectors; the only package that names an engine (DuckDB, PostgreSQL)."""
