"""schemathesis over the OpenAPI document, all its checks: requests that follow the document, and that do not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from experiments.callers import Connection, all_at_once, run
from segments import Column, Kind

# A document knows no model: which features there are, which segments, and that ids differ. So what follows it may still
# be 422; the document below, sharpened by the model in service, has no such way out.
MAY_BE_422 = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "422", "409"]
"""
STRICT = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx"]
"""


def test_the_published_document_holds(service: Any, amount: Any, tmp_path: Path, record_property: Any) -> None:
    cases = cases_of(service, published(service), MAY_BE_422, amount(12, 1500), tmp_path)
    record_property("cases", cases)
    assert cases >= amount(200, 5000)


def test_what_follows_the_model_too_is_accepted(
    service: Any, kmeans_model: Any, amount: Any, tmp_path: Path, record_property: Any
) -> None:
    document = sharpened(published(service), kmeans_model)
    cases = cases_of(service, document, STRICT, amount(20, 500), tmp_path)
    record_property("cases of the document sharpened by the model", cases)
    assert cases >= amount(20, 400)


def published(service: Any) -> dict[str, Any]:
    async def ask(connection: Connection, _: int) -> Any:
        return (await connection.ask(service.request("GET", "/openapi.json"))).json

    (found,) = run(all_at_once(service.url, 1, ask))
    return dict(found)


def sharpened(document: dict[str, Any], model: Any) -> dict[str, Any]:
    """The document for one model: its features by name and kind, its segments, one customer a request."""
    schemas = document["components"]["schemas"]
    features = {column.name: schema_of(column) for column in model.contract.basis}
    for name in ("AssignedCustomer", "Customer"):
        schemas[name]["properties"]["features"] = {
            "type": "object",
            "properties": features,
            "required": list(features),
            "additionalProperties": False,
        }
    for name in ("AssignRequest", "ContrastRequest"):
        schemas[name]["properties"]["customers"]["maxItems"] = 1
    schemas["ContrastRequest"]["properties"]["against"] = {"enum": list(model.ids)}
    document["paths"] = {path: document["paths"][path] for path in ("/assign", "/contrast")}
    return document


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
    found = re.search(r"(\d+) generated", summary)
    assert found is not None, summary
    return int(found.group(1))
