"""Discovery with default settings on labelled sets, beside other rules, usual methods and an oracle.

A set is scored by the best adjusted Rand index over its reference partitions; rows labelled as noise are dropped. Every
customer counts in the nearest segment; of methods that leave some unassigned, these also count as a group of their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from experiments.benchmarks.discovery.baselines import baselines, joined_to_nearest
from experiments.benchmarks.discovery.finding import nearest_segments
from experiments.generated_tables.planted_groups import CustomerTable, customer_table
from segment_model.contract import Column, Kind
from segment_model.errors import DiscoveryError
from training.discovery.candidate_trial import Candidate
from training.discovery.discovery import Discovery, discover
from training.discovery.trained_contract import trained_contract
from training.encoding import EncodedCustomers, fit_encoding
from training.evaluation.quality import Judgement
from training.evaluation.selection import EMPTINESS_WEIGHT, LEAST_SUPPORT, objections
from training.settings import DiscoverySettings

LABELS = "label"
NOISE = 0
WEIGHTS = (0.0, 1.0, 2.0, 3.0)  # of the emptiness of gaps, among which a rule is chosen
COSTS = (0.5, 1.0, 2.0)  # of a division that no gap confirms, in groups
OURS = (float(EMPTINESS_WEIGHT), 1.0)
Indices = NDArray[np.intp]
Rule = tuple[float, float]


@dataclass(frozen=True)
class SetScores:
    """The adjusted Rand indices on one set.

    ours : of the chosen segments; 0 if discovery refuses. by_rule : of the candidate that each weight and cost would
    choose. oracle : of the best candidate; oracle_before : of the best of KMeans with 2 to 10 segments and HDBSCAN with
    1, 2 and 5 %, the candidates of earlier versions. others : of each baseline.
    """

    name: str
    battery: str
    chosen: str
    ours: float
    oracle: float
    oracle_before: float
    by_rule: Mapping[Rule, float]
    others: Mapping[str, float]
    seconds: float

    @property
    def line(self) -> str:
        """The scores in a row of a table."""
        return f"{self.name:28} {self.ours:6.3f} {self.oracle:6.3f} {self.seconds:7.1f}  {self.chosen}"


def scores_of(path: Path) -> SetScores:
    """Discover on one labelled set, and score all that compares."""
    started = time.perf_counter()
    table, score = read_labelled(path)
    name = f"{path.parent.name}/{path.stem}"
    try:
        discovery = discover(table.frame, table.contract, DiscoverySettings(), {})
    except DiscoveryError as error:
        others = _others(_encoded(table), score)
        return SetScores(
            name, path.parent.name, f"refused: {error}"[:80], 0.0, 0.0, 0.0, dict.fromkeys(_rules(), 0.0), others,
            time.perf_counter() - started,
        )  # fmt: skip
    nearest = nearest_segments(discovery)
    candidates = [(candidate, score(_nearest(candidate, discovery))) for candidate in discovery.candidates]
    return SetScores(
        name,
        path.parent.name,
        f"{discovery.verdict.kind}, {discovery.chosen.spec.name}",
        score(nearest),
        max(each for _, each in candidates),
        max((each for candidate, each in candidates if _is_of_before(candidate, len(nearest))), default=0.0),
        {rule: replayed(candidates, rule, score(nearest)) for rule in _rules()},
        _others(discovery.points, score),
        time.perf_counter() - started,
    )


def read_labelled(path: Path) -> tuple[CustomerTable, Callable[[Indices], float]]:
    """The customers of a labelled set, and the score of segments (n,)."""
    table = pd.read_parquet(path)
    answers = [table[name].to_numpy() for name in table.columns if name.startswith(LABELS)]
    values = table[[name for name in table.columns if not name.startswith(LABELS)]].astype(np.float64)
    columns = tuple(Column(str(name), Kind.NUMBER) for name in values.columns)
    customers = customer_table(path.stem, values, columns, np.zeros(len(values), dtype=np.intp))

    def score(segments: Indices) -> float:
        return max(float(adjusted_rand_score(a[a != NOISE], segments[a != NOISE])) for a in answers)

    return customers, score


def replayed(candidates: Sequence[tuple[Candidate, float]], rule: Rule, without_groups: float) -> float:
    """The score of the candidate that a weight of emptiness and a cost of unconfirmed divisions would choose.

    without_groups : the score where by this rule no candidate shows groups.
    """
    weight, cost = rule
    best, chosen = 0.0, without_groups
    for candidate, score in candidates:
        judged = candidate.judgement
        if judged is None or objections(judged, DiscoverySettings(force=True)):
            continue
        support = judged.groups - cost * (judged.segments - judged.groups)
        evidence = support * judged.emptiness**weight * (1 - judged.unassigned_share)
        if support >= LEAST_SUPPORT and evidence > best:
            best, chosen = evidence, score
    return chosen


def _rules() -> list[Rule]:
    return [(weight, cost) for weight in WEIGHTS for cost in COSTS]


def _nearest(candidate: Candidate, discovery: Discovery) -> Indices:
    """The nearest segment of each customer; all in one for a candidate without segments."""
    if candidate.fit is None:
        return np.zeros(len(discovery.points), dtype=np.intp)
    return candidate.fit.assigner.nearest(np.ascontiguousarray(discovery.points.T)).segment


def _is_of_before(candidate: Candidate, customers: int) -> bool:
    judged: Judgement | None = candidate.judgement
    size = candidate.spec.parameters.get("min_cluster_size")
    if size is not None:
        return bool(size >= max(10, round(0.01 * min(customers, 10_000))))
    return judged is not None and judged.segments <= 10


def _others(points: NDArray[np.float64], score: Callable[[Indices], float]) -> dict[str, float]:
    scores = {}
    for name, labels in baselines(points).items():
        scores[name] = score(joined_to_nearest(points, labels))
        if np.any(labels < 0):
            scores[f"{name}, unassigned as one group"] = score(labels)
    return scores


def _encoded(table: CustomerTable) -> NDArray[np.float64]:
    settings = DiscoverySettings()
    contract = trained_contract(table.frame, table.contract, settings)
    encoder = fit_encoding(table.frame, contract, settings.encoding, {}).encoder
    return EncodedCustomers.encode(table.frame, contract, encoder).points
