"""A trained model behind a pipeline, and the scorer of searches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from segment_model.model import SegmentModel
from segments import SegmentClusterer, SegmentTransformer, stability_scorer


def test_one_hot_is_a_column_a_segment(model: SegmentModel, planted: Any) -> None:
    features = SegmentTransformer(model).set_output(transform="pandas").transform(planted.frame)
    answers = model.assign(planted.frame)
    assert [*features.columns] == [f"one-hot_{own}" for own in model.ids]
    assert np.array_equal(features.sum(axis=1), (~answers["unassigned"]).astype(float))
    for own in model.ids:
        assert np.array_equal(features[f"one-hot_{own}"] == 1, answers["segment_id"] == own)


def test_distances_are_least_to_the_own_segment(kmeans_model: SegmentModel, planted: Any) -> None:
    distances = SegmentTransformer(kmeans_model, "distances").transform(planted.frame)
    nearest = [kmeans_model.ids[place] for place in distances.argmin(axis=1)]
    assert nearest == [*kmeans_model.assign(planted.frame)["segment_id"]]


def test_strength_is_a_single_column(kmeans_model: SegmentModel, planted: Any) -> None:
    strength = SegmentTransformer(kmeans_model, "strength").fit(planted.frame).transform(planted.frame)
    assert strength.shape == (400, 1)
    assert np.array_equal(strength[:, 0], kmeans_model.assign(planted.frame)["strength"])


def test_a_pipeline_learns_from_segments(kmeans_model: SegmentModel, planted: Any) -> None:
    heavy = planted.truth == 3
    pipeline = make_pipeline(SegmentTransformer(kmeans_model), LogisticRegression()).fit(planted.frame, heavy)
    assert pipeline.score(planted.frame, heavy) > 0.97


def test_an_unknown_output_is_named(kmeans_model: SegmentModel, planted: Any) -> None:
    with pytest.raises(ValueError, match="got 'labels'"):
        SegmentTransformer(kmeans_model, "labels").fit(planted.frame)  # type: ignore[arg-type]  # what is tested
    with pytest.raises(ValueError, match="got 'labels'"):
        SegmentTransformer(kmeans_model, "labels").get_feature_names_out()  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"model is a trained model, such as .* got None"):
        SegmentTransformer(None).get_feature_names_out()  # type: ignore[arg-type]


def test_folds_in_processes_score_as_one(kmeans_model: SegmentModel, planted: Any) -> None:
    pipeline = make_pipeline(SegmentTransformer(kmeans_model), LogisticRegression())
    alone = cross_val_score(pipeline, planted.frame, planted.truth == 3, cv=2)
    assert cross_val_score(pipeline, planted.frame, planted.truth == 3, cv=2, n_jobs=2).tolist() == alone.tolist()


def test_customers_and_models_that_do_not_fit_are_value_errors(kmeans_model: SegmentModel, planted: Any) -> None:
    with pytest.raises(ValueError, match=r"- plan \(missing: text\)"):
        SegmentTransformer(kmeans_model).transform(planted.frame.drop(columns="plan"))
    with pytest.raises(ValueError, match=r"model is a trained model.*got 'models:/shop'"):
        SegmentTransformer("models:/shop").fit(planted.frame)  # type: ignore[arg-type]  # what is tested


@pytest.mark.filterwarnings("ignore::segments.estimators.clusterer.NoStructureWarning")
def test_the_planted_number_of_segments_scores_best() -> None:
    rng = np.random.default_rng(4)
    centres = np.repeat([[0, 0], [9, 0], [0, 9]], 60, axis=0)
    rows = pd.DataFrame(centres + rng.normal(size=(180, 2)), columns=["a", "b"]).sample(frac=1, random_state=0)
    clusterer = SegmentClusterer(discovery={"algorithms": [{"algorithm": "kmeans", "starts": 2}]})
    search = GridSearchCV(clusterer, {"segments": [3, 5]}, scoring=stability_scorer, cv=2, refit=False)
    search.fit(rows)
    scores = dict(zip([3, 5], search.cv_results_["mean_test_score"], strict=True))
    assert scores[3] > 0.95 > scores[5]


def test_a_clusterer_behind_a_scaler_is_scored_as_one_alone() -> None:
    rng = np.random.default_rng(4)
    rows = np.repeat([[0, 0], [9, 0], [0, 9]], 40, axis=0) + rng.normal(size=(120, 2))
    alone = SegmentClusterer(3, discovery={"algorithms": [{"algorithm": "kmeans", "starts": 1}]})
    scores = [stability_scorer(each.fit(rows), rows) for each in (alone, make_pipeline(StandardScaler(), alone))]
    assert scores == [1.0, 1.0]
    assert stability_scorer(KMeans(3, random_state=0).fit(rows), rows) == 1.0


def test_what_cannot_label_new_rows_is_not_scored() -> None:
    rows = np.arange(60.0).reshape(30, 2)
    with pytest.raises(ValueError, match="AgglomerativeClustering has no `predict`"):
        stability_scorer(AgglomerativeClustering().fit(rows), rows)
    with pytest.raises(ValueError, match="LinearRegression has no `fit_predict`"):
        stability_scorer(LinearRegression(), rows)
