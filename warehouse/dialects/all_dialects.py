"""The dialects by name; a dialect that no test runs is called "written, not run" wherever it is mentioned."""

from __future__ import annotations

from warehouse.dialects.dialect import LOWER_CASE, ONE_CASE, Dialect
from warehouse.dialects.functions import FUNCTIONS
from warehouse.dialects.reserved_words import RESERVED_IN_SNOWFLAKE

DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("duckdb", "DuckDB", is_run=True, longest_name=10_000, functions=FUNCTIONS["duckdb"]),
        Dialect(
            "postgres",
            "PostgreSQL",
            is_run=True,
            fence="OFFSET 0",
            plain=LOWER_CASE,
            longest_name=63,
            most_columns=1_664,  # https://www.postgresql.org/docs/current/limits.html
            ignores_case=False,
            collation="C",
            functions=FUNCTIONS["postgres"],
        ),
        Dialect("spark", "Spark", is_run=True, functions=FUNCTIONS["spark"], longest_name=10_000),
        Dialect("databricks", "Databricks", functions=FUNCTIONS["databricks"], longest_name=255),
        Dialect(
            "snowflake",
            "Snowflake",
            plain=ONE_CASE,
            reserved=RESERVED_IN_SNOWFLAKE,
            infinity="inf",
            casts_numbers=True,
            longest_name=255,
            ignores_case=False,
            raises_case=True,
            functions=FUNCTIONS["snowflake"],
        ),
        Dialect(
            "bigquery",
            "BigQuery",
            longest_name=300,
            # https://docs.cloud.google.com/bigquery/docs/schemas#flexible-column-names
            forbidden='!"$()*,./;?@[\\]^`{}~',
            functions=FUNCTIONS["bigquery"],
        ),
        Dialect(
            "redshift",
            "Redshift",
            fence="OFFSET 0",
            plain=LOWER_CASE,
            casts_numbers=True,
            truth_is_text=False,
            longest_name=127,
            end_of_text=".",  # https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html
            functions=FUNCTIONS["redshift"],
        ),
        Dialect("trino", "Trino", longest_name=10_000, functions=FUNCTIONS["trino"]),
    )
}
