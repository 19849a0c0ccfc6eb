"""Explanations are Shapley values of the function they name, and add up."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import shap

from segment_model.encoding.encoder import Floats
from segment_model.explanation.centroid import CentroidExplainer
from segment_model.explanation.core import CoreExplainer
from segment_model.explanation.quadratic import QuadraticExplainer
from segments import SegmentModel
from training.discovery.discovery import Discovery

matplotlib.use("Agg")


def margin_of(model: SegmentModel, points: Floats, toward: int, against: int) -> Floats:
    """The explained function, written again from its definition: squared distance to B minus to A."""
    centroids = model.assigner.arrays()["centroids"]
    return ((points - centroids[against]) ** 2).sum(axis=1) - ((points - centroids[toward]) ** 2).sum(axis=1)


def log_densities(model: SegmentModel, points: Floats) -> Floats:
    """(n, segments) weighted log-densities of a mixture, up to a constant, written again from their definition."""
    arrays = model.assigner.arrays()
    deviations = points[:, None, :] - arrays["means"]
    factored = np.einsum("nsi,sij->nsj", deviations, arrays["factors"])
    logs: Floats = arrays["heights"] - (factored**2).sum(axis=2) / 2
    return logs


class Exactly(shap.maskers.Independent):  # type: ignore[misc]  # shap ships no types
    """Only equal values count as unchanged; shap takes those within 1e-5, an error of 1e-7 in the answer."""

    def invariants(self, customer: Any) -> Any:
        return self.data == customer


def test_kmeans_equals_shaps_permutation_explainer(kmeans_discovery: Discovery) -> None:
    """On the encoded numbers, against all training customers as background."""
    model, points = kmeans_discovery.model, kmeans_discovery.points
    state = np.random.get_state()  # noqa: NPY002  (shap seeds NumPy's global generator)
    customers = points[:20]
    near = model.assigner.nearest(np.ascontiguousarray(customers.T))
    explanations = model.explainer.explain(np.ascontiguousarray(customers.T), near.segment, near.runner_up)
    for position, customer in enumerate(customers):
        a, b = int(near.segment[position]), int(near.runner_up[position])
        explainer = shap.PermutationExplainer(
            lambda X, a=a, b=b: margin_of(model, X, a, b),
            Exactly(points, max_samples=len(points)),
            seed=0,
        )
        expected = explainer(customer[None, :], silent=True)
        by_column = model.encoder.by_column(np.ascontiguousarray(expected.values.T))[:, 0]
        np.testing.assert_allclose(explanations.contributions[position], by_column, atol=1e-9)
        np.testing.assert_allclose(explanations.base[position], expected.base_values[0], atol=1e-9)
    np.random.set_state(state)  # noqa: NPY002


def test_base_and_contributions_add_up_to_the_margin(model: SegmentModel, planted: Any) -> None:
    frame = planted.frame.iloc[:40]
    explanations = model.explain_table(frame)
    points = model.encoder.encode(model.scorer.reader.frame(frame))
    for position in range(len(frame)):
        a, b = int(explanations.toward[position]), int(explanations.against[position])
        point = np.ascontiguousarray(points[:, [position]])
        if isinstance(model.explainer, CoreExplainer):
            expected = model.explainer.margin(point, a, b)[0]
        elif isinstance(model.explainer, QuadraticExplainer):
            logs = log_densities(model, point.T)[0]
            expected = logs[a] - logs[b]
        else:
            expected = margin_of(model, point.T, a, b)[0]
        assert explanations.base[position] + explanations.contributions[position].sum() == pytest.approx(
            expected, abs=1e-9
        )
        assert explanations.score[position] == pytest.approx(expected, abs=1e-9)


def test_hdbscan_comes_near_the_exact_shapley_values(hdbscan_discovery: Discovery) -> None:
    """All 2^6 coalitions of the planted company's columns, by Shapley's formula."""
    model, points = hdbscan_discovery.model, hdbscan_discovery.points[:10]
    explainer = model.explainer
    assert isinstance(explainer, CoreExplainer)
    near = model.assigner.nearest(np.ascontiguousarray(points.T))
    explanations = explainer.explain(np.ascontiguousarray(points.T), near.segment, near.runner_up)
    errors = []
    for position, point in enumerate(points):
        exact = exact_shapley(explainer, point, int(near.segment[position]), int(near.runner_up[position]))
        errors.append(np.abs(explanations.contributions[position] - exact).sum() / np.abs(exact).sum())
    assert np.mean(errors) <= 0.15


def exact_shapley(explainer: CoreExplainer, point: Floats, toward: int, against: int) -> Floats:
    count = len(explainer.encoder.columns)
    values = {}
    for size in range(count + 1):
        for coalition in combinations(range(count), size):
            known = np.isin(explainer._column_of, coalition)
            mixed = np.where(known, point, explainer.background)
            values[coalition] = float(
                explainer.margin(np.ascontiguousarray(mixed.T), toward, against) @ explainer.weights
            )
    result = np.zeros(count)
    for coalition, value in values.items():
        for column in range(count):
            weight = 1 / (count * comb(count - 1, len(coalition) - (column in coalition)))
            result[column] += weight * value if column in coalition else -weight * value
    return result


def test_the_same_customer_gets_the_same_explanation_in_any_batch(model: SegmentModel, planted: Any) -> None:
    whole = model.explain_table(planted.frame.iloc[:25])
    for position in (0, 7, 24):
        alone = model.explain_table(planted.frame.iloc[[position]])
        assert np.array_equal(alone.contributions[0], whole.contributions[position])
        assert alone.base[0] == whole.base[position]


def test_a_column_in_which_the_segments_do_not_differ_gets_nothing(kmeans_model: SegmentModel) -> None:
    explainer = kmeans_model.explainer
    assert isinstance(explainer, CentroidExplainer)
    centroids = explainer.centroids.copy()
    centroids[:, 1] = 0.25
    level = CentroidExplainer(explainer.encoder, centroids, explainer.mean)
    points = np.ascontiguousarray(centroids[:1].T) + 0.1
    explanations = level.explain(points, np.array([0]), np.array([1]))
    assert explanations.contributions[0, 1] == 0.0


def test_the_caller_may_name_the_other_segment(model: SegmentModel, planted: Any) -> None:
    frame = planted.frame.iloc[:10]
    other = model.ids[2]
    explanations = model.explain_table(frame, against=other)
    own = explanations.toward == 2
    assert np.all(explanations.against[~own] == 2)
    assert np.all(explanations.against[own] != 2)


def test_the_values_beside_an_explanation_are_plain_whatever_came(kmeans_model: SegmentModel, planted: Any) -> None:
    """shap's scatter and force plots fail on pandas' NA, on None and on Decimal."""
    frame = planted.frame.loc[planted.frame["days_between_orders"].isna()].iloc[:3]
    rows = [{name: None if cell != cell else cell for name, cell in row.items()} for row in frame.to_dict("records")]
    expected = frame[list(kmeans_model.encoder.columns)].to_numpy(dtype=object)
    for dressed in (
        frame.convert_dtypes(),
        frame.convert_dtypes(dtype_backend="pyarrow").astype({"plan": "category"}),
        frame.assign(monetary_value=[Decimal(cell) for cell in frame["monetary_value"]]),
        rows,
    ):
        data = kmeans_model.explain(dressed).data
        assert [[type(cell) for cell in row] for row in data] == [[float] * 5 + [str]] * 3
        assert [[cell for cell in row if cell == cell] for row in data] == [
            [cell for cell in row if cell == cell] for row in expected
        ]
    assert kmeans_model.explain([]).data.shape == (0, 6)


def test_shaps_own_plots_take_the_explanation(model: SegmentModel, planted: Any) -> None:
    explanation = model.explain(planted.frame.iloc[:5])
    assert explanation.feature_names == list(model.encoder.columns)
    axes = shap.plots.waterfall(explanation[0], show=False)
    assert model.encoder.columns[0].replace("_", " ") in " ".join(
        label.get_text().replace("_", " ") for label in axes.get_yticklabels()
    )


def test_a_missing_value_is_explained_as_what_the_encoder_made_of_it(model: SegmentModel, planted: Any) -> None:
    record = dict(planted.frame.iloc[0].to_dict())
    median = float(model.encoder.numbers.fill[list(model.encoder.numbers.names).index("days_between_orders")])
    assigned, as_missing = model.explain_record({**record, "days_between_orders": None})
    expected, as_median = model.explain_record({**record, "days_between_orders": median})
    assert assigned == expected
    assert as_missing == as_median._replace(name_misfits=as_missing.name_misfits)
    contradicting = [misfit.column for misfit in as_missing.name_misfits or ()]
    assert "days_between_orders" not in contradicting  # a missing value says nothing, and its median may


def test_another_process_and_other_threads_explain_alike(model: SegmentModel, planted: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    records = [dict(row) for row in planted.frame.iloc[:6].to_dict(orient="records")]
    (tmp_path / "records.json").write_text(
        json.dumps([{k: None if v != v else v for k, v in r.items()} for r in records])
    )
    code = (
        "import json, sys; from segments import SegmentModel\n"
        f"model = SegmentModel.load({str(tmp_path / 'model')!r})\n"
        f"records = json.load(open({str(tmp_path / 'records.json')!r}))\n"
        "print(json.dumps([list(model.explain_record(r)[1].contributions.values()) for r in records]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    expected = [list(model.explain_record(record)[1].contributions.values()) for record in records]
    assert json.loads(done.stdout) == expected
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda r: list(model.explain_record(r)[1].contributions.values()), records * 10))
    assert answers == expected * 10
