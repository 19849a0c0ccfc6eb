"""Everyday customers, mostly a continuum: how finely they are segmented, and whether a second discovery moves anybody.

After each discovery its model serves. The next discovery sees the same customers in another order, and the one after
that a customer more: nobody else may get another segment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from experiments.benchmarks.discovery.finding import REFUSED, TINY, in_processes
from experiments.everyday_tables import EVERYDAY_TABLES, EverydayTable, companies
from segment_model.errors import DiscoveryError
from segment_model.model import SegmentModel
from training.discovery.discovery import Discovery, discover
from training.succession.comparison import compare
from training.succession.succession import succeed

SEED = 2026
NEWCOMER = "one more"
FEW_SHOPPERS = 1000  # of the one table that a tiny run looks at


@dataclass(frozen=True)
class EverydayFinding:
    """The discovery on an everyday table, and how many customers each further one gives another segment.

    segments : 0 where it is refused. recovered : the least Jaccard similarity of a segment under resampling. ladder :
    the sentence on coarser and finer divisions. shuffled, one_more : customers reassigned.
    """

    table: str
    customers: int
    verdict: str
    segments: int
    chosen: str
    recovered: float
    ladder: str
    shuffled: int
    one_more: int

    @property
    def line(self) -> str:
        """The finding in a line of the printed table."""
        return (
            f"{self.table:20} {self.customers:9,} {self.segments:8} {self.recovered:9.2f} {self.shuffled:9} "
            f"{self.one_more:9}  {self.verdict}, {self.chosen}{f'; {self.ladder}' if self.ladder else ''}"
        )


def everyday_figures(size: int) -> dict[str, object]:
    """The figures of the ten tables; fewer than `TINY` generated sets of a kind are for tests: a few shoppers alone."""
    header = f"{'everyday table':20} {'customers':>9} {'segments':>8} {'recovered':>9} {'shuffled':>9} {'one more':>9}"
    print(f"\n{header}  verdict, chosen; ladder", flush=True)
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
        "fixed_point_reassigned": max((max(row.shuffled, row.one_more) for row in rows), default=None),
        "missing_tables": missing,
    }


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
        return EverydayFinding(table.name, len(frame), REFUSED, 0, str(error), 0.0, "", 0, 0)
    another_order = frame.sample(frac=1, random_state=SEED)
    newcomer = frame.sample(1, random_state=SEED).set_axis(pd.Index([NEWCOMER], dtype="str", name=frame.index.name))
    second, shuffled = promoted_after(first.model, another_order, table)
    _, one_more = promoted_after(second, pd.concat([frame, newcomer]), table)
    return EverydayFinding(
        table.name,
        len(frame),
        str(first.verdict.kind),
        len(first.model.ids),
        first.chosen.spec.name,
        min(first.verdict.evidence["recovered"]),
        ladder_of(first),
        shuffled,
        one_more,
    )


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


def ladder_of(discovery: Discovery) -> str:
    """The sentence on coarser and finer divisions; empty where a gap parts the segments."""
    ladder = getattr(discovery, "ladder", None)
    return "" if ladder is None else str(ladder.sentence)
