"""`GET /report` shows what the run of the version in service holds, and the cards have its figures."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from segment_model.model import SegmentModel
from serving.contracts.responses import SegmentsResponse
from serving.gateway.gateway import Gateway
from serving.model.finished_pages import INSIGHTS, REPORT, FinishedPages
from serving.model.live_model import LiveModel
from serving.model.served_model import ServedModel
from serving.model.stored_copies import StoredCopies, read_stored, write_stored
from serving.settings import ServiceSettings

PAGE = "<!doctype html><title>Grüße</title>".encode()
INSIGHT = {
    "money": [{"title": "MRR", "unit": "USD a month", "amount": 1250.5, "share": 0.4}],
    "churn_rate": 0.021,
    "trend": [{"month": "2017-11", "customers": 40}, {"month": "2017-12", "customers": 42, "short_history": True}],
    "examples": [{"customer": "C1", "why": "typical", "values": [{"title": "recency", "value": "5 days"}]}],
}


def insights(**segments: Any) -> bytes:
    return json.dumps({"format": 1, "segments": segments}).encode()


def gateway_with(model: SegmentModel, files: dict[str, bytes]) -> Gateway:
    live = LiveModel(lambda: ServedModel(model, "tiny", "7", "tests", pages=FinishedPages.of(files)))
    live.load()
    return Gateway(live, ServiceSettings())


def test_the_page_is_sent_as_it_is_stored(make_caller: Any, kmeans: SegmentModel) -> None:
    reply = make_caller(gateway_with(kmeans, {REPORT: PAGE}))("GET", "/report")
    assert (reply.status, reply.body) == (200, PAGE)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "script" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_figures_of_runs_that_call_a_short_history_hollow_are_read() -> None:
    before = {"trend": [{"month": "2017-12", "customers": 42, "hollow": True}]}
    ((own, insight),) = FinishedPages.of({INSIGHTS: insights(s000=before)}).insights.items()
    assert (own, insight.trend[0].short_history) == ("s000", True)
    assert "hollow" not in insight.model_dump_json()


def test_without_a_page_the_error_says_of_which_version(make_caller: Any, kmeans: SegmentModel) -> None:
    call = make_caller(gateway_with(kmeans, {}))
    reply = call("GET", "/report")
    assert (reply.status, reply.error["code"]) == (404, "no_report")
    assert reply.error["message"] == "no report is stored with version 7 (tests)"
    listed = SegmentsResponse.model_validate(call("GET", "/segments").json)
    assert not listed.has_report
    assert {segment.insight for segment in listed.segments} == {None}


def test_a_card_has_the_figures_of_its_segment(make_caller: Any, kmeans: SegmentModel) -> None:
    own = kmeans.ids[1]
    call = make_caller(gateway_with(kmeans, {REPORT: PAGE, INSIGHTS: insights(**{own: INSIGHT, "seg-gone": INSIGHT})}))
    listed = SegmentsResponse.model_validate(call("GET", "/segments").json)
    assert listed.has_report
    shown = {segment.id: segment.insight for segment in listed.segments}
    assert shown[own] is not None
    assert shown[own].money[0].amount == 1250.5
    assert [point.customers for point in shown[own].trend] == [40, 42]
    assert shown[own].examples[0].customer == "C1"
    assert [segment for segment, insight in shown.items() if insight is None] == [kmeans.ids[0], kmeans.ids[2]]


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"\xff", b"{" * 10_000, insights(a={"churn_rate": "high"}), b'{"format": 2, "segments": {}}'],
)
def test_figures_that_cannot_be_read_are_left_out_and_the_log_says_so(
    content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="bentoml.segments"):
        pages = FinishedPages.of({REPORT: PAGE, INSIGHTS: content})
    assert (pages.report, pages.insights) == (PAGE, {})
    assert "insights.json cannot be read" in caplog.text


def test_the_page_is_kept_beside_the_copy_on_disk(kmeans: SegmentModel, tmp_path: Path) -> None:
    pages = FinishedPages.of({REPORT: PAGE, INSIGHTS: insights(s000=INSIGHT)})
    write_stored(tmp_path / "packed", kmeans, "tiny", "7", pages)
    assert read_stored(tmp_path / "packed", "tests").pages == pages
    copies = StoredCopies(tmp_path / "copies")
    without = ServedModel(kmeans, "tiny", "7", "tests")
    copies.store(without)
    first = copies.last("copy")
    assert first is not None
    assert first.pages == FinishedPages()
    copies.store(ServedModel(kmeans, "tiny", "7", "tests", pages=pages))
    later = copies.last("copy")
    assert later is not None
    assert later.pages == pages
