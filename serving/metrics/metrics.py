"""Counters, gauges and histograms of one process, and the page of metrics of all processes.

A number is an entry of a dict; the page adds up the numbers of all workers (`serving.metrics.worker_metrics`), and
prometheus_client writes it. Its own multi-process values cost too much processor time and cannot forget a label value
(docs/decisions/0021-libraries-of-the-service.md).
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from serving.wire.messages import Answer

Kind = Literal["counter", "gauge", "histogram"]
Labels = tuple[str, ...]
Snapshot = dict[str, list[tuple[Labels, list[float]]]]  # family -> label values and numbers

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(slots=True)
class Family:
    """One metric: for each combination of label values a list of numbers (one; for a histogram a count for each bucket,
    and the sum). Any thread may add."""

    name: str
    kind: Kind
    help: str
    labels: Labels
    values: dict[Labels, list[float]]
    lock: threading.Lock
    largest: bool = False  # the page shows the largest of the workers' gauges, not their sum

    def forget(self, keep: Callable[[Labels], bool] = lambda _: False) -> None:
        """Drop the label values that are not to be kept, so that the page shows none that no longer exists."""
        with self.lock:
            for labels in [labels for labels in self.values if not keep(labels)]:
                del self.values[labels]


class Counter(Family):
    """Only grows."""

    def add(self, *labels: str, by: float = 1) -> None:
        with self.lock:
            cell = self.values.get(labels)
            if cell is None:
                cell = self.values[labels] = [0]
            cell[0] += by


class Gauge(Family):
    """Goes up and down."""

    def set(self, value: float, *labels: str) -> None:
        with self.lock:
            self.values[labels] = [value]


class Histogram(Family):
    """How often a number of seconds was at most each of `SECONDS`."""

    def observe(self, seconds: float, *labels: str) -> None:
        with self.lock:
            cell = self.values.get(labels)
            if cell is None:
                cell = self.values[labels] = [0] * (len(SECONDS) + 2)
            cell[bisect_left(SECONDS, seconds)] += 1
            cell[-1] += seconds


@dataclass(frozen=True, slots=True)
class Counted:
    """The numbers of a counter; with `under`, only those whose last label is in it, summed by the other labels."""

    counter: Counter
    under: frozenset[str] | None = None

    @property
    def labels(self) -> Labels:
        return self.counter.labels if self.under is None else self.counter.labels[:-1]

    def numbers(self, counters: Mapping[str, Mapping[Labels, list[float]]]) -> dict[Labels, float]:
        """The numbers by the values of `labels`; counters : all counters by name."""
        totals: dict[Labels, float] = {}
        for values, (number,) in counters[self.counter.name].items():
            if self.under is None or values[-1] in self.under:
                kept = values[: len(self.labels)]
                totals[kept] = totals.get(kept, 0.0) + number
        return totals


@dataclass(frozen=True, slots=True)
class Share:
    """A gauge that no process sets: how much of `whole` is `part`, which have the same labels.

    It is computed from the totals of all processes: neither the sum nor the largest of their shares is the share.
    """

    name: str
    help: str
    part: Counted
    whole: Counted

    def metric(self, counters: Mapping[str, Mapping[Labels, list[float]]]) -> Metric:
        """The share for each combination of labels with a count above 0."""
        metric = GaugeMetricFamily(self.name, self.help, labels=self.whole.labels)
        parts = self.part.numbers(counters)
        for labels, whole in self.whole.numbers(counters).items():
            if whole:
                metric.add_metric(labels, parts.get(labels, 0.0) / whole)
        return metric


AnyFamily = TypeVar("AnyFamily", bound=Family)


class Metrics:
    """All metrics of one process. A second metric of the same name is a ValueError."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}
        self._shares: dict[str, Share] = {}

    def counter(self, name: str, help: str, labels: Labels = ()) -> Counter:
        """A counter, on the page as `<name>_total`; one without labels begins at 0."""
        return self._register(Counter(name, "counter", help, labels, {} if labels else {(): [0]}, threading.Lock()))

    def gauge(self, name: str, help: str, labels: Labels = (), largest: bool = False) -> Gauge:
        """A gauge; the page shows the sum of the workers', or the `largest`."""
        return self._register(Gauge(name, "gauge", help, labels, {}, threading.Lock(), largest))

    def histogram(self, name: str, help: str, labels: Labels = ()) -> Histogram:
        return self._register(Histogram(name, "histogram", help, labels, {}, threading.Lock()))

    def share(self, name: str, help: str, part: Counted, whole: Counted) -> None:
        """A gauge on the page: how much of `whole` is `part`.

        Register the part before the whole and increment the whole first, so that no page shows a share above 1: a
        snapshot reads the numbers in the order of registration.
        """
        self._refuse_twice(name)
        self._shares[name] = Share(name, help, part, whole)

    def declared(self) -> Iterator[tuple[str, Labels, str]]:
        """Name on the page, labels and help text of every metric, in the order of declaration."""
        for family in self._families.values():
            yield family.name + ("_total" if family.kind == "counter" else ""), family.labels, family.help
        for share in self._shares.values():
            yield share.name, share.whole.labels, share.help

    def _register(self, family: AnyFamily) -> AnyFamily:
        self._refuse_twice(family.name)
        self._families[family.name] = family
        return family

    def _refuse_twice(self, name: str) -> None:
        if name in self._families or name in self._shares:
            raise ValueError(f"there is a metric {name} already")

    def snapshot(self) -> Snapshot:
        """All numbers of this process at this moment."""
        snapshot: Snapshot = {}
        for family in self._families.values():
            with family.lock:
                snapshot[family.name] = [(labels, list(cell)) for labels, cell in family.values.items()]
        return snapshot

    def resume(self, snapshot: Snapshot) -> None:
        """Continue the counters and histograms of a process that has ended."""
        for name, cells in self.without_gauges(snapshot).items():
            family = self._families[name]
            with family.lock:
                family.values.update({labels: list(cell) for labels, cell in cells})

    def without_gauges(self, snapshot: Snapshot) -> Snapshot:
        """What remains of a process that has ended: its counters and histograms."""
        return {
            name: cells
            for name, cells in snapshot.items()
            if name in self._families and self._families[name].kind != "gauge"
        }

    def page(self, snapshots: Sequence[Snapshot] | None = None) -> Answer:
        """The totals of several processes in the text format of Prometheus; None: of this process now."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collected(list(self._totals([self.snapshot()] if snapshots is None else snapshots))))
        return Answer(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    def _totals(self, snapshots: Sequence[Snapshot]) -> Iterator[Metric]:
        merged = {name: _merged(family, snapshots) for name, family in self._families.items()}
        for name, family in self._families.items():
            yield _metric(family, merged[name])
        for share in self._shares.values():
            yield share.metric(merged)


@dataclass(frozen=True, eq=False)
class _Collected:
    """Metrics in the form that a registry of prometheus_client collects."""

    metrics: list[Metric]

    def collect(self) -> list[Metric]:
        return self.metrics


def _merged(family: Family, snapshots: Sequence[Snapshot]) -> Mapping[Labels, list[float]]:
    merged: dict[Labels, list[float]] = {}
    for snapshot in snapshots:
        for labels, cell in snapshot.get(family.name, []):
            before = merged.get(labels)
            if before is None:
                merged[labels] = list(cell)
            elif family.largest:
                merged[labels] = [max(before[0], cell[0])]
            else:
                merged[labels] = [a + b for a, b in zip(before, cell, strict=True)]
    return merged


def _metric(family: Family, values: Mapping[Labels, list[float]]) -> Metric:
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
        for labels, (*counts, total) in values.items():
            histogram.add_metric(labels, list(_cumulated(counts)), total)
        return histogram
    metric_class: Any = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric: Metric = metric_class(family.name, family.help, labels=family.labels)
    for labels, (value,) in values.items():
        metric.add_metric(labels, value)  # type: ignore[attr-defined]
    return metric


def _cumulated(counts: list[float]) -> Iterator[tuple[str, float]]:
    total = 0.0
    for bound, count in zip((*map(str, SECONDS), "+Inf"), counts, strict=True):
        total += count
        yield bound, total
