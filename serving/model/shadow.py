"""A challenger in the shadow of the champion: its answers are compared with the champion's and never sent.

A request only puts its customers and their answers into a queue. A thread of its own assigns them with the challenger,
many customers at a time, for at most a tenth of the time. The queue holds a bounded number of customers, each of
bounded size; what does not fit is counted and dropped. Segments are compared by their ids, which a retrain passes on to
the segments that continue.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, Protocol

from segment_model.errors import SegmentsError
from serving.model.live_model import LiveModel
from serving.model.registry_follower import FollowedModel, source_of
from serving.model.served_model import ServedModel
from serving.settings import ServiceSettings

logger = logging.getLogger("bentoml.segments")

MOST_WAITING = 4096  # customers
MOST_TEXT = 1000  # characters of one customer's categories, which may be megabytes
AT_ONCE = 256
PAUSE_SECONDS = 0.2
REST = 9.0  # the pause after a batch, in multiples of its working time
Outcome = Literal["same", "different", "failed", "dropped"]


@dataclass(frozen=True, slots=True)
class Answered:
    """One customer and the champion's answer."""

    champion: ServedModel
    features: Mapping[str, Any] | None  # None where they are too long to be queued
    policy: Any
    segment_id: str | None


class ComparisonCounts(Protocol):
    """Counts the outcomes of comparisons, for metrics."""

    def count(self, champion: str, challenger: str, outcomes: Mapping[Outcome, int]) -> None:
        """Add the numbers of customers by outcome, for two versions."""


class Shadow:
    """Compares the answers of a service with those of a challenger.

    `share` of the requests are compared, evenly picked.
    """

    def __init__(self, challenger: LiveModel, metrics: ComparisonCounts, share: float = 1.0) -> None:
        self._challenger = challenger
        self._metrics = metrics
        self._share = share
        self._due = 0.0
        self._waiting: deque[Answered] = deque()
        self._dropped = 0
        self._lock = threading.Lock()  # of the share that is due and of the count of dropped customers
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)

    def start(self) -> None:
        self._challenger.start()
        self._thread.start()

    def stop(self) -> None:
        self._challenger.stop()
        self._stopped.set()

    def offer(
        self, champion: ServedModel, customers: Sequence[Mapping[str, Any]], policy: Any, rows: Sequence[Any]
    ) -> None:
        """Queue the customers of a request and the rows of its answer; costs the request some microseconds.

        The champion's nearest segment is compared, not the one that hysteresis kept: the challenger does not get the
        previous segments, so even the same model would differ.
        """
        challenger = self._challenger.current
        if challenger is None or challenger.model.digest == champion.model.digest:
            return
        with self._lock:
            self._due += self._share
            if self._due < 1:
                return
            self._due -= 1
            if MOST_WAITING - len(self._waiting) < len(rows):
                self._dropped += len(rows)
                return
        texts = [column.name for column in champion.model.contract.columns if column.is_category]
        self._waiting.extend(
            [
                Answered(champion, _bounded(customer, texts), policy, None if row["unassigned"] else row["nearest_id"])
                for customer, row in zip(customers, rows, strict=True)
            ]
        )

    def compare(self) -> int:
        """Compare a batch from the queue with the challenger; the number of customers taken."""
        challenger = self._challenger.current
        batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        if challenger is None:
            return 0
        for (champion, policy), group in groupby(batch, key=lambda answered: (answered.champion, answered.policy)):
            outcomes = _outcomes(challenger, list(group), policy)
            self._metrics.count(champion.version, challenger.version, outcomes)
        if batch and (dropped := self._take_dropped()):
            self._metrics.count(batch[-1].champion.version, challenger.version, {"dropped": dropped})
        return len(batch)

    def _take_dropped(self) -> int:
        """The number of customers dropped since the last call."""
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        return dropped

    def _run(self) -> None:
        while not self._stopped.is_set():
            started = time.perf_counter()
            try:
                asked = self.compare()
            except Exception:
                logger.exception("comparing with the challenger failed; those customers are not counted")
                asked = 0
            worked = time.perf_counter() - started
            self._stopped.wait(REST * worked if asked == AT_ONCE else max(PAUSE_SECONDS, REST * worked))


def _bounded(features: Mapping[str, Any], texts: Sequence[str]) -> Mapping[str, Any] | None:
    """A customer's features; None where their texts are too long to be queued."""
    return features if sum([len(features.get(name) or "") for name in texts]) <= MOST_TEXT else None


def _outcomes(challenger: ServedModel, group: Sequence[Answered], policy: Any) -> dict[Outcome, int]:
    asked = [(dict(answered.features), answered.segment_id) for answered in group if answered.features is not None]
    outcomes: Counter[Outcome] = Counter()
    if len(asked) < len(group):
        outcomes["dropped"] = len(group) - len(asked)
    segments = _segments_by(challenger, [features for features, _ in asked], policy) if asked else []
    for (_, champions), challengers in zip(asked, segments, strict=True):
        outcomes["failed" if challengers is _FAILED else "same" if challengers == champions else "different"] += 1
    return dict(outcomes)


_FAILED = object()


def _segments_by(challenger: ServedModel, customers: list[dict[str, Any]], policy: Any) -> list[Any]:
    """The challenger's segment of each customer; `_FAILED` where it cannot read one, e.g. for lack of a feature."""
    try:
        assignments = challenger.model.assign_records(customers, policy)
    except SegmentsError:
        if len(customers) == 1:
            return [_FAILED]
        return [segment for customer in customers for segment in _segments_by(challenger, [customer], policy)]
    ids = challenger.model.ids
    return [
        None if unassigned else ids[nearest]
        for nearest, unassigned in zip(assignments.nearest.tolist(), assignments.unassigned.tolist(), strict=True)
    ]


def shadow_of(settings: ServiceSettings, alias: str, counts: ComparisonCounts) -> Shadow:
    """The comparison with the challenger of this alias, which is followed like a champion, but with any contract."""
    challenger = FollowedModel(
        source_of(settings, alias),
        poll_seconds=settings.poll_seconds,
        retry_seconds=settings.retry_seconds,
        load_seconds=settings.load_seconds,
        any_contract=True,
    )
    return Shadow(challenger, counts, settings.shadow_share)
