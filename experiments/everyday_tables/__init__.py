"""Ten tables of everyday customers, each read as a user would: mostly continua, where a segment is a slice."""

from experiments.everyday_tables.all_tables import EVERYDAY_TABLES
from experiments.everyday_tables.everyday_table import EverydayTable

__all__ = ["EVERYDAY_TABLES", "EverydayTable"]
