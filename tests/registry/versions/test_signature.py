from __future__ import annotations

import json

from registry.versions.signature import signature_of
from segment_model.contract import Column, Kind, Role, VectorContract

CONTRACT = VectorContract(
    (
        Column("spend", Kind.NUMBER, unit="USD"),
        Column("seats", Kind.COUNT, nullable=True),
        Column("active", Kind.FLAG),
        Column("plan", Kind.CATEGORY, nullable=True),
        Column("country", Kind.CATEGORY, Role.DESCRIPTOR),
        Column("employees", Kind.COUNT, Role.DESCRIPTOR),
    )
)


def test_numbers_are_doubles_and_categories_strings() -> None:
    signature = signature_of(CONTRACT)
    inputs = json.loads(signature.to_dict()["inputs"])
    assert [(column["name"], column["type"], column["required"]) for column in inputs] == [
        ("spend", "double", True),
        ("seats", "double", False),
        ("active", "double", True),
        ("plan", "string", False),
        ("country", "string", False),
        ("employees", "double", False),
    ]
    outputs = [column["name"] for column in json.loads(signature.to_dict()["outputs"])]
    assert outputs[:7] == [
        "segment_id", "segment_name", "strength", "runner_up_id", "unassigned", "novel", "model_version",
    ]  # fmt: skip
    assert outputs[7:] == [
        "base", "score", "contribution__spend", "contribution__seats", "contribution__active", "contribution__plan",
    ]  # fmt: skip
    assert json.loads(signature.to_dict()["params"])[0]["default"] is False
