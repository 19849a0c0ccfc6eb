"""What Spark says of all customers is what NumPy, pandas and scikit-learn say of the same table in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from sklearn.cluster import KMeans

from cli import main
from features.spark.stored_table import read_stored
from jobs.registry_location import location_of
from jobs.spark import training_vectors
from jobs.spark.everyone import SparkEveryone
from jobs.spark.segment_sums import exponents_of
from registry.connection import connected
from registry.versions.versions import fetch, list_versions
from segment_model.assigners.nearest_centroid import NearestCentroid
from segments import SegmentModel, VectorContract
from tests.conftest import make_continuum
from training.encoding import EncodedCustomers
from training.fitting.lloyd import move_centroids
from training.fitting.single_thread import single_thread
from training.incumbent.assignments import assign_vectors
from training.profiling.profile import profile_of
from training.profiling.words.vocabulary import standing_words
from training.profiling.words.word import MARGIN, Word, truths
from training.profiling.words.word_rules import spread_in
from training.settings import parse_settings

# py4j closes the sockets of its gateway when Python ends
pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

CUSTOMERS = 3_000


@pytest.fixture(scope="module")
def population() -> pd.DataFrame:
    """Among them levels that are rare, values that are missing, and a tie of two commonest levels."""
    frame = make_continuum(CUSTOMERS, seed=5)
    frame.loc[frame.index[:7], "country"] = [f"rare {number}" for number in range(7)]
    return frame


@pytest.fixture(scope="module")
def everyone(spark: Any, population: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkEveryone]:
    file = tmp_path_factory.mktemp("everyone") / "population.parquet"
    population.reset_index().to_parquet(file, index=False)
    frame = spark.read.parquet(file.as_uri()).repartition(3).persist()
    missing = frozenset(population.columns[population.isna().any()])
    whole = SparkEveryone(frame, CUSTOMERS, missing)
    yield whole
    whole.close()
    frame.unpersist()


def encoded(model: SegmentModel, frame: pd.DataFrame) -> Any:
    return EncodedCustomers.encode(frame, model.contract, model.encoder).points


def test_steps_on_all_customers_are_those_of_scikit_learn(
    everyone: SparkEveryone, kmeans_model: SegmentModel, population: pd.DataFrame
) -> None:
    """The centroids of a sample move to where they go on one machine; nobody is assigned otherwise."""
    points = encoded(kmeans_model, population)
    with single_thread():
        start = KMeans(5, n_init=3, random_state=0).fit(points[::10]).cluster_centers_
    moved = move_centroids(
        start, lambda centroids: everyone.sums(kmeans_model.contract, kmeans_model.encoder, centroids)
    )
    with single_thread():
        fitted = KMeans(len(start), init=start, n_init=1).fit(points)
    assert moved.steps == fitted.n_iter_ > 1
    np.testing.assert_allclose(moved.centroids, fitted.cluster_centers_, rtol=0, atol=1e-9)
    near = NearestCentroid(moved.centroids).nearest(np.ascontiguousarray(points.T))
    no_tie = near.runner_up_distance - near.distance > 1e-9
    assert no_tie.sum() > 0.99 * CUSTOMERS
    assert (near.segment == fitted.labels_)[no_tie].all()


def test_sums_are_the_same_to_the_bit_in_other_partitions(everyone: SparkEveryone, kmeans_model: SegmentModel) -> None:
    model = kmeans_model
    shuffled = SparkEveryone(everyone.frame.repartition(2, "country").sort("frequency"), CUSTOMERS, everyone.missing)
    ours, theirs = (each.sums(model.contract, model.encoder, model.centres) for each in (everyone, shuffled))
    assert ours.customers == CUSTOMERS
    assert (ours.sums.tobytes(), ours.squares.tobytes()) == (theirs.sums.tobytes(), theirs.squares.tobytes())
    assert exponents_of(model.encoder).min() > 40  # bits behind the point


def test_the_profile_is_that_of_the_table(
    everyone: SparkEveryone, kmeans_model: SegmentModel, population: pd.DataFrame
) -> None:
    model, contract = kmeans_model, kmeans_model.contract
    shifted = NearestCentroid(model.centres + 0.1)
    assigned = everyone.assigned(contract, model.encoder, model.assigner, shifted)
    points = np.ascontiguousarray(encoded(model, population).T)
    labels, others = model.assigner.nearest(points).segment, shifted.nearest(points).segment
    assert assigned.moved == (labels != others).sum() > 0
    ours, theirs = assigned.profile(contract.columns), profile_of(population, contract.columns, labels, 4)
    assert (ours.customers, ours.sizes) == (CUSTOMERS, theirs.sizes)
    assert [dict(own) for own in ours.typical] == [dict(own) for own in theirs.typical]  # medians to the bit
    assert dict(ours.overall) == dict(theirs.overall)
    assert ours.totals.keys() == theirs.totals.keys() == {"monetary_value"}
    for place in (-1, 0, 1, 2, 3):
        total = ours.totals["monetary_value"].of_segments[place]
        assert total == pytest.approx(theirs.totals["monetary_value"].of_segments[place], rel=1e-12)
    for column in contract.columns:
        if not column.is_category:
            spread, expected = assigned.spread(column.name), spread_in(population, column.name)
            assert spread is not None
            assert expected is not None
            for name in ("least", "lower_third", "median", "upper_third", "most"):
                assert getattr(spread, name) == pytest.approx(getattr(expected, name), rel=1e-14)
    assert assigned.spread("country") is None


def test_segments_of_every_algorithm_are_counted(
    everyone: SparkEveryone, model: SegmentModel, population: pd.DataFrame
) -> None:
    """Those who belong to none are counted as such; an assigner travels to the workers after it was asked here."""
    near = model.assigner.nearest(np.ascontiguousarray(encoded(model, population).T))
    labels = np.where(near.outside, -1, near.segment)
    assigned = everyone.assigned(model.contract, model.encoder, model.assigner, model.assigner)
    assert assigned.moved == 0
    assert dict(assigned.sizes) == {place: int((labels == place).sum()) for place in range(-1, len(model.ids))}


def test_shares_of_a_champion_leave_out_whom_it_cannot_read(
    everyone: SparkEveryone, kmeans_model: SegmentModel, population: pd.DataFrame
) -> None:
    strict = [replace(column, nullable=False) for column in kmeans_model.contract.columns]
    champion = replace(kmeans_model, contract=VectorContract(tuple(strict)))
    reading = assign_vectors(champion, population)
    assert 0 < (~reading.readable).sum() < CUSTOMERS
    expected = [(reading.segment == place).sum() / CUSTOMERS for place in range(len(champion.ids))]
    assert everyone.shares(champion).tolist() == expected


def test_a_word_is_true_of_as_many_as_in_the_table(
    everyone: SparkEveryone, kmeans_model: SegmentModel, population: pd.DataFrame
) -> None:
    model = kmeans_model
    labels = model.assigner.nearest(np.ascontiguousarray(encoded(model, population).T)).segment
    words: list[Word] = []
    for column in model.contract.columns:
        for own in standing_words(column, population, labels, 4, MARGIN):
            words += [word for word, _ in own]
    assert len(words) > 30
    assigned = everyone.assigned(model.contract, model.encoder, model.assigner, model.assigner)
    assert assigned.moved == 0
    expected = [truths(word.condition.holds(population), labels, 4) for word in words]
    assert assigned.truths(words) == [list(own) for own in expected]
    assert assigned.truths([]) == []


COMMANDS = """
engine: {spark: "local[2]"}
sources:
  vectors: {file: population.parquet}
discovery: {algorithms: [{algorithm: kmeans, segments: 5}]}
"""


def test_the_command_writes_a_report_that_says_whose_numbers_it_has(
    spark: Any,
    population: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    quick_discovery: Callable[[], AbstractContextManager[None]],
) -> None:
    """The cards of the registered model have the sizes that `segments assign` counts, and its centroids stay put."""
    monkeypatch.setattr(training_vectors, "SIZES", (300, 600))
    population.reset_index().to_parquet(tmp_path / "population.parquet", index=False)
    config, report = tmp_path / "segments.yaml", tmp_path / "report.html"
    config.write_text(COMMANDS)

    def run(*arguments: object) -> str:
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert done.exit_code == 0, done.output
        return done.output

    with quick_discovery():
        output = run("discover", config, "--promote", "--report", report)
    size = re.search(r"on a sample of (300|600) of 3,000 customers", output)
    assert size is not None, output
    page = " ".join(report.read_text(encoding="utf-8").split())
    location = location_of(parse_settings(yaml.safe_load(COMMANDS)), tmp_path)
    model, (version,) = fetch(location, "champion").model, list_versions(location)
    facts = model.provenance["population"]
    with connected(location) as connection:
        run_of = connection.client.get_run(version.run_id).data
    logged = {"customers": CUSTOMERS, "sample_customers": int(size[1])}
    logged |= {"refinement_steps": facts["steps"], "refinement_moved": facts["moved"]}
    assert {name: run_of.metrics[name] for name in logged} == logged
    assert "Of all 3,000 customers: the sizes and shares" in run_of.tags["mlflow.note.content"]
    assert (facts["customers"], facts["sample"]) == (CUSTOMERS, int(size[1]))
    assert facts["steps"] > 0
    assert "Whose numbers these are" in page
    assert "3,000 customers fall into 5 segments." in page
    assert f"Of a sample of {size[1]} of them: the candidates, the verdict with its evidence" in page
    assert f"The centroids are refined on all customers in {facts['steps']} step" in page
    run("features", config, "--model", "champion", "--out", tmp_path / "vectors.parquet")
    counted = run("assign", tmp_path / "vectors.parquet", "--out", tmp_path / "assigned.parquet", "--config", config)
    assigned = pd.read_parquet(read_stored(tmp_path / "assigned.parquet")[0])
    sizes = assigned.segment_id.value_counts()
    assert {card.id: card.size for card in model.cards} == sizes.to_dict(), counted
    everywhere = population.join(assigned.set_index("customer_id").segment_id)
    for card in model.cards:
        own = everywhere[everywhere.segment_id == card.id]
        assert card.medians["monetary_value"] == own.monetary_value.median()
        assert card.medians["plan"] == own.plan.mode()[0]
    rows = json.loads(run("figures", "--distributions", "--format", "json", "--config", config))["distributions"]
    shown = {(row["group"], row["column"], row["level"], row["statistic"]): row["value"] for row in rows}
    for card in model.cards:
        own = everywhere[everywhere.segment_id == card.id]
        assert shown[card.id, "monetary_value", "", "median"] == pytest.approx(own.monetary_value.median(), rel=1e-9)
        commonest = card.medians["plan"]
        share = (own.plan == commonest).sum() / own.plan.notna().sum()
        assert shown[card.id, "plan", commonest, "share"] == pytest.approx(share, rel=1e-9)
    points = encoded(model, population)
    with single_thread():
        again = KMeans(5, init=model.centres, n_init=1).fit(points)
    assert again.n_iter_ <= 2
    np.testing.assert_allclose(again.cluster_centers_, model.centres, rtol=0, atol=0.05)
