"""Raw tables: contracts, conversion to canonical tables, exact sums."""
