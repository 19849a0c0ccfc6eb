"""The functions that the statements call, and where each engine documents them, as read in November 2026.

LEAST of a missing value is missing in Snowflake, BigQuery and Trino, and the least of the others in the other engines:
the statements call it only of numbers, none of which is missing. Redshift documents no SUBSTRING of a text without a
length.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

_DUCKDB = "https://duckdb.org/docs/stable/sql"
_POSTGRES = "https://www.postgresql.org/docs/current"
_SPARK = "https://spark.apache.org/docs/latest/api/sql/index.html"
_DATABRICKS = "https://docs.databricks.com/aws/en/sql/language-manual/functions"
_SNOWFLAKE = "https://docs.snowflake.com/en/sql-reference/functions"
_BIGQUERY = "https://docs.cloud.google.com/bigquery/docs/reference/standard-sql"
_REDSHIFT = "https://docs.aws.amazon.com/redshift/latest/dg"
_TRINO = "https://trino.io/docs/current/functions"

# log1p and expm1 are not here: DuckDB, PostgreSQL, Snowflake, BigQuery, Redshift and Trino have neither
FUNCTIONS: Mapping[str, Mapping[str, str]] = {
    "duckdb": {
        "CASE": f"{_DUCKDB}/expressions/case",
        "CAST": f"{_DUCKDB}/expressions/cast",
        "EXP": f"{_DUCKDB}/functions/numeric#expx",
        "LN": f"{_DUCKDB}/functions/numeric#lnx",
        "SQRT": f"{_DUCKDB}/functions/numeric#sqrtx",
        "LEAST": f"{_DUCKDB}/functions/numeric#leastx1-x2-",
        "NULLIF": f"{_DUCKDB}/functions/utility#nullifa-b",
        "SUBSTRING": f"{_DUCKDB}/functions/text#substringstring-start-length",
        "MAX": f"{_DUCKDB}/functions/aggregates#maxarg",
        "MIN": f"{_DUCKDB}/functions/aggregates#minarg",
    },
    "postgres": {
        "CASE": f"{_POSTGRES}/functions-conditional.html#FUNCTIONS-CASE",
        "CAST": f"{_POSTGRES}/sql-expressions.html#SQL-SYNTAX-TYPE-CASTS",
        "COLLATE": f"{_POSTGRES}/sql-expressions.html#SQL-SYNTAX-COLLATE-EXPRS",
        "EXP": f"{_POSTGRES}/functions-math.html#FUNCTIONS-MATH-FUNC-TABLE",
        "LN": f"{_POSTGRES}/functions-math.html#FUNCTIONS-MATH-FUNC-TABLE",
        "SQRT": f"{_POSTGRES}/functions-math.html#FUNCTIONS-MATH-FUNC-TABLE",
        "LEAST": f"{_POSTGRES}/functions-conditional.html#FUNCTIONS-GREATEST-LEAST",
        "NULLIF": f"{_POSTGRES}/functions-conditional.html#FUNCTIONS-NULLIF",
        "SUBSTRING": f"{_POSTGRES}/functions-string.html#FUNCTIONS-STRING-SQL",
        "MAX": f"{_POSTGRES}/functions-aggregate.html#FUNCTIONS-AGGREGATE-TABLE",
        "MIN": f"{_POSTGRES}/functions-aggregate.html#FUNCTIONS-AGGREGATE-TABLE",
    },
    "spark": {
        "CASE": f"{_SPARK}#case",
        "CAST": f"{_SPARK}#cast",
        "EXP": f"{_SPARK}#exp",
        "LN": f"{_SPARK}#ln",
        "SQRT": f"{_SPARK}#sqrt",
        "LEAST": f"{_SPARK}#least",
        "NULLIF": f"{_SPARK}#nullif",
        "SUBSTRING": f"{_SPARK}#substring",
        "MAX": f"{_SPARK}#max",
        "MIN": f"{_SPARK}#min",
    },
    "databricks": {
        "CASE": f"{_DATABRICKS}/case",
        "CAST": f"{_DATABRICKS}/cast",
        "EXP": f"{_DATABRICKS}/exp",
        "LN": f"{_DATABRICKS}/ln",
        "SQRT": f"{_DATABRICKS}/sqrt",
        "LEAST": f"{_DATABRICKS}/least",
        "NULLIF": f"{_DATABRICKS}/nullif",
        "SUBSTRING": f"{_DATABRICKS}/substring",
        "MAX": f"{_DATABRICKS}/max",
        "MIN": f"{_DATABRICKS}/min",
    },
    "snowflake": {
        "CASE": f"{_SNOWFLAKE}/case",
        "CAST": f"{_SNOWFLAKE}/cast",
        "EXP": f"{_SNOWFLAKE}/exp",
        "LN": f"{_SNOWFLAKE}/ln",
        "SQRT": f"{_SNOWFLAKE}/sqrt",
        "LEAST": f"{_SNOWFLAKE}/least",
        "NULLIF": f"{_SNOWFLAKE}/nullif",
        "SUBSTRING": f"{_SNOWFLAKE}/substr",
        "MAX": f"{_SNOWFLAKE}/max",
        "MIN": f"{_SNOWFLAKE}/min",
    },
    "bigquery": {
        "CASE": f"{_BIGQUERY}/conditional_expressions#case",
        "CAST": f"{_BIGQUERY}/conversion_functions#cast",
        "EXP": f"{_BIGQUERY}/mathematical_functions#exp",
        "LN": f"{_BIGQUERY}/mathematical_functions#ln",
        "SQRT": f"{_BIGQUERY}/mathematical_functions#sqrt",
        "LEAST": f"{_BIGQUERY}/mathematical_functions#least",
        "NULLIF": f"{_BIGQUERY}/conditional_expressions#nullif",
        "SUBSTRING": f"{_BIGQUERY}/string_functions#substring",
        "MAX": f"{_BIGQUERY}/aggregate_functions#max",
        "MIN": f"{_BIGQUERY}/aggregate_functions#min",
    },
    "redshift": {
        "CASE": f"{_REDSHIFT}/r_CASE_function.html",
        "CAST": f"{_REDSHIFT}/r_CAST_function.html",
        "EXP": f"{_REDSHIFT}/r_EXP.html",
        "LN": f"{_REDSHIFT}/r_LN.html",
        "SQRT": f"{_REDSHIFT}/r_SQRT.html",
        "LEAST": f"{_REDSHIFT}/r_GREATEST_LEAST.html",
        "NULLIF": f"{_REDSHIFT}/r_NULLIF_function.html",
        "SUBSTRING": f"{_REDSHIFT}/r_SUBSTRING.html",
        "MAX": f"{_REDSHIFT}/r_MAX.html",
        "MIN": f"{_REDSHIFT}/r_MIN.html",
    },
    "trino": {
        "CASE": f"{_TRINO}/conditional.html#case",
        "CAST": f"{_TRINO}/conversion.html#cast",
        "EXP": f"{_TRINO}/math.html#exp",
        "LN": f"{_TRINO}/math.html#ln",
        "SQRT": f"{_TRINO}/math.html#sqrt",
        "LEAST": f"{_TRINO}/comparison.html#least",
        "NULLIF": f"{_TRINO}/conditional.html#nullif",
        "SUBSTRING": f"{_TRINO}/string.html#substring",
        "MAX": f"{_TRINO}/aggregate.html#max",
        "MIN": f"{_TRINO}/aggregate.html#min",
    },
}


def functions_of(tree: exp.Expression) -> set[str]:
    """The names of all functions that a tree calls."""
    calls = (node for node in tree.find_all(exp.Func) if not isinstance(node, exp.Connector | exp.If))
    return {(node.name if isinstance(node, exp.Anonymous) else node.sql_name()).upper() for node in calls}
