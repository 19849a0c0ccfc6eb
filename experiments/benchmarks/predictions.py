"""What do segments predict? The next 90 days' spend, or churn, out of sample, against usual ways of segmenting.

Every way sees the customers as they stood before those days. The means of nine tenths of the customers, segment by
segment, predict the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.model_selection import KFold

from experiments.benchmarks.discovery.finding import nearest_segments
from experiments.everyday_tables import EverydayTable, companies, extracts
from experiments.everyday_tables.companies import Company
from segment_model.errors import DiscoveryError
from training.discovery.discovery import discover

DAYS = 90
FOLDS = 10
TIERS = 5
SCORES = ("r_score", "f_score", "m_score")
SMALL = 1000  # fewer simulated customers are for tests: that company alone

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Prediction:
    """How well the segments of a way predict an outcome: the share of its variance, at most 1, out of sample.

    of_logarithm : the same of log(1 + outcome), on which a few large customers weigh less.
    """

    table: str
    outcome: str
    way: str
    segments: int
    explained: float
    of_logarithm: float

    @property
    def line(self) -> str:
        return f"{self.table:18} {self.way:20} {self.segments:8} {self.explained:9.3f} {self.of_logarithm:12.3f}"


def run(size: int) -> dict[str, object]:
    """Predict for a simulated company of `size` customers, and from `SMALL` on for the tables on this machine."""
    rows: list[Prediction] = []
    missing: list[str] = []
    print(f"{'table':18} {'segments by':20} {'segments':>8} {'R2':>9} {'R2 of log':>12}")
    for name, table, outcome, values in outcomes(size, missing):
        for row in predictions(name, table, outcome, values):
            print(row.line, flush=True)
            rows.append(row)
    return {"benchmark": "predictions", "rows": [asdict(row) for row in rows], "missing": missing}


def outcomes(size: int, missing: list[str]) -> Iterator[tuple[str, EverydayTable, str, Floats]]:
    """Each table with the outcome of its customers; names of tables that are not here are added to `missing`."""
    named: dict[str, Callable[[], Company | None]] = {"simulated_company": partial(companies.simulated_company, size)}
    if size >= SMALL:
        named["online_retail"] = companies.online_retail
        named["complete_journey"] = companies.complete_journey
        named["cdnow"] = companies.cdnow
    for name, read in named.items():
        company = read()
        if company is None:
            missing.append(name)
            continue
        day = company.as_of - timedelta(days=DAYS)
        table = company.vectors_on(day)
        spend = company.paid_after(day, DAYS, table.frame.index)
        yield name, table, f"spend of the next {DAYS} days", spend.to_numpy(dtype=np.float64)
    if size >= SMALL:
        if (telco := extracts.telco()) is None:
            missing.append("telco")
        else:
            yield "telco", telco, "churn", telco.frame["Churn"].to_numpy(dtype=np.float64)


def predictions(name: str, table: EverydayTable, outcome: str, values: Floats) -> Iterator[Prediction]:
    """A row for each way of segmenting the table."""
    for way, labels in segmentations(table).items():
        explained, of_logarithm = (out_of_sample(labels, each) for each in (values, np.log1p(values)))
        yield Prediction(name, outcome, way, len(np.unique(labels)), explained, of_logarithm)


def segmentations(table: EverydayTable) -> Mapping[str, Indices]:
    """Segments (n,) by the name of the way; RFM where the vectors have scores, the others unless discovery refuses."""
    made: dict[str, Indices] = {}
    if set(SCORES) <= set(table.frame):
        scores = table.frame[list(SCORES)].fillna(0)
        made["RFM cells"] = scores.groupby(list(SCORES)).ngroup().to_numpy().astype(np.intp)
        tiers = pd.qcut(scores.sum(axis=1), TIERS, labels=False, duplicates="drop")
        made["fifths of RFM sum"] = tiers.to_numpy().astype(np.intp)
    try:
        discovery = discover(table.frame, table.contract, table.settings, {})
    except DiscoveryError:
        return made
    for count in (2, TIERS):
        labels = KMeans(count, n_init=10, random_state=0).fit_predict(discovery.points)
        made[f"KMeans, {count} segments"] = labels.astype(np.intp)
    return made | {"ours": nearest_segments(discovery)}


def out_of_sample(labels: Indices, values: Floats) -> float:
    """1 - the squared error of the means of segments over that of the mean of all, both learned without the customer.

    A segment without any other customer predicts the mean of all.
    """
    errors, baseline = 0.0, 0.0
    for learned, judged in KFold(FOLDS, shuffle=True, random_state=0).split(values):
        overall = values[learned].mean()
        counts = np.bincount(labels[learned], minlength=labels.max() + 1)
        sums = np.bincount(labels[learned], weights=values[learned], minlength=labels.max() + 1)
        means = np.divide(sums, counts, out=np.full(len(counts), overall), where=counts > 0)
        errors += float(((values[judged] - means[labels[judged]]) ** 2).sum())
        baseline += float(((values[judged] - overall) ** 2).sum())
    return 1 - errors / baseline
