from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from analytics.month_ends import MonthEnds
from analytics.record import FIGURES, AnalystRecord
from jobs.run_content.metrics import discovery_metrics, record_metrics, succession_metrics
from training.discovery.discovery import Discovery


def record(*rows: tuple[str, str, str, str, float | None]) -> AnalystRecord:
    """Rows of figure, grouping, group, period, value."""
    figures = pd.DataFrame([(*row, None, None, 20, "", "") for row in rows], columns=list(FIGURES))
    return AnalystRecord(MonthEnds.before(datetime(2018, 1, 1), 12), "USD", "MRR", (), 10, figures=figures)


def model(**lineage: Any) -> Any:
    return SimpleNamespace(provenance={"lineage": lineage} if lineage else {})


def test_the_metrics_of_a_discovery_are_few(kmeans_discovery: Discovery) -> None:
    metrics = discovery_metrics(kmeans_discovery)
    cards = kmeans_discovery.model.cards
    assert metrics["customers"] == sum(metrics[f"size/{card.id}"] or 0 for card in cards) == 400
    assert metrics["segments"] == len(cards) == 4
    assert len(metrics) == 7 + len(cards)


def test_a_retrain_counts_whom_it_keeps_and_what_ended() -> None:
    kept = {"id": "seg-a", "ties": [{"id": "seg-a"}, {"id": "seg-b"}]}
    new = {"id": "seg-c", "ties": [{"id": "seg-a"}]}
    lineage = {"readable": 90, "reassigned": 20, "segments": [kept, new], "gone": [{"id": "seg-b"}], "objection": ""}
    assert succession_metrics(model(**lineage)) == {
        "kept_customers": 70,
        "moved_customers": 20,
        "new_segments": 1,
        "ended_segments": 1,
    }
    assert succession_metrics(model(**{**lineage, "objection": "a column is missing"})) == {
        "new_segments": 1,
        "ended_segments": 1,
    }


def test_a_first_model_keeps_nothing() -> None:
    assert succession_metrics(model()) == {}


@pytest.mark.parametrize(("figure", "metric"), [("mrr", "mrr_total"), ("revenue", "revenue_total")])
def test_the_total_is_that_of_everyone_at_the_last_month_end(figure: str, metric: str) -> None:
    rows = [
        (figure, "everyone", "everyone", "2017-11", 100.0),
        (figure, "everyone", "everyone", "2017-12", 120.0),
        (figure, "segment", "seg-a", "2017-12", 70.0),
    ]
    assert record_metrics(record(*rows)) == {metric: 120.0}


def test_the_state_at_the_last_month_end_comes_before_any_month() -> None:
    rows = [("mrr", "everyone", "everyone", "", 130.0), ("mrr", "everyone", "everyone", "2017-12", 120.0)]
    assert record_metrics(record(*rows)) == {"mrr_total": 130.0}


def test_the_churn_of_a_segment_is_that_of_the_whole_window() -> None:
    rows = [
        ("churn_rate", "segment", "seg-a", "2017-12", 0.5),
        ("churn_rate", "segment", "seg-a", "2017-01/2017-12", 0.1),
        ("churn_rate", "segment", "seg-b", "2017-01/2017-12", None),
        ("churn_rate", "segment", "unassigned", "2017-01/2017-12", 0.2),
        ("churn_rate", "segment", "not_assignable", "2017-01/2017-12", 0.2),
        ("churn_rate", "plan", "pro", "2017-01/2017-12", 0.3),
    ]
    assert record_metrics(record(*rows)) == {"churn_rate/seg-a": 0.1, "churn_rate/seg-b": None}


def test_a_record_without_figures_has_no_metrics() -> None:
    assert record_metrics(record()) == {}
