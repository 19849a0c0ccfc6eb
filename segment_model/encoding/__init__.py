"""From a customer's raw values to an encoded point, and whether the raw values are novel."""
