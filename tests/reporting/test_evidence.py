"""The evidence of a verdict: in figures, in a table, on the page; and the figures of candidates refused unjudged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import training.discovery.discovery
from experiments.generated_tables.planted_groups import customer_table
from reporting.content.of_discovery import content_of_discovery
from reporting.content.report_content import ReportContent
from reporting.evidence import evidence_table
from reporting.page import html_report
from reporting.tables import candidate_table
from segment_model.cards import SegmentLabel
from segment_model.contract import Column, Kind
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.evaluation.map_layout import MapLayout, principal_plane
from training.evaluation.verdict import VerdictKind
from training.settings import DiscoverySettings


@pytest.fixture(autouse=True)
def quick_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """A map without UMAP, which these tests do not look at."""
    monkeypatch.setattr(
        training.discovery.discovery,
        "lay_out_map",
        lambda points, labels: MapLayout(np.arange(len(labels)), principal_plane(points), "principal components"),
    )


@pytest.fixture(scope="module")
def cloud() -> Discovery:
    """One round cloud: slices, no gap."""
    points = np.random.default_rng(3).normal(size=(300, 2))
    columns = (Column("a", Kind.NUMBER), Column("b", Kind.NUMBER))
    table = customer_table("", pd.DataFrame(points, columns=["a", "b"]), columns, np.zeros(300, dtype=np.intp))
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=(3, 4)),), force=True)
    return discover(table.frame, table.contract, settings, {})


def paragraph(discovery: Discovery) -> str:
    """The page with the evidence."""
    return html_report(ReportContent("t", content_of_discovery(discovery)))


def test_one_row_a_pair_of_neighbours(cloud: Discovery) -> None:
    table, evidence = evidence_table(cloud), cloud.verdict.evidence
    assert len(table) == len(evidence["pairs"]) >= 2
    for (_, row), pair in zip(table.iterrows(), evidence["pairs"], strict=True):
        first, second = pair["segments"]
        assert (row["segment_a"], row["segment_b"]) == (cloud.model.ids[first], cloud.model.ids[second])
        assert (row["gap"], row["belt"]) == (pair["gap"], pair["belt"])
        assert (row["recovered_a"], row["recovered_b"]) == tuple(evidence["recovered"][n] for n in (first, second))


def test_the_page_tells_it_without_trusting_names(cloud: Discovery) -> None:
    named = cloud.model.with_overlay({cloud.model.ids[0]: SegmentLabel("<b>x</b>", "")})
    text = paragraph(replace(cloud, model=named))
    assert f"0 of {len(cloud.verdict.evidence['pairs'])} pairs" in text
    assert "&lt;b&gt;x&lt;/b&gt;" in text
    assert "<b>x</b>" not in text


def test_a_chance_is_short_and_words_never_contradict_the_verdict(cloud: Discovery) -> None:
    evidence = {**cloud.verdict.evidence, "pairs": [{**cloud.verdict.evidence["pairs"][0], "valley_chance": 1e-59}]}
    parted = replace(cloud, verdict=replace(cloud.verdict, kind=VerdictKind.DISTINCT, evidence=evidence))
    assert "&lt; 0.001" in paragraph(parted)
    assert "0.0000" not in paragraph(parted)
    assert "borders are gradual" not in paragraph(parted)
    assert "though gaps separate them" in paragraph(parted)
    assert "though gaps separate them" not in paragraph(cloud)


def test_too_few_customers_for_gaps_is_said(cloud: Discovery) -> None:
    evidence = {**cloud.verdict.evidence, "pairs": []}
    few = replace(cloud, verdict=replace(cloud.verdict, evidence=evidence))
    assert evidence_table(few).empty
    assert "too few customers to look for gaps" in paragraph(few)


def test_candidates_refused_unjudged_keep_their_figures(cloud: Discovery) -> None:
    table = candidate_table(cloud)
    unjudged = table[table["remark"] == "refused: too few gaps between its segments"]
    assert unjudged["segments"].tolist() == [3, 4]
    assert (unjudged["gap_share"] < 0.75).all()
    assert (unjudged["smallest_share"] > 0).all()
    assert unjudged["silhouette"].isna().all()
    for candidate in cloud.candidates:
        if candidate.refusal:
            assert candidate.fit is not None
            assert candidate.facts["largest_share"] >= 1 / candidate.facts["segments"]
