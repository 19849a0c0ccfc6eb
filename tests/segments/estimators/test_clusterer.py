"""`SegmentClusterer` passes scikit-learn's own checks and finds planted groups; its errors are ValueErrors."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from segments import NoStructureWarning, SegmentClusterer, SegmentsError

ONE = {"algorithms": [{"algorithm": "kmeans", "starts": 1}]}
TOO_SMALL = {
    "check_n_features_in_after_fitting": "fits 15 rows, in which no segment can be seen to recur",
    "check_fit2d_1feature": "fits 10 rows, in which no segment can be seen to recur",
}


def name_of(part: Any) -> str:
    """The name of a check, for the id of its test."""
    return str(getattr(getattr(part, "func", part), "__name__", "clusterer"))


def checks() -> list[Any]:
    """The checks of scikit-learn but that of array libraries, which is skipped unless SciPy is imported in its mode."""
    estimator = SegmentClusterer(segments=3, discovery=ONE)
    pairs = estimator_checks_generator(estimator, expected_failed_checks=TOO_SMALL, mark="xfail")
    return [pair for pair in pairs if "array_api" not in str(pair)]


@pytest.mark.parametrize(("estimator", "check"), checks(), ids=name_of)
@pytest.mark.filterwarnings("ignore::segments.estimators.clusterer.NoStructureWarning")
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def fitted(planted: Any) -> SegmentClusterer:
    return SegmentClusterer(segments=4, seed=1, discovery=ONE).fit(planted.frame.drop(columns=["country", "employees"]))


def test_it_finds_the_planted_groups_among_numbers_and_text(fitted: SegmentClusterer, planted: Any) -> None:
    assert adjusted_rand_score(planted.truth, fitted.labels_) > 0.9
    assert fitted.n_features_in_ == 6
    assert [*fitted.segment_ids_] == [*fitted.model_.ids]


def test_predict_gives_the_labels_of_the_fit(fitted: SegmentClusterer, planted: Any) -> None:
    frame = planted.frame[fitted.feature_names_in_]
    assert np.mean(fitted.predict(frame) == fitted.labels_) > 0.99


def test_transform_gives_distances_of_which_the_least_is_the_label(fitted: SegmentClusterer, planted: Any) -> None:
    frame = planted.frame[fitted.feature_names_in_].head(50)
    distances = fitted.set_output(transform="pandas").transform(frame)
    assert [*distances.columns] == [f"segmentclusterer{place}" for place in range(4)]
    assert np.array_equal(distances.to_numpy().argmin(axis=1), fitted.predict(frame))
    fitted.set_output(transform="default")


def test_without_structure_it_warns_or_raises() -> None:
    noise = np.random.default_rng(5).random((200, 3))
    with pytest.warns(NoStructureWarning, match="No reproducible structure"):
        SegmentClusterer(segments=7, discovery=ONE).fit(noise)
    with pytest.raises(ValueError, match="no reproducible structure"):
        SegmentClusterer(segments=7, discovery=ONE, on_no_structure="raise").fit(noise)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"on_no_structure": "ignore"}, "got 'ignore'"),
        ({"min_customers": 1000}, "n_samples = 400: a minimum of 1000 is required"),
        ({"discovery": {"min_shar": 0.1}}, "min_share"),
        ({"seed": -1}, "seed"),
        ({"seed": 3, "discovery": {"seed": 4}}, "the seed is named twice, 3 and 4"),
        ({"segments": "4-8"}, "got '4-8'"),
        ({"segments": (8, 4)}, r"got \(8, 4\)"),
        ({"segments": (3,)}, r"got \(3,\)"),
        ({"segments": 1}, "from 2 on; got 1"),
        ({"min_customers": "20"}, "min_customers is a whole number; got '20'"),
        ({"discovery": "force"}, "discovery is a dict of settings; got str"),
    ],
)
def test_a_wrong_parameter_is_named(change: dict[str, Any], words: str, fitted: SegmentClusterer, planted: Any) -> None:
    wrong = clone(fitted).set_params(**change)
    with pytest.raises(ValueError, match=words) as caught:
        wrong.fit(planted.frame[["frequency", "monetary_value"]])
    assert isinstance(caught.value, SegmentsError)


def test_what_cannot_be_clustered_is_refused() -> None:
    same = pd.DataFrame({"a": [1.0] * 30, "b": [2.0] * 30})
    with pytest.raises(ValueError, match="the same in every basis column"):
        SegmentClusterer(segments=2, discovery=ONE).fit(same)
    with pytest.raises(ValueError, match="b has no value in any row"):
        SegmentClusterer(segments=2, discovery=ONE).fit(same.assign(b=np.nan))
    with pytest.raises(ValueError, match="infinity"):
        SegmentClusterer(segments=2, discovery=ONE).fit(same.assign(a=np.inf))


def test_a_value_missing_at_prediction_alone_is_refused(fitted: SegmentClusterer, planted: Any) -> None:
    frame = planted.frame[fitted.feature_names_in_].head(3).assign(frequency=np.nan)
    with pytest.raises(ValueError, match="frequency"):
        fitted.predict(frame)


def test_frames_of_polars_flags_and_names_of_a_column_transformer_are_taken(planted: Any) -> None:
    columns = ["frequency", "monetary_value", "plan"]
    frame = planted.frame[columns].assign(heavy=planted.truth == 3).reset_index(drop=True)
    expected = SegmentClusterer(segments=4, discovery=ONE).fit(frame)
    again = SegmentClusterer(segments=4, discovery=ONE).fit(pl.from_pandas(frame))
    assert again.labels_.tolist() == expected.labels_.tolist()
    assert again.predict(pl.from_pandas(frame)).tolist() == expected.predict(frame).tolist()
    lazy = pl.from_pandas(frame).lazy()
    assert SegmentClusterer(segments=4, discovery=ONE).fit(lazy).labels_.tolist() == expected.labels_.tolist()
    assert again.transform(lazy).tolist() == expected.transform(frame).tolist()
    assert again.predict(pa.Table.from_pandas(frame).to_reader()).tolist() == expected.predict(frame).tolist()
    with pytest.raises(ValueError, match=r"the LazyFrame cannot be collected: .*visits"):
        again.predict(lazy.select("visits"))
    before = make_column_transformer((StandardScaler(), columns[:2]), remainder="passthrough")
    pipeline = make_pipeline(before.set_output(transform="pandas"), SegmentClusterer(segments=4, discovery=ONE))
    assert pipeline.fit(frame)[-1].feature_names_in_[0] == "standardscaler__frequency"
    assert np.bincount(pipeline.predict(frame)).sum() == len(frame)


def test_a_copy_answers_as_the_fitted_clusterer(fitted: SegmentClusterer, planted: Any) -> None:
    frame = planted.frame[fitted.feature_names_in_]
    assert copy.deepcopy(fitted).predict(frame).tolist() == fitted.predict(frame).tolist()
    assert not hasattr(clone(fitted), "labels_")


def test_objects_are_what_they_hold(planted: Any) -> None:
    """`frame.where(frame.notna(), None)` makes objects of all columns, and polars' decimals come as objects."""
    frame = planted.frame[["frequency", "monetary_value", "plan"]].reset_index(drop=True)
    expected = SegmentClusterer(segments=4, discovery=ONE).fit(frame)
    decimals = pl.from_pandas(frame).with_columns(pl.col("frequency").cast(pl.Decimal(20, 0)))
    for again in (frame.astype(object), frame.assign(plan=frame["plan"].astype("category")), decimals):
        fitted_again = SegmentClusterer(segments=4, discovery=ONE).fit(again)
        assert fitted_again.labels_.tolist() == expected.labels_.tolist()
        assert [str(column.kind) for column in fitted_again.model_.contract.columns] == ["number", "number", "category"]
    numbers = frame[["frequency", "monetary_value"]].set_axis([0] * len(frame))  # no row has a name of its own
    of_objects = SegmentClusterer(segments=4, discovery=ONE).fit(numbers.astype(object))
    assert of_objects.labels_.tolist() == SegmentClusterer(segments=4, discovery=ONE).fit(numbers).labels_.tolist()


def test_codes_in_a_category_and_numbers_as_names_are_taken(planted: Any) -> None:
    frame = planted.frame[["frequency", "plan"]].reset_index(drop=True)
    codes = frame["plan"].astype("category").cat.rename_categories(range(frame["plan"].nunique()))
    numbered = frame.assign(plan=codes).set_axis([0, 1], axis=1)
    fitted_again = SegmentClusterer(segments=3, discovery=ONE).fit(numbered)
    assert fitted_again.model_.contract.names == ("x0", "x1")
    assert np.mean(fitted_again.predict(numbered) == fitted_again.labels_) > 0.99


@pytest.mark.parametrize("plan", [True, False], ids=["with text", "numbers alone"])
@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("since", pd.Timestamp("2026-01-01"), "column 'since' holds datetime64"),
        ("stay", pd.Timedelta("1h"), "column 'stay' holds timedelta64"),
        ("wave", 1j, "column 'wave' holds complex128"),
        ("mixed", None, "column 'mixed' holds mixed integer, neither numbers nor text"),
    ],
)
def test_a_column_that_is_neither_number_nor_text_is_named(
    name: str, values: Any, words: str, plan: bool, planted: Any
) -> None:
    frame = planted.frame[["frequency", "monetary_value", *(["plan"] if plan else [])]]
    odd = [1, "a"] * (len(frame) // 2) if values is None else values
    with pytest.raises(ValueError, match=words):
        SegmentClusterer(discovery=ONE).fit(frame.head(len(frame) // 2 * 2).assign(**{name: odd}))


def test_two_columns_of_one_name_are_refused(planted: Any) -> None:
    frame = planted.frame[["frequency", "monetary_value"]].set_axis(["spend", "spend"], axis=1)
    with pytest.raises(ValueError, match="columns appear more than once: spend"):
        SegmentClusterer(discovery=ONE).fit(frame)
