"""`POST /find_customer` answers for one customer of the file that the settings name, and lists none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from segment_model.model import SegmentModel
from serving.contracts.responses import FoundCustomer, SegmentsResponse
from serving.settings import ServiceSettings

ROWS = pd.DataFrame(
    {
        "customer_id": ["C1", "Grüße' OR 1=1 --", "007", "C4"],
        "segment_id": ["s001", "s000", None, "seg-of-another-model"],
        "strength": [0.75, 0.5, 0.0, 1.0],
        "model_version": ["3", "3", "3", "2"],
    }
)


@pytest.fixture(params=[".parquet", ".csv"])
def call(request: pytest.FixtureRequest, make_caller: Any, kmeans: SegmentModel, tmp_path: Path) -> Any:
    file = tmp_path / f"assigned{request.param}"
    ROWS.to_parquet(file) if request.param == ".parquet" else ROWS.to_csv(file, index=False)
    return make_caller(kmeans, ServiceSettings(assignments=file))


def find(call: Any, customer: Any) -> Any:
    return call("POST", "/find_customer", json.dumps({"id": customer}).encode())


def test_a_customer_is_found_by_id(call: Any, kmeans: SegmentModel) -> None:
    customer = FoundCustomer.model_validate(find(call, "C1").json)
    assert (customer.segment_id, customer.segment_name) == ("s001", kmeans.names[1])
    assert (customer.strength, customer.assigned_by, customer.model_version) == (0.75, "3", "7")


def test_an_id_is_text_and_no_query(call: Any) -> None:
    assert find(call, "Grüße' OR 1=1 --").json["segment_id"] == "s000"
    assert find(call, "' OR 1=1 --").error["code"] == "unknown_customer"
    assert find(call, "7").error["code"] == "unknown_customer"


def test_the_unassigned_and_segments_of_another_model_have_no_name(call: Any) -> None:
    unassigned, other = find(call, "007").json, find(call, "C4").json
    assert (unassigned["segment_id"], unassigned["segment_name"]) == (None, None)
    assert (other["segment_id"], other["segment_name"]) == ("seg-of-another-model", None)


def test_an_unknown_customer_is_refused_without_naming_another(call: Any) -> None:
    reply = find(call, "C2")
    assert (reply.status, reply.error["code"]) == (404, "unknown_customer")
    assert not [customer for customer in ROWS["customer_id"] if customer in reply.body.decode()]


@pytest.mark.parametrize("customer", ["", "x" * 257, 7, None])
def test_what_is_no_id_is_refused(call: Any, customer: Any) -> None:
    assert find(call, customer).status == 422


def test_without_a_file_the_error_says_what_to_set(make_caller: Any, kmeans: SegmentModel) -> None:
    call = make_caller(kmeans)
    reply = find(call, "C1")
    assert (reply.status, reply.error["code"]) == (404, "no_assignments")
    assert "SEGMENTS_ASSIGNMENTS" in reply.error["message"]
    assert not SegmentsResponse.model_validate(call("GET", "/segments").json).finds_customers


@pytest.mark.parametrize("name", ["gone.parquet", "broken.parquet", "other.csv", "assigned.xlsx"])
def test_a_file_that_cannot_be_read_is_said_in_the_log_alone(
    make_caller: Any, kmeans: SegmentModel, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / name
    if name != "gone.parquet":
        file.write_text("id,segment\nC1,s001\n")
    call = make_caller(kmeans, ServiceSettings(assignments=file))
    reply = find(call, "C1")
    assert (reply.status, reply.error["code"]) == (404, "no_assignments")
    assert str(tmp_path) not in reply.body.decode()
    assert name in caplog.text
    assert SegmentsResponse.model_validate(call("GET", "/segments").json).finds_customers
