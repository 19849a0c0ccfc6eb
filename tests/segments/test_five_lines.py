"""Tables of customers as they come, five lines each; their pages are kept in `build/five_lines/`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pytest

import segments
from experiments.benchmarks.shared_data import EXTERNAL

PAGES = Path(__file__).parents[2] / "build" / "five_lines"
Customers: TypeAlias = Callable[[str], pd.DataFrame]
SHOWN = 600  # customers of each table, so that the tests take seconds
FILES = {
    "telco": "telco_ibm/telco.parquet",
    "customer_personality": "customer_personality/customer_personality.parquet",
    "airline": "mlba_marketing/EastWestAirlinesCluster.parquet",
}


@pytest.fixture
def customers(needed: Callable[..., Any]) -> Customers:
    """Reads some customers of a table; the tables are nowhere to install from."""

    def read(name: str) -> pd.DataFrame:
        path = EXTERNAL / FILES[name]
        absent = f"{FILES[name]} is not on this machine: set SEGMENTS_DATA to the folder of test data"
        needed(path if path.exists() else None, absent, installable=False)
        return pd.read_parquet(path).sample(SHOWN, random_state=1)

    return read


def kept(discovered: segments.SegmentDiscovery, name: str) -> str:
    """Write the report and what a notebook shows, as build output; the text of the page."""
    PAGES.mkdir(parents=True, exist_ok=True)
    (PAGES / f"{name}-cell.html").write_text(discovered._repr_html_(), encoding="utf-8")
    return discovered.report(PAGES / f"{name}.html").read_text(encoding="utf-8")


def test_telephone_customers_with_and_without_internet(customers: Customers) -> None:
    frame = customers("telco")
    basis = [name for name in frame.columns if name not in ("customerID", "gender", "SeniorCitizen", "Churn")]
    discovered = segments.discover(frame, basis, customer_id="customerID", seed=1, verbose=False)
    page = kept(discovered, "telco")
    assert discovered.verdict.startswith("Distinct groups: a gap separates the two segments")
    by_segment = frame.groupby(discovered.labels.to_numpy())
    without = by_segment["InternetService"].agg(lambda level: (level == "No").mean())
    assert sorted(without) == [0.0, 1.0]  # the gap is that between those who have internet and those who have none
    churn = by_segment["Churn"].agg(lambda level: (level == "Yes").mean())
    assert churn[without.idxmax()] < 0.1 < 0.25 < churn[without.idxmin()]
    assert dict(zip(discovered.model.ids, discovered.model.names, strict=True))[without.idxmax()] in page


def test_customers_of_a_food_retailer_who_have_money_and_who_have_children(
    customers: Callable[[str], pd.DataFrame],
) -> None:
    frame = customers("customer_personality")
    sensitive = ["Year_Birth", "Marital_Status"]
    discovered = segments.discover(frame, customer_id="ID", sensitive=sensitive, seed=1, verbose=False)
    kept(discovered, "customer_personality")
    assert discovered.verdict.startswith("Stable slices of a continuum")
    assert {"MntWines at least 200", "low MntWines"} == set(discovered.model.names)
    typical = frame.groupby(discovered.labels.to_numpy())[["Income", "MntWines", "Kidhome"]].median()
    rich, poor = typical.loc[typical["MntWines"].idxmax()], typical.loc[typical["MntWines"].idxmin()]
    assert rich["Income"] > 1.9 * poor["Income"]
    assert (rich["Kidhome"], poor["Kidhome"]) == (0, 1)


def test_members_of_a_frequent_flyer_programme(customers: Customers) -> None:
    frame = customers("airline").drop(columns="Award?")
    discovered = segments.discover(frame, customer_id="ID#", seed=1, verbose=False)
    kept(discovered, "airline")
    assert discovered.verdict.startswith("Stable slices of a continuum: no gap separates neighbouring segments")
    assert len(discovered.segments) == 8
    assert {"Bonus miles 0", "Qual miles at least 1,000"} < set(discovered.model.names)
    names = dict(zip(discovered.model.ids, discovered.model.names, strict=True))
    typical = frame.groupby([names[own] for own in discovered.labels])[["Flight_miles_12mo", "Bonus_miles"]].median()
    assert typical.loc["Bonus miles 0", "Bonus_miles"] == 0
    flying = [
        name for name in typical.index if name.startswith("Flight miles")
    ]  # two segments, with and without a card
    assert len(flying) == 2
    assert (typical.loc[flying, "Flight_miles_12mo"] >= 500).all()
