"""A discovery on a sample: its KMeans is refined on all customers, and its cards speak of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from segment_model.assigners.assigner import Assigner
from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.contract import Column, VectorContract
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segments import SegmentModel
from tests.conftest import PLANTED_CONTRACT, make_continuum
from tests.training.candidates.test_top_spenders import CONTRACT as TOP_CONTRACT
from tests.training.candidates.test_top_spenders import SETTINGS as TOP_SETTINGS
from tests.training.candidates.test_top_spenders import TOP, shop
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.encoding import EncodedCustomers
from training.fitting.lloyd import SegmentSums
from training.fitting.single_thread import single_thread
from training.incumbent.assignments import assign_vectors
from training.profiling.profile import Profile, profile_of
from training.profiling.words.word import Truth, Word, truths
from training.profiling.words.word_rules import Spread, spread_in
from training.settings import DiscoverySettings
from training.succession.succession import succeed

SETTINGS = DiscoverySettings(algorithms=(KMeansSettings(segments=5),))


@dataclass(frozen=True)
class Assigned:
    """All customers of a frame in their segments."""

    frame: pd.DataFrame
    labels: Indices
    segments: int
    moved: int

    def profile(self, columns: Sequence[Column]) -> Profile:
        return profile_of(self.frame, columns, self.labels, self.segments)

    def spread(self, column: str) -> Spread | None:
        return spread_in(self.frame, column)

    def truths(self, words: Sequence[Word]) -> list[Sequence[Truth]]:
        return [truths(word.condition.holds(self.frame), self.labels, self.segments) for word in words]


@dataclass(frozen=True)
class InMemory:
    """Everyone, of a frame. empties : a segment that has no customers from a step on; asked : the steps."""

    frame: pd.DataFrame
    empties: tuple[int, int] | None = None
    asked: list[int] = field(default_factory=list)

    @property
    def customers(self) -> int:
        return len(self.frame)

    @property
    def missing(self) -> frozenset[str]:
        return frozenset(self.frame.columns[self.frame.isna().any()])

    def shares(self, model: SegmentModel) -> Floats:
        segment = assign_vectors(model, self.frame).segment
        return np.array([(segment == place).mean() for place in range(len(model.ids))])

    def sums(self, contract: VectorContract, encoder: Encoder, centroids: Floats) -> SegmentSums:
        points = EncodedCustomers.encode(self.frame, contract, encoder).points
        segment = NearestCentroid(centroids).nearest(np.ascontiguousarray(points.T)).segment
        self.asked.append(len(self.asked))
        if self.empties is not None and len(self.asked) > self.empties[1]:
            segment = np.where(segment == self.empties[0], (segment + 1) % len(centroids), segment)
        members = (segment == np.arange(len(centroids))[:, None]).astype(float)
        return SegmentSums(members.sum(axis=1).astype(np.intp), members @ points, (points**2).sum(axis=0))

    def assigned(self, contract: VectorContract, encoder: Encoder, assigner: Assigner, former: Assigner) -> Assigned:
        points = np.ascontiguousarray(EncodedCustomers.encode(self.frame, contract, encoder).points.T)
        labels, before = (
            np.where(near.outside, -1, near.segment) for near in (assigner.nearest(points), former.nearest(points))
        )
        return Assigned(self.frame, labels, assigner.size, int((labels != before).sum()))


@pytest.fixture(scope="module")
def population() -> pd.DataFrame:
    return make_continuum(3_000, seed=11)


@pytest.fixture(scope="module")
def sample(population: pd.DataFrame) -> pd.DataFrame:
    return population.iloc[np.sort(np.random.default_rng(2).choice(3_000, 600, replace=False))]


@pytest.fixture(scope="module")
def of_sample(population: pd.DataFrame, sample: pd.DataFrame) -> Discovery:
    return discover(sample, PLANTED_CONTRACT, SETTINGS, {"data_digest": "sha256:sample"})


@pytest.fixture(scope="module")
def refined(population: pd.DataFrame, sample: pd.DataFrame) -> Discovery:
    return discover(sample, PLANTED_CONTRACT, SETTINGS, {"data_digest": "sha256:sample"}, everyone=InMemory(population))


def centroids(model: SegmentModel) -> Floats:
    return model.assigner.arrays()["centroids"]


def story(discovery: Discovery) -> Mapping[str, Any]:
    population: Mapping[str, Any] = discovery.model.provenance["population"]
    return population


def test_centroids_are_those_of_scikit_learn_on_all_customers(
    population: pd.DataFrame, of_sample: Discovery, refined: Discovery
) -> None:
    """The same start and steps as on one machine, which fits all from the centroids of the random starts."""
    model = refined.model
    assert model.encoder.to_state()[0] == of_sample.model.encoder.to_state()[0]
    points = EncodedCustomers.encode(population, model.contract, model.encoder).points
    start = centroids(of_sample.model)
    with single_thread():
        fitted = KMeans(5, init=start, n_init=1).fit(points)
    np.testing.assert_allclose(centroids(model), fitted.cluster_centers_, rtol=0, atol=1e-9)
    assert story(refined)["steps"] == fitted.n_iter_ > 0
    answer = model.assign(population)
    assert answer.segment_id.tolist() == [model.ids[label] for label in fitted.labels_]
    before = NearestCentroid(start).nearest(np.ascontiguousarray(points.T)).segment
    assert story(refined)["moved"] == (before != fitted.labels_).sum() > 0
    assert refined.labels.tolist() == [model.ids.index(own) for own in model.assign(refined.frame).segment_id]


def test_the_explanation_starts_from_the_mean_of_all_customers(population: pd.DataFrame, refined: Discovery) -> None:
    model = refined.model
    points = EncodedCustomers.encode(population, model.contract, model.encoder).points
    np.testing.assert_allclose(model.explainer.arrays()["mean"], points.mean(axis=0), rtol=0, atol=1e-9)


def test_cards_count_all_customers(population: pd.DataFrame, refined: Discovery) -> None:
    """By pandas alone."""
    frame = population.assign(segment=refined.model.assign(population).segment_id)
    for card in refined.model.cards:
        own = frame[frame.segment == card.id]
        assert (card.size, card.share) == (len(own), len(own) / 3_000)
        assert card.medians["monetary_value"] == own.monetary_value.median()
        assert card.medians["days_between_orders"] == (
            None if own.days_between_orders.isna().all() else own.days_between_orders.median()
        )
        assert card.medians["plan"] == own.plan.mode()[0]
        assert card.sentence.startswith(f"{len(own):,} customers (")
        for difference in card.differences:
            if difference.column != "plan":
                assert difference.overall == frame[difference.column].median()
    assert refined.profile.totals["monetary_value"].of_everyone == pytest.approx(frame.monetary_value.sum())


def test_what_is_of_all_and_what_of_the_sample_is_said(refined: Discovery, of_sample: Discovery) -> None:
    assert of_sample.of_all is None
    assert "population" not in of_sample.model.provenance
    assert refined.of_all is not None
    whole, sample, how, words = refined.of_all.sentences
    assert whole.startswith("Of all 3,000 customers: the sizes")
    assert sample.startswith("Of a sample of 600 of them: the candidates, the verdict")
    facts = story(refined)
    share = facts["moved"] / 3_000
    steps = f"{facts['steps']} step{'' if facts['steps'] == 1 else 's'}"
    assert how == (
        f"The centroids are refined on all customers in {steps}; those of the sample would have assigned "
        f"{facts['moved']} of 3,000 customers otherwise ({100 * share:.2f} %)."
    )
    assert (facts["customers"], facts["sample"], facts["kept_out"]) == (3_000, 600, "")
    assert f"{facts['words']['asked']} words were suggested by the sample" in words


def test_a_value_that_only_the_sample_has_everywhere_may_be_missing(
    population: pd.DataFrame, sample: pd.DataFrame
) -> None:
    whole = population.copy()
    outsider = whole.index.difference(sample.index)[0]
    whole.loc[outsider, "monetary_value"] = np.nan
    settings, origin = SETTINGS, {"data_digest": "sha256:sample"}
    made = discover(sample, PLANTED_CONTRACT, settings, origin, everyone=InMemory(whole))
    assert made.contract["monetary_value"].nullable
    assert made.model.assign(whole.loc[[outsider]]).segment_id.notna().all()


def test_a_word_that_is_untrue_of_all_customers_is_not_said(population: pd.DataFrame, sample: pd.DataFrame) -> None:
    """Those with many orders have many employees, but nearly all whom the sample misses have a million."""
    agreed = discover(sample, PLANTED_CONTRACT, SETTINGS, {}, everyone=InMemory(population))
    assert any(difference.words == "small" for card in agreed.model.cards for difference in card.differences)
    everyone = population.assign(employees=population.employees.where(population.index.isin(sample.index), 1e6))
    changed = discover(sample, PLANTED_CONTRACT, SETTINGS, {}, everyone=InMemory(everyone))
    assert story(changed)["words"]["untrue"] > story(agreed)["words"]["untrue"]
    assert changed.of_all is not None
    assert changed.of_all.sentences[-1].endswith("untrue and left out.")
    for card in changed.model.cards:
        assert card.medians["employees"] == 1e6
        assert all(difference.words != "small" for difference in card.differences)


@pytest.mark.parametrize("step", [0, 1])
def test_a_segment_that_empties_keeps_the_refinement_out(
    population: pd.DataFrame, sample: pd.DataFrame, of_sample: Discovery, step: int
) -> None:
    everyone = InMemory(population, empties=(2, step))
    kept = discover(sample, PLANTED_CONTRACT, SETTINGS, {"data_digest": "sha256:sample"}, everyone=everyone)
    np.testing.assert_array_equal(centroids(kept.model), centroids(of_sample.model))
    assert story(kept)["kept_out"] == f"after {step} step{'' if step == 1 else 's'}, segment 3 of 5 has no customers"
    assert (story(kept)["steps"], story(kept)["moved"]) == (0, 0)
    assert kept.of_all is not None
    assert kept.of_all.sentences[2].startswith("The segments are not refined on all customers: after")
    assert kept.of_all.sentences[2].endswith("is learned from the sample alone; all customers are assigned by it.")
    assert sum(card.size for card in kept.model.cards) == 3_000  # who describes all of them all the same


def test_a_refinement_with_another_verdict_is_kept_out(
    population: pd.DataFrame, sample: pd.DataFrame, of_sample: Discovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.discovery import refinement
    from training.evaluation.verdict import VerdictKind

    others = set(VerdictKind) - {of_sample.verdict.kind}
    real = refinement.verdict_of

    def another(*args: Any, **options: Any) -> Any:
        return replace(real(*args, **options), kind=min(others))

    monkeypatch.setattr(refinement, "verdict_of", another)
    everyone = InMemory(population)
    kept = discover(sample, PLANTED_CONTRACT, SETTINGS, {"data_digest": "sha256:sample"}, everyone=everyone)
    np.testing.assert_array_equal(centroids(kept.model), centroids(of_sample.model))
    assert story(kept)["kept_out"].startswith(
        f"the refined segments have another verdict: {str(min(others)).capitalize()}"
    )
    assert kept.verdict == of_sample.verdict


def test_segments_without_means_are_those_of_the_sample_and_describe_all(
    population: pd.DataFrame, sample: pd.DataFrame
) -> None:
    settings = DiscoverySettings(algorithms=(HdbscanSettings(min_cluster_sizes=(12,)),))
    alone = discover(sample, PLANTED_CONTRACT, settings, {})
    kept = discover(sample, PLANTED_CONTRACT, settings, {}, everyone=InMemory(population))
    assert story(kept)["kept_out"].startswith("HDBSCAN")
    assert story(kept)["kept_out"].endswith(": only centroids that are the means of their customers are refined")
    for name, own in alone.model.assigner.arrays().items():
        np.testing.assert_array_equal(kept.model.assigner.arrays()[name], own)
    answer = kept.model.assign(population)
    assert [card.size for card in kept.model.cards] == [(answer.segment_id == own).sum() for own in kept.model.ids]


def test_top_spenders_are_refined_among_all_from_where_they_begin_in_the_sample() -> None:
    """As many again are not in the sample; by NumPy and scikit-learn from the sample's centroids."""
    sample = shop()
    others = sample * np.random.default_rng(5).uniform(0.8, 1.1, sample.shape)
    whole = pd.concat([sample, others.set_index("other " + sample.index)])
    alone, made = (
        discover(sample, TOP_CONTRACT, TOP_SETTINGS, {}, everyone=everyone) for everyone in (None, InMemory(whole))
    )
    assert alone.model.provenance["parameters"]["top_of"] == "spend"
    model, start = made.model, centroids(alone.model)
    points = EncodedCustomers.encode(whole, model.contract, model.encoder).points
    place = model.encoder.numbers.names.index("spend")
    top = int(start[:, place].argmax())
    means = [own for own in range(len(start)) if own != top]
    with single_thread():
        fitted = KMeans(len(means), init=start[means], n_init=1).fit(points)
    head = sample.spend
    for _ in range(alone.model.provenance["parameters"]["head"]):
        border = head.mean()
        head = head[head > border]
    members = points[(whole.spend > border).to_numpy()]
    assert len(members) > len(head) + TOP / 2
    expected = np.insert(fitted.cluster_centers_, top, members.mean(axis=0), axis=0)
    np.testing.assert_allclose(centroids(model), expected, rtol=0, atol=1e-9)
    assert made.of_all is not None
    assert "; the top spenders are counted among all, and begin where they do in the sample" in made.of_all.sentences[2]
    card = next(card for card in model.cards if card.id == model.ids[top])
    assert card.size == pytest.approx(2 * TOP, abs=4)


def test_the_segments_of_a_champion_go_on_to_the_bit(
    population: pd.DataFrame, sample: pd.DataFrame, refined: Discovery
) -> None:
    """They reassign nobody without news (decision 30), though a sample has other shares than all by chance."""
    everyone = InMemory(population)
    second = discover(sample, PLANTED_CONTRACT, SETTINGS, {}, incumbent=refined.model, everyone=everyone)
    np.testing.assert_array_equal(centroids(second.model), centroids(refined.model))
    assert story(second)["kept_out"].startswith("the champion's segments (KMeans, 5 segments): only centroids")
    assert second.of_all is not None
    model, _ = succeed(second.model, refined.model, sample, second.of_all.population)
    assert (model.ids, model.names) == (refined.model.ids, refined.model.names)
    assert [card.size for card in model.cards] == [card.size for card in refined.model.cards]
