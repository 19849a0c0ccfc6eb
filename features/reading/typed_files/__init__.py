"""Files with typed cells (Excel, JSON lines), written as Parquet for the engine."""
