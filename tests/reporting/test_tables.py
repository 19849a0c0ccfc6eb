"""The tables add up to the customers' own numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reporting.tables import candidate_table, money_columns, segment_table, titled
from segments import Column, Kind, Role, VectorContract
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.settings import DiscoverySettings

MARKUP = "<script>alert('x')</script>"


@pytest.fixture(params=["kmeans", "hdbscan"])
def discovery(request: pytest.FixtureRequest) -> Discovery:
    discovery: Discovery = request.getfixturevalue(f"{request.param}_discovery")
    return discovery


@pytest.fixture(scope="module")
def hostile() -> Discovery:
    """Two groups in a table whose names and levels are markup, with unicode, one sensitive column and money."""
    generator = np.random.default_rng(5)
    group = np.repeat([0, 1], 40)
    frame = pd.DataFrame(
        {
            "<b>visits</b>": generator.poisson(np.array([3.0, 60.0])[group]).astype(float),
            "mrr": np.array([10.0, 500.0])[group] * generator.uniform(0.9, 1.1, 80),
            "mrr_change": generator.uniform(0, 1, 80),
            "plan": pd.array(np.array([MARKUP, "größer & 日本"], dtype=object)[group], dtype="str"),
            "religion": pd.array(np.array(["secret-a", "secret-b"], dtype=object)[group], dtype="str"),
        },
        index=pd.Index([f"c{i}" for i in range(80)], name="customer_id", dtype="str"),
    )
    frame.loc["c0", "mrr"] = np.nan
    contract = VectorContract(
        (
            Column("<b>visits</b>", Kind.COUNT, unit="visits & views", low="<i>rare</i>"),
            Column("mrr", Kind.NUMBER, unit="EUR a month", nullable=True),
            Column("mrr_change", Kind.NUMBER, Role.DESCRIPTOR, unit="EUR a month"),
            Column("plan", Kind.CATEGORY),
            Column("religion", Kind.CATEGORY, Role.DESCRIPTOR, sensitive=True),
        )
    )
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=2), HdbscanSettings(min_cluster_sizes=(60,))))
    facts = {"as_of": "2026-01-01", "data_digest": "sha256:abc", "settings": {"title": MARKUP}}
    return discover(frame, contract, settings, facts)


def test_one_row_a_segment_whose_numbers_are_the_frames(discovery: Discovery) -> None:
    table = segment_table(discovery)
    assert table["segment_id"].tolist() == list(discovery.model.ids)
    assert table["name"].tolist() == list(discovery.model.names)
    unassigned = np.mean(discovery.labels < 0)
    assert table["share"].sum() == pytest.approx(1 - unassigned)
    assert table["size"].sum() == len(discovery.frame) - np.sum(discovery.labels < 0)
    for position, row in table.iterrows():
        members = discovery.frame[discovery.labels == position]
        assert row["size"] == len(members)
        assert row["total monetary_value (USD)"] == pytest.approx(members["monetary_value"].sum())
        assert row["median recency_days (days)"] == np.median(members["recency_days"])
        assert row["commonest plan"] == members["plan"].mode()[0]
        assert row["distinguished_by"].startswith(discovery.model.cards[position].differences[0].words)


def test_money_of_the_segments_and_the_unassigned_is_everyones(discovery: Discovery) -> None:
    table = segment_table(discovery)
    everyone = discovery.frame["monetary_value"].sum()
    nobody = discovery.frame["monetary_value"][discovery.labels < 0].sum()
    assert table["total monetary_value (USD)"].sum() + nobody == pytest.approx(everyone)
    assert table["share of monetary_value"].sum() == pytest.approx(1 - nobody / everyone)


def test_only_amounts_that_add_up_are_shared_out(hostile: Discovery) -> None:
    assert [column.name for column in money_columns(hostile)] == ["mrr"]  # not its change
    assert segment_table(hostile)["share of mrr"].sum() == pytest.approx(1)
    for unit in ("EUR an order", "USD a year", "points", ""):
        columns = [replace(c, unit=unit) if c.name == "mrr" else c for c in hostile.contract.columns]
        assert not money_columns(replace(hostile, contract=VectorContract(tuple(columns))))
    refunds = hostile.frame.assign(mrr=-hostile.frame["mrr"])
    assert not money_columns(replace(hostile, frame=refunds))


def test_every_candidate_has_a_row_with_its_scores_or_its_refusal(hostile: Discovery) -> None:
    table = candidate_table(hostile)
    assert table["candidate"].tolist() == [candidate.spec.name for candidate in hostile.candidates]
    assert table["chosen"].tolist() == [True, False, False]
    judgement = hostile.chosen.judgement
    assert judgement is not None
    assert table.loc[0, "silhouette"] == judgement.silhouette
    assert np.isnan(table.loc[2, "silhouette"])
    assert table.loc[2, "remark"] == "refused: fewer than two segments"
    assert "min_cluster_size=60" in str(table.loc[2, "parameters"])
    assert list(table.columns[-2:]) == ["chosen", "remark"]


def test_a_title_says_the_unit_once() -> None:
    assert titled(Column("frequency", Kind.COUNT, unit="orders")) == "frequency (orders)"
    assert titled(Column("features_used", Kind.COUNT, unit="features")) == "features used"
    assert titled(Column("discount", Kind.SHARE, unit="of the price")) == "discount"
    assert titled(Column("plan", Kind.CATEGORY)) == "plan"


def test_sensitive_columns_are_in_no_table(hostile: Discovery) -> None:
    assert "religion" not in " ".join(segment_table(hostile).columns)
