"""The customer vectors as a query that a warehouse runs by itself."""
