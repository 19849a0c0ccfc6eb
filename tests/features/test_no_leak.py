"""What happens at or after the as-of moment never changes a vector."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.customer_vector import build_vectors
from features.settings import FeatureSettings, Sources
from features.vector_table import CustomerVectors

AS_OF = datetime(2024, 6, 15)
IDS = ["a", "b", "Ünal", "new"]
ATTRIBUTES = {"employees": {"kind": "count"}, "industry": {"kind": "category"}}


def moments(future: bool) -> st.SearchStrategy[datetime]:
    """Whole microseconds; the first future one is the as-of moment itself, the last past one just before it."""
    step = timedelta(microseconds=1)
    low, high = (AS_OF, AS_OF + timedelta(days=400)) if future else (AS_OF - timedelta(days=400), AS_OF - step)
    return st.one_of(st.just(low if future else high), st.datetimes(low, high))


def rows(future: bool) -> st.SearchStrategy[dict[str, list[dict[str, Any]]]]:
    customer, at, number = st.sampled_from(IDS), moments(future), st.integers(-50, 500).map(float)
    word = st.sampled_from(["x", "y", None])
    order = st.fixed_dictionaries({"customer_id": customer, "ordered_at": at, "order_id": word, "amount": number})
    event = st.fixed_dictionaries(
        {"customer_id": customer, "occurred_at": at, "feature": word, "device": word, "allowed": number}
    )
    terms = st.fixed_dictionaries(
        {
            "customer_id": customer,
            "started_at": at,
            "ended_at": st.none() | moments(future),
            "mrr": number,
            "plan": word,
        }
    )
    about = st.fixed_dictionaries(
        {"customer_id": customer, "known_at": at, "employees": number.map(abs), "industry": word}
    )
    least = 1  # so that every column has a type
    return st.fixed_dictionaries(
        {
            "orders": st.lists(order, min_size=least, max_size=12),
            "events": st.lists(event, min_size=least, max_size=12),
            "subscriptions": st.lists(terms, min_size=least, max_size=6),
            "customers": st.lists(about, min_size=least, max_size=3, unique_by=lambda row: row["customer_id"]),
        }
    )


def vectors_of(tables: dict[str, list[dict[str, Any]]]) -> CustomerVectors:
    moment = "datetime64[us]"
    types = {"ordered_at": moment, "occurred_at": moment, "started_at": moment, "ended_at": moment, "known_at": moment}
    with tempfile.TemporaryDirectory() as folder:
        sources: dict[str, Any] = {}
        for name, table in tables.items():
            frame = pd.DataFrame(table)
            frame = frame.astype({c: t for c, t in types.items() if c in frame.columns})
            frame.astype({c: "str" for c in frame.columns if frame[c].dtype == object}).to_parquet(
                Path(folder) / f"{name}.parquet"
            )
            sources[name] = {"file": f"{name}.parquet"}
        sources["customers"]["attributes"] = ATTRIBUTES
        chosen = FeatureSettings.model_validate(
            {"rfm": {"refunds": "netted", "cdnow_summary": True}, "ids": {"allow_disjoint": True}}
        )
        return build_vectors(Sources.model_validate(sources), chosen, AS_OF, folder)


@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(past=rows(future=False), future=rows(future=True))
def test_future_rows_change_nothing(
    past: dict[str, list[dict[str, Any]]], future: dict[str, list[dict[str, Any]]]
) -> None:
    before = vectors_of(past)
    after = vectors_of({name: past[name] + future[name] for name in past})
    pd.testing.assert_frame_equal(before.frame, after.frame, check_exact=True)
    assert before.digest == after.digest
    assert before.learned == after.learned
    for name, counts in after.report.items():
        assert counts["not_before_as_of"] == len(future[name])


def test_an_end_that_becomes_known_later_changes_nothing(build: Any) -> None:
    def digest(end: datetime | None) -> str:
        table = pd.DataFrame(
            {"customer_id": ["a"], "started_at": [datetime(2024, 1, 1)], "ended_at": [end], "mrr": [10.0]}
        ).astype({"ended_at": "datetime64[us]"})
        return str(build({"subscriptions": table}, date(2024, 6, 15)).digest)

    assert digest(None) == digest(AS_OF) == digest(AS_OF + timedelta(days=9)) != digest(AS_OF - timedelta(days=1))
