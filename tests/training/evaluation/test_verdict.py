"""The verdict: gaps are detected where there are gaps, and never in correlation, skew, whole numbers or a category."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster
from scipy.cluster.hierarchy import linkage as scipy_linkage
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from experiments.generated_tables.planted_groups import customer_table, mixed_groups, planted_groups
from experiments.generated_tables.structureless import structureless
from segment_model.errors import DiscoveryError
from segments import Column, Kind, VectorContract
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans import KMeansSpec
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.evaluation.bootstrap_recovery import RECURRING, best_matches, recovery
from training.evaluation.null_reference import gaussian_copula
from training.evaluation.quality import Judgement
from training.evaluation.verdict import VerdictKind, decide
from training.separation.gaps import PairEvidence
from training.separation.sparse_belts import belts_between, linkage
from training.separation.valleys import Counts, Windows, rounded, straight
from training.settings import DiscoverySettings

TWO = DiscoverySettings(algorithms=(KMeansSettings(segments=2),))
SEVERAL = DiscoverySettings(algorithms=(KMeansSettings(segments=2), KMeansSettings(segments=3), HdbscanSettings()))
JUDGEMENT = Judgement(2, 0.4, 0.6, 0.0, 0.5, 0.9, 1.0)
GAP, NO_GAP = PairEvidence((0, 1), 1e-6, 0.1, 1.0), PairEvidence((0, 1), 0.4, 0.9, 1.0)
NULL = np.array([0.1, 0.2, 0.3])


def discovery_of(columns_by_name: dict[str, Any], kinds: list[Kind], settings: DiscoverySettings = TWO) -> Discovery:
    columns = tuple(Column(name, kind) for name, kind in zip(columns_by_name, kinds, strict=True))
    frame = pd.DataFrame(columns_by_name)
    table = customer_table("", frame, columns, np.zeros(len(frame), dtype=np.intp))
    return discover(table.frame, table.contract, settings, {})


def ring(radius: float, count: int, generator: np.random.Generator) -> np.ndarray:
    angle = generator.uniform(0, 2 * np.pi, count)
    reach = radius + generator.normal(0, 0.05, count)
    return np.column_stack([reach * np.cos(angle), reach * np.sin(angle)])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.booleans(), max_size=6),
    st.lists(st.floats(0, 1), min_size=2, max_size=6),
    st.floats(-1, 1),
)
def test_the_sentence_of_a_verdict_agrees_with_its_kind(
    parted: list[bool], recovered: list[float], stability: float
) -> None:
    pairs = [GAP if is_parted else NO_GAP for is_parted in parted]
    judgement = replace(JUDGEMENT, stability=stability, groups=2 if parted and all(parted) else 1)
    verdict = decide(judgement, pairs, np.array(recovered), NULL)
    says_all_parted = "a gap separates every" in verdict.sentence or "a gap separates the two" in verdict.sentence
    assert says_all_parted == (verdict.kind is VerdictKind.DISTINCT)
    assert ("do not recover every segment" in verdict.sentence) <= (min(recovered) < RECURRING and all(parted))
    assert ("halves of the customers agree" in verdict.sentence) <= (verdict.kind is VerdictKind.NOTHING)
    if verdict.kind is VerdictKind.NOTHING:
        assert "least steady" in verdict.sentence or "halves" in verdict.sentence


@pytest.mark.parametrize(
    ("pair", "recovered", "stability", "kind"),  # a candidate with one pair of neighbours
    [
        (GAP, [0.9, 0.8], 0.9, VerdictKind.DISTINCT),
        (GAP, [0.9, 0.8], 0.4, VerdictKind.DISTINCT),
        (GAP, [0.9, 0.7], 0.4, VerdictKind.DISTINCT),
        (GAP, [0.9, 0.55], 0.4, VerdictKind.SLICES),
        (GAP, [1.0, 1.0, 0.49], 0.4, VerdictKind.SLICES),
        (NO_GAP, [1.0, 1.0], 0.5, VerdictKind.SLICES),
        (NO_GAP, [1.0, 1.0], 0.49, VerdictKind.NOTHING),
        (NO_GAP, [0.4, 0.5], 0.9, VerdictKind.NOTHING),
        (GAP, [0.4, 0.5], 0.9, VerdictKind.NOTHING),
    ],
)
def test_gaps_recovery_and_stability_decide(
    pair: PairEvidence, recovered: list[float], stability: float, kind: VerdictKind
) -> None:
    judgement = replace(JUDGEMENT, stability=stability, groups=1 + pair.gap)
    verdict = decide(judgement, [pair], np.array(recovered), NULL)
    assert verdict.kind is kind
    assert any("two halves of the customers agree" in reason for reason in verdict.reasons) == (
        stability < 0.5 and not pair.gap
    )
    assert verdict.sentence.lower().startswith(str(kind))
    assert verdict.to_json()["evidence"]["silhouette_without_groups"] == pytest.approx(0.2)


def test_one_pair_without_a_gap_is_enough_to_deny_distinct_groups() -> None:
    verdict = decide(JUDGEMENT, [GAP, NO_GAP], np.array([1.0, 1.0]), NULL)
    assert verdict.kind is VerdictKind.SLICES
    assert "a gap separates 1 of 2 pairs" in verdict.reasons[0]
    assert decide(JUDGEMENT, [], np.array([1.0, 1.0]), NULL).kind is VerdictKind.SLICES


def test_a_gap_that_is_mostly_filled_makes_no_distinct_groups() -> None:
    filled = PairEvidence((0, 1), 1e-6, 0.55, 1.0)
    verdict = decide(replace(JUDGEMENT, groups=2), [filled], np.array([1.0, 1.0]), NULL)
    assert filled.gap
    assert verdict.kind is VerdictKind.SLICES
    assert "more than half of the density" in verdict.sentence


def test_planted_groups_are_distinct_and_every_model_says_so(planted: Any) -> None:
    discovery = discover(planted.frame, planted.contract, DiscoverySettings(), {})
    assert discovery.model.provenance["verdict"]["verdict"] == "distinct groups"
    assert discovery.verdict.sentence.startswith("Distinct groups: a gap separates every two")


def test_a_correlated_gaussian_is_a_continuum() -> None:
    generator = np.random.default_rng(1)
    values = generator.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 2000)
    discovery = discovery_of({"a": values[:, 0], "b": values[:, 1]}, [Kind.NUMBER, Kind.NUMBER])
    assert discovery.verdict.kind is VerdictKind.SLICES


@pytest.mark.parametrize("kind", [Kind.FLAG, Kind.CATEGORY, Kind.COUNT])
@pytest.mark.parametrize("settings", [TWO, DiscoverySettings()], ids=["two segments", "default"])
def test_one_column_of_steps_makes_no_group(kind: Kind, settings: DiscoverySettings) -> None:
    generator = np.random.default_rng(2)
    steps: Any = generator.integers(0, 2, 1500)
    steps = [f"level {step}" for step in steps] if kind is Kind.CATEGORY else steps.astype(float)
    columns = {"steps": steps, "a": generator.normal(size=1500), "b": generator.normal(size=1500)}
    discovery = discovery_of(columns, [kind, Kind.NUMBER, Kind.NUMBER], settings)
    assert discovery.verdict.kind is not VerdictKind.DISTINCT


@pytest.mark.parametrize("settings", [TWO, DiscoverySettings()], ids=["two segments", "default"])
def test_skewed_whole_numbers_make_no_group(settings: DiscoverySettings) -> None:
    generator = np.random.default_rng(3)
    orders, spend = generator.geometric(0.4, 2000), generator.lognormal(3, 1.5, 2000)
    discovery = discovery_of({"orders": orders, "spend": spend}, [Kind.COUNT, Kind.NUMBER], settings)
    assert discovery.verdict.kind is not VerdictKind.DISTINCT


@pytest.mark.parametrize("settings", [SEVERAL, DiscoverySettings()], ids=["several", "default"])
@pytest.mark.parametrize("log_spread", [0.3, 1.0, None])
def test_a_spike_in_one_column_makes_no_group(log_spread: float | None, settings: DiscoverySettings) -> None:
    """Half of the customers spend nothing; without a spread of the logarithm, the others' spend is exponential."""
    generator = np.random.default_rng(11)
    nothing = generator.random(600) < 0.5
    spend = generator.lognormal(4, log_spread, 600) if log_spread else generator.exponential(50, 600).round(2)
    columns = {"spend": np.where(nothing, 0, spend), "a": generator.normal(size=600), "b": generator.normal(size=600)}
    discovery = discovery_of(columns, [Kind.NUMBER] * 3, settings)
    assert discovery.verdict.kind is not VerdictKind.DISTINCT


def test_two_columns_that_agree_on_a_spike_make_groups() -> None:
    generator = np.random.default_rng(11)
    nothing = generator.random(600) < 0.5
    columns = {name: np.where(nothing, 0, generator.lognormal(4, 0.3, 600)) for name in ("spend", "margin", "basket")}
    assert discovery_of(columns, [Kind.NUMBER] * 3, SEVERAL).verdict.kind is VerdictKind.DISTINCT


def test_few_or_many_in_one_column_are_groups_although_the_few_share_values() -> None:
    generator = np.random.default_rng(12)
    orders = np.where(generator.random(600) < 0.5, generator.integers(0, 3, 600), generator.poisson(50, 600))
    columns = {"orders": orders, "a": generator.normal(size=600)}
    assert discovery_of(columns, [Kind.COUNT, Kind.NUMBER]).verdict.kind is VerdictKind.DISTINCT


def test_a_ring_round_a_ring_is_two_distinct_groups() -> None:
    generator = np.random.default_rng(4)
    points = np.vstack([ring(1.0, 300, generator), ring(3.0, 600, generator)])
    columns = {"a": points[:, 0], "b": points[:, 1]}
    discovery = discovery_of(columns, [Kind.NUMBER, Kind.NUMBER], DiscoverySettings())
    assert discovery.verdict.kind is VerdictKind.DISTINCT
    assert discovery.chosen.spec.algorithm == "hdbscan"
    assert discovery.model.assigner.size == 2


def test_noise_is_refused_unless_forced_and_then_the_model_says_so_for_ever(tmp_path: Any) -> None:
    values = np.random.default_rng(5).uniform(size=(300, 10))
    columns = {f"column_{number}": values[:, number] for number in range(10)}
    kinds = [Kind.NUMBER] * 10
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=5, starts=1),))
    with pytest.raises(DiscoveryError, match="no reproducible structure"):
        discovery_of(columns, kinds, settings)
    model = discovery_of(columns, kinds, settings.model_copy(update={"force": True})).model
    model.save(tmp_path / "model")
    assert type(model).load(tmp_path / "model").provenance["verdict"]["verdict"] == "no reproducible structure"


def test_what_is_refused_for_halves_that_disagree_is_called_no_structure_when_forced() -> None:
    """Segments that are found again when drawn again, but that two halves of the customers do not agree on."""
    values = np.random.default_rng(2).uniform(size=(300, 3))
    columns = {f"column_{number}": values[:, number] for number in range(3)}
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=6, starts=1),))
    with pytest.raises(DiscoveryError, match=r"no reproducible structure.* two halves of the customers agree to 0\.41"):
        discovery_of(columns, [Kind.NUMBER] * 3, settings)
    model = discovery_of(columns, [Kind.NUMBER] * 3, settings.model_copy(update={"force": True})).model
    assert model.provenance["verdict"]["verdict"] == "no reproducible structure"


def test_the_tree_is_single_linkage_where_every_place_is_dense() -> None:
    points = np.random.default_rng(6).normal(size=(60, 3))
    tree = linkage(points, 1)  # a core distance of nothing leaves the plain distances
    expected = scipy_linkage(pdist(points), "single")
    assert tree.heights == pytest.approx(expected[:, 2])
    assert len(np.unique(fcluster(expected, tree.heights[-1] - 1e-9, "distance"))) == 2


def test_a_belt_is_as_high_as_the_empty_way_across() -> None:
    line = np.arange(20.0)
    points = np.append(line, line + 24)[:, None]  # 0..19 and 24..43: a way of 5 between steps of 1
    labels = np.repeat([0, 1], 20)
    belts = belts_between(linkage(points, 1), labels, 2)
    assert belts.ratios[0, 1] == pytest.approx(5.0)
    assert not belts.touching.any()
    sliced = belts_between(linkage(points, 1), np.repeat([0, 1, 2], [10, 10, 20]), 3)
    assert sliced.ratios[0, 1] == 1.0
    assert sliced.touching[0, 1]


def test_empty_valleys_are_counted_and_their_chance_is_binomial() -> None:
    generator = np.random.default_rng(7)
    positions = np.sort(np.concatenate([generator.normal(0, 0.1, 500), generator.normal(1, 0.1, 500)]))
    counts = Windows.located(positions[::2]).count(positions[1::2])
    assert counts.depth < 0.05
    assert counts.chance < 1e-6
    assert Counts(2, 10, 8).chance == pytest.approx(56 / 1024)  # P(at most 2 of 10 coins)
    assert Counts(0, 0, 5).chance == 1.0
    assert Windows.located(np.empty(0)).count(np.empty(0)) == Counts()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(3, 8), st.integers(2, 6))
def test_slices_of_a_gaussian_have_no_valley_in_the_tube(seed: int, slices: int, width: int) -> None:
    """They have one without: most of each slice lies away from where the slices touch."""
    generator = np.random.default_rng(seed)
    points, other = generator.normal(size=(2, 3000, width))
    fit = KMeansSpec(slices, 1).fit(points, 0)
    for make in (straight, rounded):
        layout = make(points, fit.labels, slices)
        known, unknown = layout.on(points), layout.on(other)
        lines = [(known.along(a, b).positions, unknown.along(a, b).positions) for a, b in layout.neighbours()]
        depths = [Windows.located(learned).count(tested) for learned, tested in lines]
        assert all(c.depth > 0.6 or c.chance > 1e-4 for c in depths)


def test_positions_in_the_tube_are_those_of_plain_geometry() -> None:
    generator = np.random.default_rng(8)
    points, labels = generator.normal(size=(300, 3)), generator.integers(0, 4, 300)
    layout = straight(points, labels, 4)
    way = layout.means[1] - layout.means[0]
    position = (points - layout.means[0]) @ way / (way @ way)
    feet = points + (0.5 - position)[:, None] * way

    def nearest(places: np.ndarray) -> np.ndarray:
        order: np.ndarray = np.argmin(((places[:, None] - layout.means) ** 2).sum(axis=2), axis=1)
        return order

    inside = np.isin(nearest(points), [0, 1]) & np.isin(nearest(feet), [0, 1])
    line = layout.on(points).along(0, 1)
    assert set(line.rows) == set(np.flatnonzero(inside))
    assert line.positions == pytest.approx(position[line.rows])


def test_the_null_keeps_distributions_and_correlation() -> None:
    generator = np.random.default_rng(9)
    base = generator.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 4000)
    points = np.column_stack([np.exp(base[:, 0]), np.where(base[:, 1] > 0, 5, -5) + base[:, 1]])
    drawn = gaussian_copula(points, 4000, generator)
    assert np.quantile(drawn, [0.1, 0.5, 0.9], axis=0) == pytest.approx(
        np.quantile(points, [0.1, 0.5, 0.9], axis=0), rel=0.1
    )
    assert spearmanr(drawn).statistic == pytest.approx(spearmanr(points).statistic, abs=0.05)


def test_recovery_is_jaccard_similarity() -> None:
    before, after = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1])
    assert best_matches(before, after, 2, 2) == pytest.approx([2 / 3, 2 / 3])
    points = np.vstack([np.zeros((50, 1)), np.full((50, 1), 9.0)]) + np.random.default_rng(0).normal(size=(100, 1))
    assert recovery(KMeansSpec(2, 2), points, np.repeat([0, 1], 50), 2, 1000, 0) == pytest.approx([1.0, 1.0])


def test_generated_tables_are_what_they_say() -> None:
    for make, seed in ((structureless, 1), (structureless, 3), (planted_groups, 5), (mixed_groups, 2)):
        table, again = make(seed), make(seed)
        pd.testing.assert_frame_equal(table.frame, again.frame)
        assert 300 <= len(table.frame) <= 5000
        table.contract.check_names(str(name) for name in table.frame.columns)
    assert np.bincount(planted_groups(5).truth).min() >= 30


def test_identical_customers_but_one() -> None:
    values = np.zeros(100)
    values[0] = 1.0
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=2), HdbscanSettings()))
    contract = VectorContract((Column("a", Kind.NUMBER),))
    frame = customer_table("", pd.DataFrame({"a": values}), contract.columns, np.zeros(100, dtype=np.intp)).frame
    with pytest.raises(DiscoveryError):
        discover(frame, contract, settings, {})
