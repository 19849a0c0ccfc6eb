"""`/assign_records` whose raw rows take too long: its caller gets 504, and its work in the engine stops."""

from __future__ import annotations

import json
from typing import Any

import pytest

from features.request.compiled import EngineTimeoutError, VectorCompiler
from segment_model.model import SegmentModel
from serving.settings import ServiceSettings

CUSTOMERS, ORDERS = 900, 18  # what the engine needs some tenths of a second for, on any machine


def test_after_504_neither_the_engine_nor_the_model_works_on(
    make_caller: Any, raw_model: SegmentModel, raw_rows: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    make, assign = VectorCompiler.vectors, SegmentModel.assign_records

    def made(*arguments: Any) -> Any:
        try:
            vectors = make(*arguments)
        except EngineTimeoutError:
            ended.append("stopped")
            raise
        ended.append("made")
        return vectors

    def assigned(*arguments: Any) -> Any:
        ended.append("assigned")
        return assign(*arguments)

    def order(customer: int, number: int) -> dict[str, Any]:
        return {"ordered_at": f"2026-06-{number + 1:02}", "order_id": f"{customer}-{number}", "amount": 41.5}

    customers = [
        {"id": f"C{i}", **raw_rows, "orders": [order(i, number) for number in range(ORDERS)]} for i in range(CUSTOMERS)
    ]
    body = json.dumps({"as_of": "2026-07-01", "customers": customers}).encode()
    patient = make_caller(raw_model, ServiceSettings(request_seconds=600))
    hasty = make_caller(raw_model, ServiceSettings(request_seconds=0.02))
    monkeypatch.setattr(VectorCompiler, "vectors", made)
    monkeypatch.setattr(SegmentModel, "assign_records", assigned)
    assert patient("POST", "/assign_records", body).status == 200
    assert ended[0] == "made"
    assert "assigned" in ended
    ended.clear()
    reply = hasty("POST", "/assign_records", body)
    assert (reply.status, reply.error["code"]) == (504, "deadline")
    for thread in (hasty.gateway._lists, hasty.gateway._searches):
        thread.shutdown(wait=True)  # returns when the work has ended
    assert ended == ["stopped"]
    assert hasty.gateway._gate.admitted == 0
    assert patient("POST", "/assign_records", body).status == 200, "the engine is whole"
