"""Discovery finds planted groups, refuses what is degenerate, and repeats itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import cluster
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_info, threadpool_limits

from segment_model.errors import DiscoveryError, SettingsError
from segment_model.language.wording import plain_number, plain_value
from segments import Column, Kind, Role, VectorContract
from training.candidates.hdbscan import HdbscanSpec
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans import KMeansSpec
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.evaluation.quality import Judgement, stratified_sample, weighted_silhouette
from training.evaluation.selection import choose
from training.fitting.umap_embedding import UmapSettings
from training.settings import DiscoverySettings, EncodingSettings

CONTRACT = VectorContract((Column("spend", Kind.NUMBER, unit="USD"), Column("visits", Kind.COUNT)))
KMEANS = DiscoverySettings(algorithms=(KMeansSettings(segments=3),))


def frame_of(spend: Any, visits: Any) -> pd.DataFrame:
    index = pd.Index([f"c{number}" for number in range(len(spend))], dtype="str", name="customer_id")
    return pd.DataFrame({"spend": np.asarray(spend, float), "visits": np.asarray(visits, float)}, index=index)


def test_the_number_of_planted_groups_is_found_untold(planted: Any) -> None:
    discovery = discover(planted.frame, planted.contract, DiscoverySettings(), {})
    assert discovery.model.assigner.size == 4
    assert adjusted_rand_score(planted.truth, discovery.labels) >= 0.9
    assert discovery.choice.reason.endswith("refused): gaps confirm its groups")
    assert len(discovery.choice.remarks) == len(discovery.candidates)


def test_a_discovery_keeps_to_one_thread(planted: Any) -> None:
    threads: set[int] = set()

    def look(_done: int, _total: int, _name: str) -> None:
        threads.update(library["num_threads"] for library in threadpool_info())

    with threadpool_limits(limits=2):
        discover(planted.frame, planted.contract, KMEANS, {}, look)
    assert threads == {1}


def test_umap_embeds_for_discovery_only(planted: Any) -> None:
    algorithm = HdbscanSettings(min_cluster_sizes=(20,), embedding=UmapSettings(dimensions=2, neighbours=15))
    discovery = discover(planted.frame, planted.contract, DiscoverySettings(algorithms=(algorithm,)), {})
    assert adjusted_rand_score(planted.truth, discovery.labels) >= 0.9
    assert discovery.model.assigner.arrays()["exemplars"].shape[1] == discovery.encoder.width


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (frame_of([], []), "0 customers are too few"),
        (frame_of([1], [1]), "1 customer is too few"),
        (frame_of([5.0] * 50, [2] * 50), "all 50 customers are the same in every basis column"),
        (frame_of([np.nan] * 50, range(50)), "no customer has a value in spend"),
    ],
)
def test_degenerate_tables_are_refused_in_words(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(DiscoveryError, match=message):
        discover(frame, CONTRACT, KMEANS, {})


def test_more_segments_than_different_customers() -> None:
    frame = frame_of([1.0, 2.0] * 20, [3, 4] * 20)
    with pytest.raises(DiscoveryError, match="KMeans, 3 segments: refused: fewer than 3 different customers"):
        discover(frame, CONTRACT, KMEANS, {})


def test_a_constant_column_does_no_harm(planted: Any) -> None:
    frame, four = (
        planted.frame.assign(top_feature_share=0.5),
        DiscoverySettings(algorithms=(KMeansSettings(segments=4),)),
    )
    discovery = discover(frame, planted.contract, four, {})
    assert adjusted_rand_score(planted.truth, discovery.labels) >= 0.9
    assert "top_feature_share" not in discovery.encoder.columns
    assert discovery.model.contract["top_feature_share"].role is Role.DESCRIPTOR
    without = discover(planted.frame, planted.contract.with_roles({"top_feature_share": Role.DESCRIPTOR}), four, {})
    assert (discovery.labels == without.labels).all()


def test_a_weight_of_no_column_is_refused_with_the_nearest_one(planted: Any) -> None:
    settings = DiscoverySettings(encoding=EncodingSettings(weights={"frequenci": 2.0}))
    with pytest.raises(SettingsError, match=r"weights: there is no 'frequenci'.*frequency"):
        discover(planted.frame, planted.contract, settings, {})


def test_a_customer_with_two_rows_is_refused() -> None:
    frame = pd.concat([frame_of(range(30), range(30))] * 2)
    with pytest.raises(DiscoveryError, match="a customer must have one row; more than one have: c0, c1"):
        discover(frame, CONTRACT, KMEANS, {})


def test_sensitive_columns_neither_shape_nor_name_segments(planted: Any) -> None:
    secret = VectorContract(
        tuple(replace(c, sensitive=c.name in ("frequency", "country")) for c in planted.contract.columns)
    )
    with pytest.raises(DiscoveryError, match="frequency is marked sensitive"):
        discover(planted.frame, secret, KMEANS, {})
    hidden = secret.with_roles({"frequency": Role.DESCRIPTOR})
    discovery = discover(planted.frame, hidden, DiscoverySettings(algorithms=(KMeansSettings(segments=4),)), {})
    for card in discovery.model.cards:
        assert not {"frequency", "country"} & card.medians.keys()
        assert not {"frequency", "country"} & {difference.column for difference in card.differences}
    allowed = discover(planted.frame, secret, KMEANS.model_copy(update={"allow_sensitive": True}), {})
    assert "frequency" in allowed.model.encoder.columns


def test_kmeans_on_unscaled_spend_is_refused_as_degenerate() -> None:
    """The classic trap: one customer in a hundred spends a thousand times more, and silhouette loves it."""
    generator = np.random.default_rng(0)
    spend = np.append(generator.normal(100, 10, 990), generator.normal(100_000, 1000, 10))
    encoding = EncodingSettings(transform="none", scale=False, clip_share=0)
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=2),), encoding=encoding)
    with pytest.raises(DiscoveryError, match=r"one segment holds 99\.0 %, over 95\.0 %"):
        discover(frame_of(spend, generator.poisson(3, 1000)), CONTRACT, settings, {})


def moved_by_one_huge_customer(planted: Any, settings: DiscoverySettings) -> int:
    """How many others change segment when the largest spender spends a thousand times more."""
    before = discover(planted.frame, planted.contract, settings, {}).labels
    huge = int(np.argmax(planted.frame["monetary_value"]))
    frame = planted.frame.copy()
    frame.iloc[huge, frame.columns.get_loc("monetary_value")] *= 1000
    after = discover(frame, planted.contract, settings, {}).labels
    return int(np.sum(np.delete(before != after, huge)))


@pytest.mark.parametrize(
    "algorithms", [(KMeansSettings(), HdbscanSettings()), (KMeansSettings(),), (HdbscanSettings(),)]
)
def test_one_huge_customer_moves_no_segment(planted: Any, algorithms: Any) -> None:
    assert moved_by_one_huge_customer(planted, DiscoverySettings(algorithms=algorithms)) == 0


def test_one_huge_customer_would_move_others_without_clipping_and_logarithm(planted: Any) -> None:
    bare = EncodingSettings(clip_share=0, transform="none")
    settings = DiscoverySettings(algorithms=(HdbscanSettings(),), encoding=bare, force=True)
    assert moved_by_one_huge_customer(planted, settings) > 0


def test_hdbscan_finds_the_groups_of_another_implementation(hdbscan_discovery: Discovery) -> None:
    other = cluster.HDBSCAN(min_cluster_size=15, min_samples=11, copy=True).fit(hdbscan_discovery.points)
    fit = hdbscan_discovery.chosen.fit
    assert fit is not None
    assert adjusted_rand_score(other.labels_, fit.labels) >= 0.98


def test_the_assigner_agrees_with_the_fit(kmeans_discovery: Discovery, hdbscan_discovery: Discovery) -> None:
    for discovery, least in ((kmeans_discovery, 1.0), (hdbscan_discovery, 0.94)):
        judgement = discovery.chosen.judgement
        assert judgement is not None
        assert judgement.agreement >= least


def test_ids_are_opaque_and_differ_between_discoveries(planted: Any, kmeans_discovery: Discovery) -> None:
    other = discover(
        planted.frame,
        planted.contract,
        DiscoverySettings(algorithms=(KMeansSettings(segments=4),)),
        {"data_digest": "x"},
    )
    assert not set(other.model.ids) & set(kmeans_discovery.model.ids)
    assert len(set(other.model.ids)) == 4


def test_large_tables_are_searched_on_a_sample_and_served_whole() -> None:
    generator = np.random.default_rng(3)
    centers = generator.normal(0, 10, (3, 2))
    truth = generator.integers(0, 3, 21_000)
    points = centers[truth] + generator.normal(0, 1, (21_000, 2))
    for spec in (KMeansSpec(3, 3), HdbscanSpec(200, 10)):
        fit = spec.fit(points, 0)
        near = fit.assigner.nearest(np.ascontiguousarray(points.T))
        assert adjusted_rand_score(truth, near.segment) >= 0.99


def test_the_silhouette_of_a_sample_stands_for_all() -> None:
    generator = np.random.default_rng(4)
    points = np.vstack([generator.normal(0, 1, (5000, 2)), generator.normal(4, 1, (60, 2))])
    labels = np.repeat([0, 1], [5000, 60])
    sample = stratified_sample(labels, 800, 0)
    assert np.sum(labels[sample] == 1) >= 50
    whole = weighted_silhouette(points, labels, np.arange(len(labels)))
    assert weighted_silhouette(points, labels, sample) == pytest.approx(whole, abs=0.02)


def judged(**change: float) -> Judgement:
    scores = {
        "segments": 4, "smallest_share": 0.1, "largest_share": 0.5, "unassigned_share": 0.0,
        "silhouette": 0.4, "stability": 0.9, "agreement": 1.0,
    }  # fmt: skip
    return Judgement(**{**scores, **change})  # type: ignore[arg-type]


def test_the_best_separated_without_objection_is_chosen_and_the_reasons_are_written() -> None:
    names = ["a", "b", "c", "d"]
    judgements = [judged(), judged(silhouette=0.9, largest_share=0.99), None, judged(silhouette=0.5)]
    choice = choose(names, judgements, DiscoverySettings())
    assert choice.chosen == 3
    assert choice.reason.startswith("d: silhouette 0.500")
    assert "one segment holds 99.0 %, over 95.0 %" in choice.remarks[1]
    assert choice.remarks[2] == "refused: fewer than two segments"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"segments": 70}, "70 segments, allowed are 2 to 60"),
        ({"smallest_share": 0.001}, "the smallest segment holds 0.1 %, under 1.0 %"),
        ({"unassigned_share": 0.7}, "70.0 % unassigned, over 50.0 %"),
        ({"stability": 0.2}, "two halves of the customers agree to 0.20, under 0.5"),
    ],
)
def test_each_objection_has_its_reason(change: dict[str, float], reason: str) -> None:
    with pytest.raises(DiscoveryError, match=reason):
        choose(["only"], [judged(**change)], DiscoverySettings())


def test_cards_are_true_to_the_customers(kmeans_discovery: Discovery) -> None:
    discovery = kmeans_discovery
    names = [card.name for card in discovery.model.cards]
    assert len(set(names)) == len(names)
    for position, card in enumerate(discovery.model.cards):
        members = discovery.frame[discovery.labels == position]
        assert card.size == len(members)
        assert card.share == pytest.approx(len(members) / len(discovery.frame))
        assert card.medians["recency_days"] == members["recency_days"].median()
        assert card.medians["plan"] == members["plan"].mode()[0]
        for difference in card.differences:
            if isinstance(difference.typical, float) and isinstance(difference.overall, float):
                assert (difference.typical - difference.overall) * difference.effect > 0
    assert sum(card.size for card in discovery.model.cards) == len(discovery.frame)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (1234.5, "1,230"),
        (0.0312, "0.0312"),
        (12.0, "12"),
        (9.996, "10"),
        (1e9, "1,000,000,000"),
        (-3.14159, "-3.14"),
    ],
)
def test_numbers_as_people_say_them(value: float, words: str) -> None:
    assert plain_number(value) == words


def test_one_is_singular() -> None:
    assert "(1 of 2 was refused)" in choose(["a", "b"], [judged(), None], DiscoverySettings()).reason
    assert "(2 of 3 were refused)" in choose(["a", "b", "c"], [judged(), None, None], DiscoverySettings()).reason


def test_values_carry_their_units() -> None:
    assert plain_value(1.0, Column("gap", Kind.COUNT, unit="days")) == "1 day"
    assert plain_value(0.314, Column("part", Kind.SHARE)) == "31.4 %"
    assert plain_value(None, Column("gap", Kind.COUNT, unit="days")) == "unknown"
    assert plain_value(1.0, Column("churned", Kind.FLAG)) == "yes"


def test_a_number_whose_square_overflows_is_refused(planted: Any) -> None:
    frame = planted.frame.copy()
    frame.loc["C00003", "monetary_value"] = 1e300
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=4),))
    with pytest.raises(DiscoveryError, match=r"monetary_value holds 1e\+300 \(customer 'C00003'\).*descriptor"):
        discover(frame, planted.contract, settings, {})
