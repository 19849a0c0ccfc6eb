"""An algorithm of the user's own: what it may return, and that the assigner answers like it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Floats
from segment_model.errors import DiscoveryError, SettingsError
from training.candidates.candidate import Fit, NoSegmentsError
from training.candidates.own_settings import OwnSettings


class Returns:
    """An algorithm that returns what it is told."""

    name = "fixed"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def fit(self, points: Floats, seed: int) -> Any:
        return self.answer


@pytest.fixture(scope="module")
def points() -> Floats:
    """Two groups of 40 and 20, around 0 and 9, and five points far from both."""
    generator = np.random.default_rng(3)
    groups = [generator.normal(centre, 1, (count, 2)) for centre, count in ((0, 40), (9, 20))]
    return np.vstack([*groups, [[50.0, -50.0]] * 5])


LABELS = np.repeat([7, 3, -1], [40, 20, 5])


def fit_of(answer: Any, points: Floats) -> Fit:
    (spec,) = OwnSettings.of(Returns(answer)).candidates(None)  # type: ignore[arg-type]  # not read
    return spec.fit(points, 0)


def labels_of(fit: Fit, points: Floats) -> list[int]:
    near = fit.assigner.nearest(np.ascontiguousarray(points.T))
    return [int(label) for label in np.where(near.outside, -1, near.segment)]


def test_labels_alone_are_answered_by_exemplars(points: Floats) -> None:
    fit = fit_of(LABELS, points)
    assert fit.labels.tolist() == [0] * 40 + [1] * 20 + [-1] * 5
    assert labels_of(fit, points) == fit.labels.tolist()
    assert fit.assigner.exemplar_count < len(points)


def test_without_a_negative_label_nobody_is_outside(points: Floats) -> None:
    fit = fit_of(np.where(LABELS < 0, 3, LABELS), points)
    far = np.array([[1e6, -1e6]])
    assert labels_of(fit, np.vstack([points, far])) == [0] * 40 + [1] * 26


def test_exemplars_decide_by_the_nearest(points: Floats) -> None:
    fit = fit_of((LABELS, points[[0, 45, 62]]), points)
    assert labels_of(fit, np.array([[1.0, 1.0], [8.0, 8.0], [40.0, -40.0]])) == [0, 1, -1]


def test_an_assigner_keeps_its_own_numbering(points: Floats) -> None:
    centres = NearestCentroid(np.array([[9.0, 9.0], [0.0, 0.0]]))
    labels = np.repeat([1, 0, 1], [40, 20, 5])
    fit = fit_of((labels, centres), points)
    assert fit.assigner is centres
    assert fit.labels.tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (LABELS[:-1], r"fixed: fit returns a whole number for each of the 65 points.* got an array of shape \(64,\)"),
        (LABELS.astype(float), "type float64"),
        ("labels", "got str 'labels'"),
        (None, "got NoneType"),
        ((LABELS, "exemplars"), r"exemplars of shape \(m, 2\) or an assigner \(NearestCentroid.*got str 'exemplars'"),
        ((LABELS, np.ones((3, 5))), r"got an array of shape \(3, 5\)"),
        ((LABELS, np.zeros((1, 2))), "no exemplar is in 1 of the segments"),
        ((LABELS, NearestCentroid(np.zeros((2, 2)))), "label 7 is no segment of its assigner, which has 0 to 1"),
    ],
)
def test_what_the_protocol_does_not_say_is_refused(answer: Any, words: str, points: Floats) -> None:
    with pytest.raises(DiscoveryError, match=words):
        fit_of(answer, points)


def test_one_segment_is_none(points: Floats) -> None:
    with pytest.raises(NoSegmentsError, match="fewer than two segments"):
        fit_of(np.zeros(65, dtype=int), points)


@pytest.mark.parametrize(("own", "words"), [(Returns, r"pass an object: Returns\(\)"), (3, "int is no algorithm")])
def test_what_is_no_algorithm_is_named(own: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        OwnSettings.of(own)
