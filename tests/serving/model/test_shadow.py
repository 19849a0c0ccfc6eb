"""A challenger's answers are counted and affect no request."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from segment_model.contract import VectorContract
from segment_model.model import SegmentModel
from serving.assignment.answer import assign_customers
from serving.endpoints.customers.assign import read_assign
from serving.metrics.metrics import Metrics
from serving.metrics.shadow_metrics import ShadowMetrics
from serving.metrics.worker_metrics import WorkerMetrics
from serving.model import shadow as room
from serving.model.live_model import LiveModel
from serving.model.served_model import ServedModel
from serving.model.shadow import MOST_TEXT, Shadow
from serving.wire.messages import Answer


def served(model: SegmentModel, version: str) -> ServedModel:
    return ServedModel(replace(model, provenance={"version": version}), "tiny", version, "tests")


def shadow_of(model: SegmentModel, metrics: Metrics, share: float = 1.0) -> Shadow:
    challenger = LiveModel(lambda: served(model, "2"))
    challenger.load()
    return Shadow(challenger, ShadowMetrics(metrics), share)


def offer(shadow: Shadow, champion: ServedModel, customers: list[dict[str, Any]]) -> list[str | None]:
    features = [{"id": f"C{i}", "features": customer} for i, customer in enumerate(customers)]
    rows = assign_customers(champion, read_assign({"customers": features}))["assignments"]
    shadow.offer(champion, customers, "unassigned", rows)
    return [row["segment_id"] for row in rows]


def counts(metrics: Metrics) -> dict[tuple[str, ...], float]:
    return {labels: cell[0] for labels, cell in metrics.snapshot()["segments_shadowed_customers"]}


def shares(page: Answer) -> dict[tuple[str, ...], float]:
    """The shares on the page of metrics, by champion and challenger."""
    families = {family.name: family for family in text_string_to_metric_families(page.body.decode())}
    samples = families["segments_shadow_different_share"].samples
    return {(sample.labels["champion"], sample.labels["challenger"]): sample.value for sample in samples}


def test_the_share_assigned_to_other_segments_is_counted(
    kmeans: SegmentModel, hdbscan: SegmentModel, many_customers: list[dict[str, Any]]
) -> None:
    metrics, champion = Metrics(), served(kmeans, "1")
    shadow = shadow_of(hdbscan, metrics)
    champions = offer(shadow, champion, many_customers)
    other = hdbscan.assign(many_customers)["segment_id"]
    different = sum(a != (None if b != b else b) for a, b in zip(champions, other, strict=True))
    while shadow.compare():
        pass
    assert 0 < different < len(many_customers)
    assert counts(metrics) == {
        ("1", "2", "same"): len(many_customers) - different,
        ("1", "2", "different"): different,
    }
    assert shares(metrics.page()) == {("1", "2"): pytest.approx(different / len(many_customers))}


def test_the_share_is_that_of_all_workers_together(tmp_path: Path) -> None:
    """One worker compared one customer, with a difference, the other one 999, without any."""
    few, many = Metrics(), Metrics()
    pages = [WorkerMetrics(metrics, tmp_path, place) for place, metrics in enumerate((few, many), start=1)]
    ShadowMetrics(few).count("1", "2", {"different": 1, "failed": 7, "dropped": 50})
    ShadowMetrics(many).count("1", "2", {"same": 999})
    for page in (*pages, *pages):
        shown = shares(page.page())
    assert shown == {("1", "2"): pytest.approx(0.001)}


def test_a_replacement_worker_resumes_its_predecessors_counters(tmp_path: Path) -> None:
    dead = Metrics()
    ShadowMetrics(dead).count("1", "2", {"same": 90, "different": 10})
    WorkerMetrics(dead, tmp_path, 1).page()  # writes its file
    metrics = Metrics()
    shadow, heir = ShadowMetrics(metrics), WorkerMetrics(metrics, tmp_path, 1)
    heir.start()
    try:
        shadow.count("1", "2", {"same": 100})
        assert counts(metrics) == {("1", "2", "same"): 190, ("1", "2", "different"): 10}
        assert shares(heir.page()) == {("1", "2"): pytest.approx(0.05)}
        shadow.count("3", "2", {"same": 1})  # another pair begins anew, here as elsewhere
        assert counts(metrics) == {("3", "2", "same"): 1}
    finally:
        heir.stop()


def test_there_is_no_share_before_the_first_comparison() -> None:
    metrics = Metrics()
    shadow = ShadowMetrics(metrics)
    assert shares(metrics.page()) == {}
    shadow.count("1", "2", {"failed": 3, "dropped": 5})
    assert shares(metrics.page()) == {}
    shadow.count("1", "2", {"same": 3})
    assert shares(metrics.page()) == {("1", "2"): 0.0}


def test_hysteresis_is_not_counted_as_a_difference(
    hdbscan: SegmentModel, kmeans: SegmentModel, many_customers: list[dict[str, Any]]
) -> None:
    """The same model under another version never differs, although hysteresis changes some answers."""
    for model in (kmeans, hdbscan):
        metrics, champion = Metrics(), served(model, "1")
        shadow = shadow_of(model, metrics)
        runner_ups = model.assign(many_customers)["runner_up_id"]
        asked = [
            {"id": f"C{i}", "features": customer, "previous_segment_id": previous}
            for i, (customer, previous) in enumerate(zip(many_customers, runner_ups, strict=True))
        ]
        rows = assign_customers(champion, read_assign({"customers": asked}))["assignments"]
        assert any(row["kept_by_hysteresis"] for row in rows)
        shadow.offer(champion, many_customers, "unassigned", rows)
        while shadow.compare():
            pass
        assert counts(metrics) == {("1", "2", "same"): len(many_customers)}


def test_another_pair_of_versions_starts_at_zero(
    kmeans: SegmentModel, hdbscan: SegmentModel, good: dict[str, Any]
) -> None:
    metrics = Metrics()
    shadow = shadow_of(hdbscan, metrics)
    for version in ("1", "3"):
        offer(shadow, served(kmeans, version), [good])  # both wait together
    shadow.compare()
    assert {labels[:2] for labels in counts(metrics)} == {("3", "2")}


def test_a_share_of_the_requests_is_sampled_evenly(
    kmeans: SegmentModel, hdbscan: SegmentModel, good: dict[str, Any]
) -> None:
    metrics, champion = Metrics(), served(kmeans, "1")
    shadow = shadow_of(hdbscan, metrics, share=0.1)
    for _ in range(100):
        offer(shadow, champion, [good])
    shadow.compare()
    assert sum(counts(metrics).values()) in (9, 10)


class SlowRows(list[Any]):
    """Rows that take long to count, so that another thread counts its own in the meantime."""

    def __len__(self) -> int:
        time.sleep(0.02)
        return super().__len__()


def test_customers_that_several_threads_drop_at_once_are_all_counted(
    kmeans: SegmentModel, hdbscan: SegmentModel, good: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics, champion = Metrics(), served(kmeans, "1")
    shadow = shadow_of(hdbscan, metrics)
    offer(shadow, champion, [good])
    with monkeypatch.context() as patched, ThreadPoolExecutor(4) as pool:
        patched.setattr(room, "MOST_WAITING", 1)
        dropped = [pool.submit(shadow.offer, champion, [good] * 3, "unassigned", SlowRows([None] * 3)) for _ in "1234"]
        assert [call.result() for call in dropped] == [None] * 4
    assert shadow.compare() == 1
    assert counts(metrics)["1", "2", "dropped"] == 12


def test_customers_that_do_not_fit_the_queue_are_dropped_and_counted(
    kmeans: SegmentModel, hdbscan: SegmentModel, many_customers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_WAITING", 600)
    metrics, champion = Metrics(), served(kmeans, "1")
    shadow = shadow_of(hdbscan, metrics)
    for _ in range(3):
        offer(shadow, champion, many_customers)
    while shadow.compare():
        pass
    outcomes = counts(metrics)
    assert outcomes["1", "2", "dropped"] == 1000
    assert outcomes["1", "2", "same"] + outcomes["1", "2", "different"] == 500


def test_customers_with_long_texts_are_not_queued_but_counted(
    kmeans: SegmentModel, hdbscan: SegmentModel, good: dict[str, Any]
) -> None:
    """A queue full of customers of a megabyte each would fill the memory."""
    metrics, champion = Metrics(), served(kmeans, "1")
    shadow = shadow_of(hdbscan, metrics)
    longest = {**good, "industry": "é" * MOST_TEXT}
    longer = {**good, "industry": "é" * (MOST_TEXT + 1)}
    offer(shadow, champion, [longer])
    shadow.compare()
    assert counts(metrics) == {("1", "2", "dropped"): 1}, "though nobody else came"
    offer(shadow, champion, [longer, good, longest, {**good, "region": longer["industry"]}])
    held = [answered.features for answered in shadow._waiting]
    assert held == [None, good, longest, None], "what is too long is not held"
    shadow.compare()
    outcomes = counts(metrics)
    assert outcomes.pop(("1", "2", "dropped")) == 3
    assert sum(outcomes.values()) == 2, "those beside them are compared"


def test_a_customer_that_the_challenger_cannot_read_fails_alone(
    kmeans: SegmentModel, hdbscan: SegmentModel, good: dict[str, Any]
) -> None:
    """One customer that it cannot read does not affect the others of the batch."""
    strict = VectorContract(
        tuple(
            replace(column, nullable=False) if column.name == "monetary_value" else column
            for column in hdbscan.contract.columns
        )
    )
    metrics, champion = Metrics(), served(kmeans, "1")
    shadow = shadow_of(replace(hdbscan, contract=strict), metrics)
    offer(shadow, champion, [good, {**good, "monetary_value": None}, good])
    shadow.compare()
    assert counts(metrics)["1", "2", "failed"] == 1
    assert sum(counts(metrics).values()) == 3


def test_nothing_is_compared_without_a_challenger_or_with_the_champion_itself(
    kmeans: SegmentModel, good: dict[str, Any]
) -> None:
    metrics = Metrics()
    champion = served(kmeans, "2")
    same = shadow_of(kmeans, metrics)
    nobody = Shadow(LiveModel(lambda: champion), ShadowMetrics(Metrics()))
    for shadow in (same, nobody):
        offer(shadow, champion, [good])
        assert shadow.compare() == 0
    assert counts(metrics) == {}


def test_the_thread_compares_and_survives_an_error(
    kmeans: SegmentModel, hdbscan: SegmentModel, good: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics, champion = Metrics(), served(kmeans, "1")
    shadow = shadow_of(hdbscan, metrics)
    real, calls = room._outcomes, [0]

    def outcomes(*arguments: Any) -> Any:
        calls[0] += 1
        if calls[0] == 1:
            raise ZeroDivisionError
        return real(*arguments)

    monkeypatch.setattr(room, "_outcomes", outcomes)
    monkeypatch.setattr(room, "PAUSE_SECONDS", 0.001)
    offer(shadow, champion, [good])
    shadow.start()
    try:
        end = time.monotonic() + 20
        while calls[0] < 1:
            assert time.monotonic() < end
            time.sleep(0.005)
        offer(shadow, champion, [good])
        while not counts(metrics):
            assert time.monotonic() < end
            time.sleep(0.005)
    finally:
        shadow.stop()
    assert sum(counts(metrics).values()) == 1
