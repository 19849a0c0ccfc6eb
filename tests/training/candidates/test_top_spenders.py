"""The top spenders are a segment beside those of KMeans: kept in spite of their number, and served as the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segments import Column, Kind, Role, VectorContract
from training.candidates.candidate import NoSegmentsError
from training.candidates.kmeans import KMeansSpec
from training.candidates.kmeans_settings import KMeansSettings
from training.candidates.top_spenders import AmountAxis, TopSpendersSpec
from training.discovery.discovery import Discovery, discover
from training.evaluation.bootstrap_recovery import RECURRING
from training.settings import DiscoverySettings

TOP = 30
CUSTOMERS = 3100
CONTRACT = VectorContract(
    (Column("recency", Kind.NUMBER, Role.BASIS, "days"), Column("spend", Kind.NUMBER, Role.BASIS, "GBP"))
)
SETTINGS = DiscoverySettings(algorithms=(KMeansSettings(segments=(2, 4), starts=3),))


def shop() -> pd.DataFrame:
    """A continuum of customers, of whom 30 of 3,100 spend far more than the others."""
    generator = np.random.default_rng(2)
    spend = generator.lognormal(6, 0.8, size=CUSTOMERS)
    spend[:TOP] = generator.lognormal(11, 0.5, size=TOP)
    frame = pd.DataFrame({"recency": generator.uniform(1, 365, size=CUSTOMERS), "spend": spend})
    return frame.set_index(pd.Index([f"c{number}" for number in range(CUSTOMERS)]))


@pytest.fixture(scope="module")
def discovery() -> Discovery:
    return discover(shop(), CONTRACT, SETTINGS, {})


def test_they_are_a_segment_whatever_the_least_share_is(discovery: Discovery) -> None:
    assert SETTINGS.min_share > TOP / CUSTOMERS
    smallest = discovery.model.cards[-1]
    assert smallest.size == pytest.approx(TOP, abs=2)
    top = set(discovery.frame.index[discovery.labels == len(discovery.model.cards) - 1])
    assert len(top & {f"c{number}" for number in range(TOP)}) >= TOP - 2
    assert discovery.chosen.judgement is not None
    assert discovery.chosen.judgement.smallest_share < SETTINGS.min_share
    assert "with the top spenders as a segment of their own" in discovery.choice.reason
    assert discovery.model.provenance["parameters"]["top_of"] == "spend"


def test_one_customer_and_a_batch_get_the_answer_of_the_discovery(discovery: Discovery) -> None:
    model, frame = discovery.model, discovery.frame.iloc[:60]
    batch = model.assign(frame)
    assert (batch["segment_id"].to_numpy() == np.array(model.ids)[discovery.labels[:60]]).all()
    for customer in (frame.index[0], frame.index[-1]):
        alone = model.assign(frame.loc[[customer]])
        assert alone.iloc[0]["segment_id"] == batch.loc[customer, "segment_id"]


def test_a_retrain_keeps_them(discovery: Discovery) -> None:
    shuffled = shop().sample(frac=1, random_state=1)
    again = discover(shuffled, CONTRACT, SETTINGS, {}, incumbent=discovery.model)
    before = pd.Series(discovery.labels, index=discovery.frame.index).loc[again.frame.index]
    assert (again.labels == before.to_numpy()).all()
    assert again.chosen is again.candidates[-1]
    assert again.model.provenance["parameters"] == discovery.model.provenance["parameters"]
    assert min(again.verdict.evidence["recovered"]) > RECURRING  # made anew with the top as a segment
    assert again.ladder is not None
    assert {len(union.members) for union in again.unions} <= {len(again.model.ids)}


def test_without_a_column_of_money_there_are_none() -> None:
    columns = tuple(replace(column, unit="") for column in CONTRACT.columns)
    unpaid = discover(shop().iloc[:1500], VectorContract(columns), SETTINGS, {})
    assert "top_of" not in unpaid.model.provenance["parameters"]


def test_an_amount_without_a_head_makes_no_segment() -> None:
    points = np.random.default_rng(0).normal(size=(200, 2))
    spec = TopSpendersSpec(KMeansSpec(2, 1), AmountAxis("spend", 1, 10.0, 1000.0), 0)
    with pytest.raises(NoSegmentsError, match="no head of spend"):
        spec.fit(points, 0)
