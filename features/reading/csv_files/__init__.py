"""CSV files: dialect, records, faults, and the SQL that reads them."""
