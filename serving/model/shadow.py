"""A challenger in the shadow of the champion: what it would have answered is counted and never sent.

A request leaves its customers and their answers in a queue and is done with it. A thread of its own asks the
challenger, many customers at a time, for a tenth of its time at most. The queue holds so many customers, each of
bounded size; what it cannot hold is counted and dropped. Segments are compared by their ids, which a retrain passes on
to the segments that continue.
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
REST = 9.0  # times as long as it worked
Outcome = Literal["same", "different", "failed", "dropped"]


@dataclass(frozen=True, slots=True)
class Answered:
    """One customer and what the champion said."""

    champion: ServedModel
    features: Mapping[str, Any] | None  # None where they were too large to wait
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
        """Leave the customers of a request and the rows of its answer; costs the request some microseconds.

        Compared is where the champion itself sees a customer, not where hysteresis kept them: the challenger is not
        told of a previous segment, and the same model would differ.
        """
        challenger = self._challenger.current
        if challenger is None or challenger.model.digest == champion.model.digest:
            return
        self._due += self._share
        if self._due < 1:
            return
        self._due -= 1
        room = MOST_WAITING - len(self._waiting)
        if room < len(rows):
            self._dropped += len(rows)
            return
        texts = [column.name for column in champion.model.contract.columns if column.is_category]
        self._waiting.extend(
            [
                Answered(champion, _small(one, texts), policy, None if row["unassigned"] else row["nearest_id"])
                for one, row in zip(customers, rows, strict=True)
            ]
        )

    def compare(self) -> int:
        """Ask the challenger about some of those who wait; how many."""
        challenger = self._challenger.current
        some = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        if challenger is None:
            return 0
        for (champion, policy), group in groupby(some, key=lambda one: (one.champion, one.policy)):
            outcomes = _outcomes(challenger, list(group), policy)
            self._metrics.count(champion.version, challenger.version, outcomes)
        if self._dropped and some:
            dropped, self._dropped = self._dropped, 0
            self._metrics.count(some[-1].champion.version, challenger.version, {"dropped": dropped})
        return len(some)

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


def _small(features: Mapping[str, Any], texts: Sequence[str]) -> Mapping[str, Any] | None:
    """A customer's features, or None where their texts would fill the memory in a queue."""
    return features if sum([len(features.get(name) or "") for name in texts]) <= MOST_TEXT else None


def _outcomes(challenger: ServedModel, group: Sequence[Answered], policy: Any) -> dict[Outcome, int]:
    asked = [(dict(one.features), one.segment_id) for one in group if one.features is not None]
    found: Counter[Outcome] = Counter()
    if len(asked) < len(group):
        found["dropped"] = len(group) - len(asked)
    answers = _said(challenger, [features for features, _ in asked], policy) if asked else []
    for (_, segment_id), said in zip(asked, answers, strict=True):
        found["failed" if said is _NOTHING else "same" if said == segment_id else "different"] += 1
    return dict(found)


_NOTHING = object()


def _said(challenger: ServedModel, customers: list[dict[str, Any]], policy: Any) -> list[Any]:
    """The segment of each by the challenger; nothing where it cannot read a customer, for lack of a feature, say."""
    try:
        found = challenger.model.assign_records(customers, policy)
    except SegmentsError:
        if len(customers) == 1:
            return [_NOTHING]
        return [said for one in customers for said in _said(challenger, [one], policy)]
    ids = challenger.model.ids
    return [
        None if unassigned else ids[nearest]
        for nearest, unassigned in zip(found.nearest.tolist(), found.unassigned.tolist(), strict=True)
    ]


def shadow_of(settings: ServiceSettings, alias: str, counts: ComparisonCounts) -> Shadow:
    """The challenger of this alias, followed as a champion is, but with any contract."""
    challenger = FollowedModel(
        source_of(settings, alias),
        poll_seconds=settings.poll_seconds,
        retry_seconds=settings.retry_seconds,
        load_seconds=settings.load_seconds,
        any_contract=True,
    )
    return Shadow(challenger, counts, settings.shadow_share)
