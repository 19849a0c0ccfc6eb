"""The metrics of a run: few, under names that are the same in every run, so that runs can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.history import EVERYONE, NOT_ASSIGNABLE, UNASSIGNED
from analytics.record import AnalystRecord
from segment_model.model import SegmentModel
from training.discovery.discovery import Discovery
from training.discovery.of_everyone import OfEveryone

Metrics = dict[str, float | None]
SCORES = ("silhouette", "stability", "gap_share", "unassigned_share")
TOTALS = {"mrr": "mrr_total", "revenue": "revenue_total"}  # figure of the record: metric
BY_SEGMENT = ("churn_rate",)
SEGMENT = "segment"  # a grouping of a record


def discovery_metrics(discovery: Discovery) -> Metrics:
    """Customers, segments, the scores of the chosen candidate, how surely its weakest segment recurs, the sizes."""
    judgement = discovery.judgement
    return {
        "customers": float(discovery.profile.customers),
        "segments": float(len(discovery.model.cards)),
        **{name: float(getattr(judgement, name)) for name in SCORES},
        "recovered_least": float(min(discovery.verdict.evidence["recovered"])),
        **{f"size/{card.id}": float(card.size) for card in discovery.model.cards},
        **({} if discovery.of_all is None else _refinement_metrics(discovery.of_all)),
    }


def _refinement_metrics(of_all: OfEveryone) -> Metrics:
    """How many customers the discovery learned from, and how far their centroids moved among all."""
    return {
        "sample_customers": float(of_all.sample),
        "refinement_steps": float(of_all.refinement.steps),
        "refinement_moved": float(of_all.moved),
    }


def succession_metrics(model: SegmentModel) -> Metrics:
    """How many customers and segments a retrain keeps; nothing for a first model.

    Customers whom the champion cannot read are neither kept nor moved.
    """
    lineage: Mapping[str, Any] | None = model.provenance.get("lineage")
    if lineage is None:
        return {}
    inherited = [any(tie["id"] == segment["id"] for tie in segment["ties"]) for segment in lineage["segments"]]
    customers = (
        {}
        if lineage["objection"]
        else {
            "kept_customers": float(lineage["readable"] - lineage["reassigned"]),
            "moved_customers": float(lineage["reassigned"]),
        }
    )
    return {
        **customers,
        "new_segments": float(inherited.count(False)),
        "ended_segments": float(len(lineage["gone"])),
    }


def record_metrics(record: AnalystRecord) -> Metrics:
    """The total of the money at the last month end, and of each segment the churn rate and the latest rates of goals;
    a missing figure is None."""
    figures = record.figures
    totals = figures[(figures["grouping"] == EVERYONE) & figures["figure"].isin(TOTALS)]
    rates = figures[(figures["grouping"] == SEGMENT) & figures["figure"].isin(BY_SEGMENT)]
    rates = rates[~rates["group"].isin([UNASSIGNED, NOT_ASSIGNABLE])]  # these are no segments
    odds = record.odds[(record.odds["grouping"] == SEGMENT) & record.odds["latest"].astype(bool)]
    odds = odds[~odds["group"].isin([UNASSIGNED, NOT_ASSIGNABLE])]
    return {
        **{f"goal_rate/{row.goal}/{row.group}": _number(row.rate) for row in odds.itertuples()},
        **{TOTALS[row["figure"]]: _number(row["value"]) for row in _latest(totals)},
        **{f"{row['figure']}/{row['group']}": _number(row["value"]) for row in _latest(rates)},
    }


def _latest(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Of each figure and group the row of the last month end (an empty period), else of the longest and latest one."""
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows.to_dict(orient="records"):
        place = (row["figure"], row["group"])
        if place not in latest or _lateness(row["period"]) > _lateness(latest[place]["period"]):
            latest[place] = {str(name): value for name, value in row.items()}
    return list(latest.values())


def _lateness(period: str) -> tuple[bool, str, bool]:
    """The later, the greater: the state of now, then by the month that ends; of these, several months at once."""
    _, several, end = period.rpartition("/")
    return not period, end, bool(several)


def _number(value: object) -> float | None:
    return None if pd.isna(value) else float(value)  # type: ignore[arg-type,call-overload]
