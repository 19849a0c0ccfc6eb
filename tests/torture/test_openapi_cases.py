"""schemathesis over the OpenAPI document, all its checks: requests that follow the document, and that do not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from experiments.load.callers import Connection, all_at_once, run
from features.request.compiled import VectorCompiler
from features.tables.raw_tables import RawColumn
from segments import Column, Kind
from serving.model.served_model import ServedModel

# A document knows no model: which features there are, which segments, and that ids differ. So what follows it may still
# be 422; the document below, sharpened by the model in service, has no such way out.
MAY_BE_422 = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "422", "409", "404"] # 404: it has no report and no file of assignments
"""
# Of raw rows the sharpened document allows less than the service does: only the published one is to be broken there.
STRICT = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx"]

[[operations]]
include-name = "POST /assign_records"
checks.negative_data_rejection.expected-statuses = ["2xx", "4xx"]
"""


def test_the_published_document_holds(service: Any, amount: Any, tmp_path: Path, record_property: Any) -> None:
    cases = cases_of(service, published(service), MAY_BE_422, amount(12, 1500), tmp_path)
    record_property("cases", cases)
    assert cases >= amount(200, 5000)


def test_what_follows_the_model_too_is_accepted(
    service: Any, served: Any, crowd: Any, amount: Any, tmp_path: Path, record_property: Any
) -> None:
    document = sharpened(published(service), served, crowd.raw[:4])
    cases = cases_of(service, document, STRICT, amount(10, 500), tmp_path)
    record_property("cases of the document sharpened by the model", cases)
    assert cases >= amount(20, 400)


def published(service: Any) -> dict[str, Any]:
    async def ask(connection: Connection, _: int) -> Any:
        return (await connection.ask(service.request("GET", "/openapi.json"))).json

    (document,) = run(all_at_once(service.url, 1, ask))
    return dict(document)


def sharpened(document: dict[str, Any], model: Any, known: list[dict[str, Any]]) -> dict[str, Any]:
    """The document for one model: its features and raw columns by name and kind, its segments, one customer a
    request. `known` are customers by their rows."""
    schemas = document["components"]["schemas"]
    compiler = ServedModel(model, "sharpened", "1", "tests").compiler
    features = {column.name: schema_of(column) for column in model.contract.basis}
    for name in ("AssignedCustomer", "Customer"):
        schemas[name]["properties"]["features"] = {
            "type": "object",
            "properties": features,
            "required": list(features),
            "additionalProperties": False,
        }
    for name in ("AssignRequest", "ContrastRequest", "RecordsRequest", "MapRequest"):
        schemas[name]["properties"]["customers"]["maxItems"] = 1
    for name in ("AssignRequest", "RecordsRequest"):  # this model has no named conditions
        schemas[name]["properties"]["conditions"] = {"type": "array", "maxItems": 0}
    schemas["ContrastRequest"]["properties"]["against"] = {"enum": list(model.ids)}
    change = schemas["ChangeRequest"]["properties"]
    change["to"] = {"enum": list(model.ids)}
    change["changeable"]["items"] = {"enum": list(features)}
    schemas["RecordsRequest"]["properties"]["as_of"] = {"enum": ["2026-07-01", "2026-07-01T09:30:00"]}
    schemas["RawCustomer"] = raw_customer(schemas["RawCustomer"], compiler, known)
    asked = ("/assign", "/contrast", "/what_would_change", "/assign_records", "/locate", "/map", "/segments", "/model")
    document["paths"] = {path: document["paths"][path] for path in asked}
    return document


def raw_customer(schema: dict[str, Any], compiler: VectorCompiler, known: list[dict[str, Any]]) -> dict[str, Any]:
    """A customer's rows, under the names that the model was made from.

    Orders and attributes may be any; events and subscriptions are those of a known customer, since of few of them the
    features of their times and limits would not come to a number.
    """
    orders, attributes = compiler.columns("orders"), compiler.columns("customers")
    assert orders is not None, "the company has all tables"
    assert attributes is not None
    cases = {
        "id": schema["properties"]["id"],
        "orders": {"type": "array", "minItems": 1, "maxItems": 5, "items": row_of(orders, needed=("amount",))},
        "events": {"enum": [customer["events"] for customer in known]},
        "subscriptions": {"enum": [customer["subscriptions"] for customer in known]},
        "attributes": row_of(attributes),
    }
    required = ["id", "orders", "events", "subscriptions"]
    return {"type": "object", "properties": cases, "required": required, "additionalProperties": False}


def row_of(columns: tuple[RawColumn, ...], needed: tuple[str, ...] = ()) -> dict[str, Any]:
    row = {column.name: VALUES[column.type] for column in columns}
    required = [column.name for column in columns if column.needed or column.name in needed]
    return {"type": "object", "properties": row, "required": required, "additionalProperties": False}


# Moments are past ones, all on one clock: who has no row before `as_of` is no customer, and clocks may not differ.
VALUES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "whole numbers or text": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    "number": {"type": "number", "minimum": 0, "maximum": 1e9},
    "yes or no": {"type": "boolean"},
    "timestamp": {"enum": ["2026-06-30", "2026-06-29T23:59:59.999999", "2025-01-01 00:00", "1971-02-03T04:05"]},
}


def schema_of(column: Column) -> dict[str, Any]:
    """What a value of a feature must be; no number is too large."""
    bounds = {Kind.COUNT: {"minimum": 0}, Kind.SHARE: {"minimum": 0, "maximum": 1}, Kind.FLAG: {"enum": [0, 1]}}
    kind = "string" if column.is_category else "number"
    return {"type": [kind, "null"] if column.nullable else kind, **bounds.get(column.kind, {})}


def cases_of(service: Any, document: dict[str, Any], settings: str, most: int, folder: Path) -> int:
    """How many cases were sent, when none of them failed."""
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "schemathesis.toml").write_text(settings, encoding="utf-8")
    program = Path(sys.executable).with_name("schemathesis")
    command = [str(program), "--config-file", "schemathesis.toml", "run", "openapi.json", "--url", service.url]
    command += ["--header", f"Authorization: Bearer {service.key}", "--checks", "all", "--seed", "1"]
    command += ["--max-examples", str(most), "--no-shrink", "--generation-database", "none", "--warnings", "off"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    summary = done.stdout[-3000:]
    assert done.returncode == 0, summary
    match = re.search(r"(\d+) generated", summary)
    assert match is not None, summary
    return int(match.group(1))
