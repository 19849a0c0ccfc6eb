"""Raw tables to customer vectors; the only room that names an engine."""
