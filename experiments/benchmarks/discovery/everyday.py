"""Everyday customers, mostly a continuum: how finely they are segmented, whether the names are true, who is moved.

After each discovery its model serves. The next discovery sees the same customers in another order, and the one after
that a customer more: nobody else may get another segment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from experiments.benchmarks.discovery.finding import REFUSED, TINY, in_processes
from experiments.benchmarks.discovery.name_truth import SpokenWord, spoken_words
from experiments.everyday_tables import EVERYDAY_TABLES, EverydayTable, companies
from segment_model.errors import DiscoveryError, SegmentsError
from segment_model.model import SegmentModel
from training.continuum.ladder import Rung
from training.discovery.discovery import Discovery, discover
from training.succession.comparison import compare
from training.succession.succession import succeed

SEED = 2026
NEWCOMER = "one more"
FEW_SHOPPERS = 300  # of the one table that a tiny run looks at


@dataclass(frozen=True)
class EverydayFinding:
    """The discovery on an everyday table, and how many customers each further one gives another segment.

    segments : 0 where it is refused. recovered : the least Jaccard similarity of a segment under resampling.
    finest_steady : the most segments of a division whose every segment is found again; 0 where no ladder is climbed.
    ladder : the other divisions in words. words, true_words, telling_names : of the names of segments. shuffled,
    one_more : customers reassigned.
    """

    table: str
    customers: int
    verdict: str
    segments: int
    chosen: str
    recovered: float = 0.0
    finest_steady: int = 0
    ladder: str = ""
    names: tuple[str, ...] = ()
    words: int = 0
    true_words: int = 0
    telling_names: int = 0
    shuffled: int = 0
    one_more: int = 0

    @property
    def line(self) -> str:
        """The finding in a line of the printed table."""
        true = f"{self.true_words} of {self.words}"
        numbers = f"{self.customers:9,} {self.segments:8} {self.recovered:9.2f} {self.shuffled:9} {self.one_more:9}"
        ladder = f"; {self.ladder}" if self.ladder else ""
        return f"{self.table:20} {numbers} {true:>9} {self.telling_names:7}  {self.verdict}, {self.chosen}{ladder}"


def everyday_figures(size: int) -> dict[str, object]:
    """The figures of the ten tables; fewer than `TINY` generated sets of a kind are for tests: a few shoppers alone."""
    numbers = f"{'customers':>9} {'segments':>8} {'recovered':>9} {'shuffled':>9} {'one more':>9}"
    print(f"\n{'everyday table':20} {numbers} {'true':>9} {'telling':>7}  verdict, chosen; ladder", flush=True)
    rows, missing = [], []
    names = list(EVERYDAY_TABLES)
    findings: Iterable[EverydayFinding | None] = in_processes(find, names)
    if size < TINY:
        names, shop = ["pareto_nbd_shoppers"], companies.pareto_nbd_shoppers(FEW_SHOPPERS)
        findings = [finding_of(shop.vectors_on(shop.as_of))]
    for name, finding in zip(names, findings, strict=True):
        if finding is None:
            missing.append(name)
            continue
        print(finding.line, flush=True)
        rows.append(finding)
    return {
        "segments_on_continuum": {row.table: asdict(row) for row in rows},
        "names_true": share(sum(row.true_words for row in rows), sum(row.words for row in rows)),
        "names_telling": share(sum(row.telling_names for row in rows), sum(row.segments for row in rows)),
        "fixed_point_reassigned": max((max(row.shuffled, row.one_more) for row in rows), default=None),
        "missing_tables": missing,
    }


def share(part: int, whole: int) -> float | None:
    """A share; None of nothing."""
    return part / whole if whole else None


def find(name: str) -> EverydayFinding | None:
    """The finding on the table of a name; None where its data is not on this machine."""
    table = EVERYDAY_TABLES[name]()
    return None if table is None else finding_of(table)


def finding_of(table: EverydayTable) -> EverydayFinding:
    """Discover, and again with the customers in another order, and again with a customer more like one of them."""
    frame = table.frame
    try:
        first = discover(frame, table.contract, table.settings, {})
    except DiscoveryError as error:
        return EverydayFinding(table.name, len(frame), REFUSED, 0, str(error))
    another_order = frame.sample(frac=1, random_state=SEED)
    newcomer = frame.sample(1, random_state=SEED).set_axis(pd.Index([NEWCOMER], dtype="str", name=frame.index.name))
    second, shuffled = promoted_after(first.model, another_order, table)
    _, one_more = promoted_after(second, pd.concat([frame, newcomer]), table)
    spoken = words_of_names(first)
    return EverydayFinding(
        table=table.name,
        customers=len(frame),
        verdict=str(first.verdict.kind),
        segments=len(first.model.ids),
        chosen=first.chosen.spec.name,
        recovered=min(first.verdict.evidence["recovered"]),
        finest_steady=max((rung.segments for rung in rungs_of(first) if rung.steady), default=0),
        ladder=first.other_divisions,
        names=tuple(card.name for card in first.model.cards),
        words=len(spoken),
        true_words=sum(word.is_true for word in spoken),
        telling_names=len({word.segment for word in spoken if word.tells}),
        shuffled=shuffled,
        one_more=one_more,
    )


def words_of_names(discovery: Discovery) -> list[SpokenWord]:
    """The words of the names of segments, with their truth; a word that nobody can read is true of nobody."""
    names = [card.name for card in discovery.model.cards]
    try:
        return spoken_words(discovery.frame, discovery.contract, discovery.labels, names)
    except SegmentsError as error:
        return [SpokenWord(position, name, str(error), 0.0, 0.0) for position, name in enumerate(names)]


def rungs_of(discovery: Discovery) -> tuple[Rung, ...]:
    """The divisions that were compared; none where a gap parts the segments."""
    return () if discovery.ladder is None else discovery.ladder.rungs


def promoted_after(serving: SegmentModel, frame: pd.DataFrame, table: EverydayTable) -> tuple[SegmentModel, int]:
    """The model of a retrain, which continues the serving model's segments, and how many of the table it reassigns.

    Where the retrain is refused, the serving model and everybody.
    """
    try:
        discovery = discover(frame, table.contract, table.settings, {}, incumbent=serving)
    except DiscoveryError:
        return serving, len(table.frame)
    model, _ = succeed(discovery.model, serving, frame)
    return model, int(np.sum(compare(serving, model, table.frame).reassigned))
