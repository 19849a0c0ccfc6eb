"""The words that cannot name a column without quotes."""

from __future__ import annotations

from sqlglot import Dialect

_LISTED = ("duckdb", "bigquery", "redshift", "trino")  # sqlglot has their documented lists; DuckDB's is PostgreSQL's

# every word that one of these engines reserves; quoting another engine's word does no harm
RESERVED: frozenset[str] = frozenset(
    word.upper() for name in _LISTED for word in Dialect.get_or_raise(name).generator_class.RESERVED_KEYWORDS
) | frozenset(("ANTI", "CROSS", "ILIKE", "INTERVAL", "LATERAL", "MINUS", "SEMI", "VALUES", "WINDOW"))

# https://docs.snowflake.com/en/sql-reference/reserved-keywords; quotes around another word would change its case
RESERVED_IN_SNOWFLAKE: frozenset[str] = frozenset().union(
    *(
        line.split()
        for line in (
            "ACCOUNT ALL ALTER AND ANY AS BETWEEN BY CASE CAST CHECK COLUMN CONNECT CONNECTION CONSTRAINT CREATE",
            "CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DATABASE DELETE DISTINCT DROP",
            "ELSE EXISTS FALSE FOLLOWING FOR FROM FULL GRANT GROUP GSCLUSTER HAVING ILIKE IN INCREMENT INNER",
            "INSERT INTERSECT INTO IS ISSUE JOIN LATERAL LEFT LIKE LOCALTIME LOCALTIMESTAMP MINUS NATURAL NOT",
            "NULL OF ON OR ORDER ORGANIZATION QUALIFY REGEXP REVOKE RIGHT RLIKE ROW ROWS SAMPLE SCHEMA SELECT SET",
            "SOME START TABLE TABLESAMPLE THEN TO TRIGGER TRUE TRY_CAST UNION UNIQUE UPDATE USING VALUES VIEW",
            "WHEN WHENEVER WHERE WITH",
        )
    )
)
