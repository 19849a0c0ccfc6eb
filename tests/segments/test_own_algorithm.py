"""Algorithms and judgements of the user's own in `segments.discover`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import davies_bouldin_score

import segments
from segments import SegmentsError


class Ward:
    """Written in ten lines, as a user would."""

    name = "Ward, 3 segments"
    parameters = {"linkage": "ward"}  # noqa: RUF012  (as a user writes it)

    def fit(self, points: Any, seed: int) -> Any:
        return AgglomerativeClustering(3).fit_predict(points)


class Shifted(Ward):
    """The means as exemplars, but that of the first group far behind it."""

    name = "shifted"

    def fit(self, points: Any, seed: int) -> Any:
        labels = super().fit(points, seed)
        means = np.array([points[labels == label].mean(axis=0) for label in range(3)])
        means[0] *= 2.2
        return labels, means


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    centres = np.repeat([[0, 0], [9, 9], [0, 9]], [120, 90, 60], axis=0)
    return pd.DataFrame(centres + generator.normal(size=(270, 2)), columns=["spend", "visits"])


def test_its_groups_are_found_named_and_served(customers: pd.DataFrame, tmp_path: Path) -> None:
    discovered = segments.discover(customers, algorithms=[Ward()], judgements={"spread": davies_bouldin_score})
    assert sorted(discovered.labels.value_counts()) == [60, 90, 120]
    (note,) = (note for note in discovered.notes if note.startswith("Ward"))
    assert note.endswith("exemplars, like the algorithm itself for 100.0 % of the customers")
    row = discovered.candidates.iloc[0]
    assert row["candidate"] == "Ward, 3 segments"
    assert row["parameters"] == "linkage=ward"
    assert 0 < row["spread"] < 1
    discovered.model.save(tmp_path / "model")
    served = segments.load(tmp_path / "model")
    assert [*served.assign(customers)["segment_id"]] == [*discovered.labels]
    assert served.provenance["algorithm"] == "own"


def test_a_model_that_does_not_answer_like_it_is_not_logged(customers: pd.DataFrame, tmp_path: Path) -> None:
    discovered = segments.discover(customers, algorithms=[Shifted()], discovery={"force": True})
    assert discovered.candidates["agreement"].max() < 0.99
    with pytest.raises(SegmentsError, match=r"answers like shifted for \d\d\.\d % .*, and 99 % are needed"):
        discovered.log(f"sqlite:///{tmp_path / 'mlflow.db'}", "shop")
    assert not list(tmp_path.iterdir())


def test_it_competes_with_named_algorithms(customers: pd.DataFrame) -> None:
    tried = segments.discover(customers, algorithms=[{"algorithm": "kmeans", "segments": 3, "starts": 1}, Ward()])
    assert "Ward, 3 segments" in [*tried.candidates["candidate"]]
    assert tried.candidates["candidate"].str.startswith("KMeans, 3").any()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"algorithms": "kmeans"}, "algorithms is a list, such as .* got str"),
        ({"algorithms": []}, "algorithms names none"),
        ({"algorithms": ["kmean"]}, "kmeans"),
        ({"algorithms": [Ward]}, r"Ward is a class; pass an object: Ward\(\)"),
        ({"algorithms": [AgglomerativeClustering]}, "is a class"),
        ({"algorithms": [lambda points: points]}, "function is no algorithm"),
        ({"algorithms": [Ward()], "discovery": {"algorithms": []}}, "named twice"),
        ({"judgements": davies_bouldin_score}, "judgements is a dict of functions by name; got function"),
        ({"judgements": {"spread": 3}}, "'spread' is no function of points and labels; got int"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(options: dict[str, Any], words: str, customers: pd.DataFrame) -> None:
    with pytest.raises(SegmentsError, match=words):
        segments.discover(customers, **options)


def test_a_judgement_that_is_no_number_is_named(customers: pd.DataFrame) -> None:
    discovered = segments.discover(
        customers, algorithms=[{"algorithm": "kmeans", "segments": 3, "starts": 1}], judgements={"bad": lambda *_: "7"}
    )
    with pytest.raises(SegmentsError, match="'bad' returns a number of each candidate; got str"):
        discovered.candidates  # noqa: B018  (what is tested)


class Failing:
    """An algorithm that cannot do what it is asked for."""

    name = "mine"

    def fit(self, points: Any, seed: int) -> Any:
        raise RuntimeError("too far\nfrom home")


def test_an_algorithm_that_fails_is_named_and_its_error_chained(customers: pd.DataFrame) -> None:
    with pytest.raises(SegmentsError, match=r"^mine: fit failed: RuntimeError: too far$") as caught:
        segments.discover(customers, algorithms=[Failing()])
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_judgement_that_fails_or_has_a_name_of_ours(customers: pd.DataFrame) -> None:
    kmeans = {"algorithm": "kmeans", "segments": 3, "starts": 1}
    judgements = {"silhouette": lambda *_: 7, "bad": lambda *_: 1 / 0}
    discovered = segments.discover(customers, algorithms=[kmeans], judgements={"silhouette": judgements["silhouette"]})
    assert discovered.candidates["silhouette (own)"].dropna().unique().tolist() == [7.0]
    assert discovered.candidates["silhouette"].dropna().between(-1, 1).all()
    failing = segments.discover(customers, algorithms=[kmeans], judgements=judgements)
    with pytest.raises(SegmentsError, match="judgements: 'bad' failed: ZeroDivisionError: division by zero"):
        failing.candidates  # noqa: B018  (what is tested)
