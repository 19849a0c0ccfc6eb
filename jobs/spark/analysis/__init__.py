"""The analyst's record of customers who stay in Spark: money, retention, growth, goals, conditions and advice."""
