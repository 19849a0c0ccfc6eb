"""The history of a company's tables: vectors as of many past moments, and dated rows for the analyst's figures."""
