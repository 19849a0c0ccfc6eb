"""The page of metrics: right numbers, whole over all workers, never going back, and bounded whatever is asked."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from features.learned import LearnedFeatures
from segment_model.contract import Kind, VectorContract
from segment_model.model import SegmentModel
from serving.metrics.metrics import SECONDS, Counted, Metrics
from serving.metrics.service_metrics import ServiceMetrics
from serving.metrics.worker_metrics import WorkerMetrics
from serving.model.served_model import ServedModel

AS_OF = date(2026, 7, 1)
INDUSTRIES = ("retail", "software", "finance")
Found = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(body: bytes) -> Found:
    """The page as a Prometheus client library reads it."""
    families = text_string_to_metric_families(body.decode())
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}


def value(page: Found, name: str, **labels: str) -> float:
    return page.get((name, tuple(sorted(labels.items()))), 0.0)


def test_numbers_come_back_as_they_went_in() -> None:
    metrics = Metrics()
    asked = metrics.counter("asked", "Asked.", ("route",))
    asked.add("/a")
    asked.add("/a", by=2)
    asked.add('/"\n\\')
    metrics.gauge("share", "A share.").set(0.25)
    plain = metrics.counter("plain", "Without labels.")
    page = read(metrics.page().body)
    assert value(page, "asked_total", route="/a") == 3
    assert value(page, "asked_total", route='/"\n\\') == 1
    assert value(page, "share") == 0.25
    assert ("plain_total", ()) in page, "a counter begins at 0, so that its first step is seen"
    plain.add()
    assert value(read(metrics.page().body), "plain_total") == 1


def test_a_histogram_counts_cumulatively_with_each_bound_in_its_bucket() -> None:
    metrics = Metrics()
    seconds = metrics.histogram("seconds", "How long.", ("route",))
    durations = [0.0, 0.001, 0.0011, 0.3, 30.0, 31.0]
    for duration in durations:
        seconds.observe(duration, "/a")
    page = read(metrics.page().body)
    for bound in SECONDS:
        assert value(page, "seconds_bucket", route="/a", le=str(bound)) == sum(
            duration <= bound for duration in durations
        )
    assert value(page, "seconds_bucket", route="/a", le="+Inf") == len(durations)
    assert value(page, "seconds_count", route="/a") == len(durations)
    assert value(page, "seconds_sum", route="/a") == pytest.approx(sum(durations))


def test_a_metric_is_made_once() -> None:
    metrics = Metrics()
    metrics.counter("asked", "Asked.")
    with pytest.raises(ValueError, match="asked already"):
        metrics.gauge("asked", "Again.")
    statements = metrics.counter("told", "Told.", ("what",))
    metrics.share(
        "lies", "Lies.", Counted(statements, frozenset({"lie"})), Counted(statements, frozenset({"lie", "truth"}))
    )
    with pytest.raises(ValueError, match="lies already"):
        metrics.counter("lies", "Again.")


def metrics_of_worker(folder: Path, place: int) -> SimpleNamespace:
    metrics = Metrics()
    return SimpleNamespace(
        asked=metrics.counter("asked", "Asked.", ("route",)),
        seconds=metrics.histogram("seconds", "How long."),
        busy=metrics.gauge("busy", "In flight."),
        oldest=metrics.gauge("oldest", "Largest.", largest=True),
        of_all=WorkerMetrics(metrics, folder, place),
    )


def test_a_share_is_of_all_workers_together_and_absent_before_anything_was_counted(tmp_path: Path) -> None:
    """Neither the sum of theirs (0.5 + 0.1) nor the largest."""
    workers = [ServiceMetrics(), ServiceMetrics()]
    workers_metrics = [WorkerMetrics(metrics, tmp_path, place) for place, metrics in enumerate(workers)]
    assert ("segments_unassigned_share", ()) not in read(workers_metrics[0].page().body)
    for metrics, (unassigned, novel, others) in zip(workers, [(1, 0, 1), (1, 3, 9)], strict=True):
        rows = [{"segment_id": None, "unassigned": True, "novel": False}] * unassigned
        rows += [{"segment_id": "s000", "unassigned": False, "novel": number < novel} for number in range(others)]
        metrics.assigned(rows[:1])
        metrics.assigned(rows[1:])
    for worker in workers_metrics:
        page = read(worker.page().body)
    assert value(page, "segments_customers_total") == 12
    assert value(page, "segments_unassigned_share") == 2 / 12
    assert value(page, "segments_novel_share") == 3 / 12


def test_the_page_of_any_worker_is_that_of_all_and_never_goes_back(tmp_path: Path) -> None:
    folder = tmp_path / "not there yet"
    first, second = metrics_of_worker(folder, 1), metrics_of_worker(folder, 2)
    previous = 0.0
    generator = random.Random(1)  # noqa: S311  # a test's draw
    for step in range(200):
        worker = generator.choice([first, second])
        worker.asked.add("/a")
        worker.seconds.observe(0.2)
        worker.busy.set(1)
        worker.oldest.set(step)
        total = value(read(generator.choice([first, second]).of_all.page().body), "asked_total", route="/a")
        assert total >= previous
        previous = total
    for worker in (first, second, first):
        page = read(worker.of_all.page().body)
    assert value(page, "asked_total", route="/a") == 200
    assert value(page, "seconds_count") == 200
    assert (value(page, "busy"), value(page, "oldest")) == (2, 199)


def test_a_worker_that_died_is_counted_but_is_not_busy_any_more(tmp_path: Path) -> None:
    script = (
        "import sys, os, signal\n"
        "from pathlib import Path\n"
        "from serving.metrics.metrics import Metrics\n"
        "from serving.metrics.worker_metrics import WorkerMetrics\n"
        "metrics = Metrics()\n"
        "metrics.counter('asked', 'Asked.', ('route',)).add('/a', by=5)\n"
        "metrics.histogram('seconds', 'How long.').observe(2)\n"
        "metrics.gauge('busy', 'In flight.').set(3)\n"
        "WorkerMetrics(metrics, Path(sys.argv[1]), 2).page()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    first = metrics_of_worker(tmp_path, 1)
    first.asked.add("/a")
    first.busy.set(1)
    page = read(first.of_all.page().body)
    assert (value(page, "asked_total", route="/a"), value(page, "busy")) == (6, 1)
    successor = metrics_of_worker(tmp_path, 2)
    successor.of_all.start()
    successor.asked.add("/a")
    page = read(successor.of_all.page().body)
    successor.of_all.stop()
    assert value(page, "asked_total", route="/a") == 7
    assert value(page, "seconds_sum") == 2
    assert value(page, "busy") == 1, "the dead one's gauge is not taken over"


def test_numbers_that_are_being_written_never_replace_newer_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = metrics_of_worker(tmp_path, 1), metrics_of_worker(tmp_path, 2)
    metrics, taken, snapshot = first.of_all._metrics, threading.Event(), first.of_all._metrics.snapshot

    def slow_once() -> Any:
        numbers = snapshot()
        if not taken.is_set():
            taken.set()
            time.sleep(0.3)
        return numbers

    monkeypatch.setattr(metrics, "snapshot", slow_once)
    writer = threading.Thread(target=first.of_all.page)
    writer.start()
    assert taken.wait(10)
    first.asked.add("/a")
    assert value(read(first.of_all.page().body), "asked_total", route="/a") == 1
    writer.join()
    assert value(read(second.of_all.page().body), "asked_total", route="/a") == 1


@pytest.mark.parametrize("content", ["", "{", "null", '{"process": 1}', '{"process": 1, "metrics": {"asked": [1]}}'])
def test_a_damaged_file_of_another_worker_is_left_out(tmp_path: Path, content: str) -> None:
    (tmp_path / "worker-2.json").write_text(content)
    first, second = metrics_of_worker(tmp_path, 1), metrics_of_worker(tmp_path, 2)
    first.asked.add("/a")
    assert value(read(first.of_all.page().body), "asked_total", route="/a") == 1
    second.of_all.start()
    second.of_all.stop()


def test_a_folder_that_cannot_be_written_costs_the_others_numbers_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    first = metrics_of_worker(tmp_path / "file", 1)
    first.asked.add("/a")
    assert value(read(first.of_all.page().body), "asked_total", route="/a") == 1
    assert "cannot be written" in caplog.text


def of_raw_rows(model: SegmentModel) -> SegmentModel:
    """The same model, as if its features had been made of orders and attributes; recency is whole days then."""
    columns = [
        replace(column, kind=Kind.COUNT) if column.name == "recency_days" else column
        for column in model.contract.columns
    ]
    attributes = {"industry": {"kind": "category"}, "employees": {"kind": "count"}, "region": {"kind": "category"}}
    sources = {"orders": {"file": "orders.csv"}, "customers": {"file": "customers.csv", "attributes": attributes}}
    provenance = {
        "settings": {"sources": sources, "features": {}},
        "learned_features": LearnedFeatures(categories={"industry": (*INDUSTRIES, "fishing"), "region": ()}).to_json(),
        "raw_columns": {"orders": ["customer_id", "ordered_at", "amount"], "customers": ["customer_id", *attributes]},
    }
    return replace(model, contract=VectorContract(tuple(columns)), provenance=provenance)


def in_whole_orders(features: dict[str, Any]) -> dict[str, Any]:
    """The nearest customer whom raw rows can make: at least one order, before the as-of day."""
    return {
        "recency_days": max(1, round(features["recency_days"])),
        "frequency": max(1, int(features["frequency"])),
        "monetary_value": round(features["monetary_value"] or 0.0, 2),
        "industry": features["industry"],
    }


def raw_rows(features: dict[str, Any]) -> dict[str, Any]:
    day = str(AS_OF - timedelta(days=features["recency_days"]))
    amounts = [features["monetary_value"]] + [0] * (features["frequency"] - 1)
    orders = [{"ordered_at": day, "amount": amount} for amount in amounts]
    return {"orders": orders, "attributes": {"industry": features["industry"]}}


ROUTES: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "/assign": ({}, lambda features: {"features": features}, "invalid_features"),
    "/contrast": ({"against": "s001"}, lambda features: {"features": features}, "invalid_features"),
    "/assign_records": (
        {"as_of": str(AS_OF)},
        lambda features: raw_rows(features) if features else {},
        "no_usable_rows",
    ),
}


@pytest.mark.parametrize("route", ROUTES)
def test_what_was_answered_is_counted(make_caller: Any, kmeans: SegmentModel, many_customers: Any, route: str) -> None:
    model = of_raw_rows(kmeans)
    call = make_caller(model)
    customers = [in_whole_orders(features) for features in many_customers]
    truth = model.assign(customers)
    more, customer, refused = ROUTES[route]

    def ask(features: list[dict[str, Any]]) -> Any:
        sent = [{"id": str(place), **customer(row)} for place, row in enumerate(features)]
        return call("POST", route, json.dumps({"customers": sent, **more}).encode())

    assert ask(customers).status == 200
    for row in customers[:50]:
        ask([row])
    assert ask([{}]).error["code"] == refused
    call("GET", "/nope")
    page = read(call("GET", "/metrics").body)
    expected = truth["segment_id"].value_counts() + truth["segment_id"][:50].value_counts().reindex(model.ids).fillna(0)
    for segment in model.ids:
        assert value(page, "segments_assignments_total", segment=segment) == expected[segment]
    novel = int(truth["novel"].sum()) + int(truth["novel"][:50].sum())
    assert novel > 0
    assert value(page, "segments_customers_total") == 550
    assert value(page, "segments_novel_customers_total") == novel
    assert value(page, "segments_novel_share") == novel / 550
    assert value(page, "segments_unassigned_customers_total") == 0
    assert page[("segments_unassigned_share", ())] == 0
    assert value(page, "segments_requests_total", route=route, status="200") == 51
    assert value(page, "segments_requests_total", route=route, status="422") == 1
    assert value(page, "segments_requests_total", route="none", status="404") == 1
    assert value(page, "segments_refused_requests_total", code=refused) == 1
    assert value(page, "segments_request_seconds_count", route=route) == 52
    assert value(page, "segments_model_info", model="tiny", version="7", digest=model.digest) == 1
    assert value(page, "segments_requests_in_flight") == 0


def test_the_unassigned_are_counted(make_caller: Any, hdbscan: SegmentModel, many_customers: Any) -> None:
    call = make_caller(hdbscan)
    truth = hdbscan.assign(many_customers)
    call.assign([{"id": str(i), "features": f} for i, f in enumerate(many_customers)])
    page = read(call("GET", "/metrics").body)
    assert value(page, "segments_unassigned_customers_total") == truth["unassigned"].sum() > 0
    assert value(page, "segments_unassigned_share") == truth["unassigned"].mean()
    assigned = [number for (name, _), number in page.items() if name == "segments_assignments_total"]
    assert sum(assigned) == (~truth["unassigned"]).sum()


def test_ten_thousand_paths_and_methods_make_no_more_series(make_caller: Any, kmeans: SegmentModel) -> None:
    call = make_caller(kmeans)
    generator = random.Random(3)  # noqa: S311  # a test's draw
    for method in ("GET", "POST", "PUT"):
        call(method, "/nope")
        call(method, "/assign", b"{")
    before = len(read(call("GET", "/metrics").body))
    paths = [f"/{generator.getrandbits(64):x}" for _ in range(10_000)]
    statuses = call.all_of([(generator.choice(["GET", "POST", "PUT"]), path) for path in paths])
    assert statuses == {404}
    after = read(call("GET", "/metrics").body)
    assert len(after) - before <= len(SECONDS) + 4, "only what the first /metrics added"
    assert value(after, "segments_requests_total", route="none", status="404") == 10_003


def test_a_hundred_models_leave_the_series_of_the_last(kmeans: SegmentModel) -> None:
    metrics = ServiceMetrics()
    sizes = []
    for number in range(100):
        model: Any = SimpleNamespace(ids=(f"s{number}", f"s{number + 1}"), digest=f"sha256:{number}")
        served = ServedModel(model, "tiny", str(number), "tests")
        rows = [{"segment_id": f"s{number + 1}", "unassigned": False, "novel": False}]
        metrics.assigned(rows)
        metrics.update_gauges(served, 0, False)
        sizes.append(len(read(metrics.page().body)))
    assert sizes[1] == sizes[-1]
    page = read(metrics.page().body)
    assert value(page, "segments_assignments_total", segment="s100") == 1
    assert value(page, "segments_assignments_total", segment="s99") == 1, "an id that lives on keeps its count"
    assert value(page, "segments_assignments_total", segment="s98") == 0


def test_who_is_answered_by_the_old_model_after_a_swap_costs_the_new_one_no_count(kmeans: SegmentModel) -> None:
    """A list that began before the swap may end long after it."""
    metrics = ServiceMetrics()

    def counted(segment: str) -> float:
        metrics.update_gauges(new, 0, False)
        return value(read(metrics.page().body), "segments_assignments_total", segment=segment)

    old = ServedModel(kmeans, "tiny", "1", "tests")
    fresh: Any = SimpleNamespace(ids=(kmeans.ids[0], "fresh"), digest="sha256:2")
    new = ServedModel(fresh, "tiny", "2", "tests")
    late = [{"segment_id": segment_id, "unassigned": False, "novel": False} for segment_id in kmeans.ids]
    early = [{"segment_id": "fresh", "unassigned": False, "novel": False}] * 3
    metrics.assigned(late)
    metrics.update_gauges(old, 0, False)
    for round_ in range(1, 4):
        metrics.assigned(early)
        metrics.assigned(late)
        assert counted("fresh") == 3 * round_
        assert counted(kmeans.ids[0]) == 1 + round_, "an id that both have counts on"
        assert counted(kmeans.ids[1]) == 0, "what the model in service lacks is not on the page"
