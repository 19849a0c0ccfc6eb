"""Speed, accuracy and memory of assignment and explanation, each against the tool that a user would choose instead."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from segment_model.contract import Column, Kind, VectorContract
from segment_model.encoding.encoder import Floats, RawCustomers
from segment_model.encoding.reader import CustomerReader
from segment_model.explanation.centroid import CentroidExplainer
from segment_model.model import SegmentModel
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings, EncodingSettings

SEGMENTS = 8
BACKGROUND = 100
KNOWN, TRAINED = 5_000, 20_000  # customers from whom a model is made, of a customer alone and of many
TINY = 1_000  # fewer customers in bulk are for tests: a model of no more of them, one explanation over the pipeline
FLOOR_CHUNK = 8192


def run(size: int) -> dict[str, Any]:
    """Measure everything with `size` customers in bulk.

    Returns
    -------
    dict
        The keys of the table that is printed: ratios against the named peer of the same run.
    """
    figures: dict[str, Any] = {"benchmark": "assign"}
    figures |= single(repeats=max(20, min(2000, size // 500)), known=KNOWN if size >= TINY else size)
    figures |= bulk(size)
    figures |= hdbscan(size)
    print(f"{'key':42} {'value':>12}")
    for key, value in figures.items():
        print(f"{key:42} {value:>12.4g}" if isinstance(value, float) else f"{key:42} {value!s:>12}")
    return figures


def customers(size: int, numbers: int, categories: int, seed: int) -> tuple[pd.DataFrame, VectorContract]:
    """Skewed counts and amounts in eight groups, and plans that go with them."""
    generator = np.random.default_rng(seed)
    group = generator.integers(0, SEGMENTS, size)
    centers = generator.normal(0, 1.5, (numbers, SEGMENTS))
    columns: dict[str, Any] = {}
    for position in range(numbers):
        values = centers[position][group] + generator.normal(0, 0.5, size)
        columns[f"number_{position}"] = np.exp(values) if position % 2 else values
    for position in range(categories):
        levels = np.array([f"level {i}" for i in range(5)], dtype=object)
        columns[f"category_{position}"] = pd.array(
            levels[(group + generator.integers(0, 2, size)) % 5].astype(str), dtype="str"
        )
    contract = VectorContract(
        tuple(
            Column(name, Kind.CATEGORY if name.startswith("category") else Kind.NUMBER, unit="units")
            for name in columns
        )
    )
    return pd.DataFrame(columns), contract


def single(repeats: int, known: int) -> dict[str, float]:
    """One customer of 16 numbers and 2 categories: assigned, and explained by a model of `known` customers."""
    import shap  # imports numba, which takes seconds

    frame, contract = customers(known, 16, 2, seed=1)
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=SEGMENTS, starts=2),))
    model = discover(frame, contract, settings, {}).model
    pipeline = ordinary_pipeline(frame, contract)
    records: list[dict[str, Any]] = [dict(row) for row in frame.to_dict(orient="records")]  # type: ignore[arg-type]
    asked = min(known, 1000)
    against_pipeline, ours, _ = alternately(
        lambda i: pipeline.predict(frame.iloc[[i % asked]]),
        lambda i: model.assign_record(records[i % asked]),
        rounds=max(repeats // 20, 5),
    )

    raw = CustomerReader(model.contract, model.encoder).frame(frame)
    table = np.ascontiguousarray(np.vstack([raw.numbers, raw.codes]).T)
    background = table[np.random.default_rng(2).choice(len(table), BACKGROUND, replace=False)]
    local = replace(
        model,
        explainer=CentroidExplainer(model.encoder, centroids_of(model), encoded(model, background).mean(axis=1)),
    )
    near = model.assigner.nearest(encoded(model, table))

    class Exactly(shap.maskers.Independent):  # type: ignore[misc]  # shap ships no types
        """Only equal values count as unchanged; shap takes those within 1e-5, an error of 1e-7 in the answer."""

        def invariants(self, customer: Any) -> Any:
            return self.data == customer

    errors, ratios, over_pipeline, explained = [], [], [], []
    chosen = np.random.default_rng(3).choice(len(table), min(200, repeats), replace=False)
    state = np.random.get_state()  # noqa: NPY002  (shap seeds NumPy's global generator)
    for number, position in enumerate(chosen):
        a, b = int(near.segment[position]), int(near.runner_up[position])

        def explained_function(X: Floats, a: int = a, b: int = b) -> Floats:
            return margin(model, X, a, b)

        usual = shap.PermutationExplainer(explained_function, shap.maskers.Independent(background, BACKGROUND), seed=0)
        ratio, ours_explained, _ = alternately(
            lambda _, usual=usual, row=table[[position]]: usual(row, silent=True),  # type: ignore[misc]
            lambda i: model.explain_record(records[i % asked]),
            rounds=1,
        )
        ratios.append(ratio)
        explained.append(ours_explained)
        exact = shap.PermutationExplainer(explained_function, Exactly(background, BACKGROUND), seed=0)
        expected = exact(table[[position]], silent=True)
        explanations = local.explain_records([records[position]])[1]
        errors.append(float(np.abs(explanations.contributions[0] - expected.values[0]).max()))
        if number < (3 if known == KNOWN else 1):
            over_pipeline.append(over_the_pipeline(pipeline, frame, int(position), a, b) / ours_explained)
    np.random.set_state(state)  # noqa: NPY002
    return {
        "single_vs_pipeline": against_pipeline,
        "explain_vs_permutation": float(np.median(ratios)),
        "explain_vs_permutation_over_pipeline": float(np.median(over_pipeline)),
        "explain_max_abs_error": max(errors),
        "assign_microseconds": ours * 1e6,
        "explain_microseconds": float(np.median(explained)) * 1e6,
    }


def alternately(peer: Callable[[int], Any], ours: Callable[[int], Any], rounds: int) -> tuple[float, float, float]:
    """Median over the rounds of peer's seconds / ours, and both medians, of one call each.

    Each round times one call of the peer, then as many of ours as take about as long, so that other load on the machine
    affects both equally. (It would hit few of the short single calls, so their median would not show it.)
    """
    peer(0)
    ours(0)
    calls = max(1, round(elapsed(peer, 1) / elapsed(ours, 100) * 100))
    peers = [0.0] * rounds
    mine = [0.0] * rounds
    for number in range(rounds):
        peers[number] = elapsed(peer, 1)
        mine[number] = elapsed(ours, calls) / calls
    return float(np.median(np.array(peers) / np.array(mine))), float(np.median(mine)), float(np.median(peers))


def elapsed(call: Callable[[int], Any], times: int) -> float:
    """Seconds that `times` calls take; the argument counts the calls, and their answers are dropped."""
    start = time.perf_counter()
    for number in range(times):
        call(number)
    return time.perf_counter() - start


def ordinary_pipeline(frame: pd.DataFrame, contract: VectorContract) -> Pipeline:
    """The pipeline that a user would write: a branch for the numbers, one for the categories, then KMeans."""
    numbers = [column.name for column in contract.columns if not column.is_category]
    categories = [column.name for column in contract.columns if column.is_category]
    branches = [
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories),
    ]
    pipeline = Pipeline(
        [("encode", ColumnTransformer(branches)), ("kmeans", KMeans(SEGMENTS, n_init=1, random_state=0))]
    )
    fitted: Pipeline = pipeline.fit(frame)
    return fitted


def centroids_of(model: SegmentModel) -> Floats:
    """(segments, width) centroids; this benchmark is of KMeans."""
    centroids: Floats = model.assigner.arrays()["centroids"]
    return centroids


def encoded(model: SegmentModel, table: Floats) -> Floats:
    """(n, columns) numbers and codes of categories to (width, n) points."""
    count = len(model.encoder.numbers.names)
    codes = np.ascontiguousarray(table[:, count:].T).astype(np.intp)
    raw = RawCustomers(np.ascontiguousarray(table[:, :count].T), codes, np.zeros(codes.shape, dtype=np.bool_))
    return model.encoder.encode(raw)


def margin(model: SegmentModel, table: Floats, a: int, b: int) -> Floats:
    """The explained function as fast as arrays go: squared distance to b minus that to a."""
    points, centroids = encoded(model, table), model.assigner.arrays()["centroids"]
    difference: Floats = ((points.T - centroids[b]) ** 2).sum(axis=1) - ((points.T - centroids[a]) ** 2).sum(axis=1)
    return difference


def over_the_pipeline(pipeline: Pipeline, rows: pd.DataFrame, position: int, a: int, b: int) -> float:
    """Seconds of shap's PermutationExplainer over the raw columns and the fitted scikit-learn pipeline."""
    import shap

    background = rows.sample(BACKGROUND, random_state=0)
    names = list(rows.columns)
    texts = {name: sorted(rows[name].unique()) for name in names if name.startswith("category")}

    def coded(frame: pd.DataFrame) -> Floats:
        return np.column_stack(
            [frame[n].map({t: i for i, t in enumerate(texts[n])}) if n in texts else frame[n] for n in names]
        ).astype(np.float64)

    def margin(X: Floats) -> Floats:
        frame = pd.DataFrame(
            {n: [texts[n][int(v)] for v in X[:, i]] if n in texts else X[:, i] for i, n in enumerate(names)}
        )
        distances = pipeline.transform(frame) ** 2
        result: Floats = distances[:, b] - distances[:, a]
        return result

    explainer = shap.PermutationExplainer(margin, shap.maskers.Independent(coded(background), BACKGROUND), seed=0)
    start = time.perf_counter()
    explainer(coded(rows.iloc[[position]]), silent=True)
    return time.perf_counter() - start


def bulk(size: int) -> dict[str, float]:
    """Many customers of 20 numbers: ours in a process of its own for its memory, then against bare NumPy."""
    done = subprocess.run(
        [sys.executable, "-m", "experiments.benchmarks.assigning.assign", str(size)],
        check=True,
        capture_output=True,
        text=True,
    )
    memory: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    frame, _ = customers(size, 20, 0, seed=5)
    model = bulk_model(size)
    points = encode_all(model, frame)
    ours, floor = [], []
    for _ in range(3):
        ours.append(elapsed(lambda _i: model.explain_records(frame), 1))
        floor.append(elapsed(lambda _i: numpy_floor(points, model), 1))
    return {
        "bulk_vs_numpy_floor": min(ours) / min(floor),
        "bulk_peak_memory_vs_input": memory["peak"] / memory["input"],
        "bulk_seconds": min(ours),
    }


def bulk_model(size: int) -> SegmentModel:
    """A model of 8 segments and 20 numbers, half of them through log1p, for `size` customers in bulk."""
    frame, contract = customers(TRAINED if size >= TINY else size, 20, 0, seed=4)
    encoding = EncodingSettings(transforms={f"number_{i}": "log1p" for i in range(1, 20, 2)})
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=SEGMENTS, starts=1),), encoding=encoding)
    return discover(frame, contract, settings, {}).model


def encode_all(model: SegmentModel, frame: pd.DataFrame) -> Floats:
    """(n, width) encoded points, for the peer that starts from them."""
    reader = CustomerReader(model.contract, model.encoder)
    return np.ascontiguousarray(model.encoder.encode(reader.frame(frame)).T)


def numpy_floor(points: Floats, model: SegmentModel) -> tuple[Any, Any, Floats]:
    """Bare matmul + argmin + contributions toward the nearest and against the second, on encoded values."""
    centroids, mean = centroids_of(model), model.explainer.arrays()["mean"]
    squares, size = (centroids**2).sum(axis=1), len(points)
    nearest, second = np.empty(size, dtype=np.intp), np.empty(size, dtype=np.intp)
    contributions = np.empty_like(points)
    for start in range(0, size, FLOOR_CHUNK):
        part = points[start : start + FLOOR_CHUNK]
        scores = part @ (-2 * centroids.T)
        scores += squares
        a = np.argmin(scores, axis=1)
        scores[np.arange(len(part)), a] = np.inf
        b = np.argmin(scores, axis=1)
        nearest[start : start + FLOOR_CHUNK], second[start : start + FLOOR_CHUNK] = a, b
        np.multiply(2 * (centroids[a] - centroids[b]), part - mean, out=contributions[start : start + FLOOR_CHUNK])
    return nearest, second, contributions


def peak_memory(size: int) -> dict[str, float]:
    """Peak resident memory of the bulk job over what was resident before its input was made, and the input's size."""
    model = bulk_model(size)
    model.explain_records(customers(TRAINED, 20, 0, seed=6)[0])
    gc.collect()
    before = resident("VmRSS")
    generator = np.random.default_rng(5)
    frame = pd.DataFrame({f"number_{i}": np.exp(generator.normal(size=size)) for i in range(20)})
    reset_peak()
    answer = model.explain_records(frame)
    peak = resident("VmHWM") - before
    if len(answer[0].nearest) != size:
        raise ValueError("the job lost customers")
    return {"peak": float(peak), "input": float(frame.memory_usage(index=False).sum())}


def resident(field: str) -> int:
    """Bytes of resident memory, now (VmRSS) or at its peak (VmHWM)."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
        line = next(line for line in status if line.startswith(field))
    return int(line.split()[1]) * 1024


def reset_peak() -> None:
    """Start the peak anew from what is resident now."""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as refs:  # noqa: PTH123
        refs.write("5")


def hdbscan(size: int) -> dict[str, Any]:
    """The figures of the other algorithm, from its own module."""
    from experiments.benchmarks.assigning.assign_hdbscan import (
        run as run_hdbscan,  # not for the process whose memory is measured
    )

    figures = run_hdbscan(min(size, 50_000))
    return {key: value for key, value in figures.items() if key != "benchmark"}


if __name__ == "__main__":
    print(json.dumps(peak_memory(int(sys.argv[1]))))
