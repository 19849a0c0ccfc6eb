"""The raw tables as dbt's sources: whatever their names, dbt reads the name that the settings have."""

from __future__ import annotations

import jinja2
import pytest
import yaml

from segments import VectorContract
from warehouse.dbt import as_template, from_sources, schema_file

QUOTED = "'{{ x }} {% y %} {# z #}'"


@pytest.mark.parametrize(
    ("schema", "name", "in_sql", "source"),
    [
        ("", "orders", "orders", "raw"),
        ("shop", "orders", "shop.orders", "shop"),
        ("Bob's Shop", 'Orders "2024"', '"Bob\'s Shop"."Orders ""2024"""', "Bob's Shop"),
        ("main.sales", "orders", "main.sales.orders", "main_sales"),
    ],
)
def test_a_raw_table_becomes_a_source(schema: str, name: str, in_sql: str, source: str) -> None:
    read: list[tuple[str, str]] = []

    def take(schema: str, name: str) -> str:
        read.append((schema, name))
        return "one_table"

    sql = f"SELECT t.a, {QUOTED} AS b FROM {in_sql} AS t JOIN {in_sql} AS u ON t.a = u.a"  # noqa: S608
    rendered = jinja2.Template(from_sources(sql, {"orders": (schema, name)}, "duckdb")).render(source=take)
    assert read == [(source, name)] * 2
    assert rendered.split() == sql.replace(in_sql, "one_table").split()
    listed = yaml.safe_load(schema_file(VectorContract(()), ["seg-1"], {"orders": (schema, name)}, True))["sources"]
    assert [(known["name"], [table["name"] for table in known["tables"]]) for known in listed] == [(source, [name])]
    place = ".".join(listed[0][part] for part in ("database", "schema") if part in listed[0])
    assert place == (schema or "{{ target.schema }}")


@pytest.mark.parametrize("text", ["{{{ x }}", "{%- raw %}", "{# a #}", "{ {", "a\r\nb\rc\nd", "\\r", "}} %}"])
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    """Jinja makes one end of line of each kind, which would be another level of a category."""
    assert jinja2.Environment(autoescape=False).from_string(as_template(f"'{text}' AS a")).render() == f"'{text}' AS a"  # noqa: S701
