"""Processor time of a notebook's first steps, and of predictions, each against a named peer where it has one.

Discoveries run in fresh processes with warm bytecode; the least of three counts. Predictions are interleaved with those
of their peer, and the median of the paired ratios counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pandas as pd
import polars as pl
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SegmentsError
from segment_model.model import SegmentModel
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.encoding import fit_encoding
from training.settings import DiscoverySettings

ROUNDS = 5
PROCESSES = 3
WHOLE = 1_000_000  # a smaller run is for tests: one process, one round
ROWS, TINY_ROWS = 2_000, 200
TRAINED, WIDTH, SEGMENTS = 20_000, 20, 8
FIRST_STEPS = """
import json, sys, time
import segments
imported = time.process_time()
import numpy as np, pandas as pd
rows, columns = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(1)
centres = rng.normal(0, 4, (5, columns))[rng.integers(0, 5, rows)]
frame = pd.DataFrame(centres + rng.normal(size=(rows, columns)), columns=[f"c{place}" for place in range(columns)])
segments.discover  # imports what it needs, which `first` counts too
began = time.process_time()
discovered = segments.discover(frame, seed=1, verbose=False)
ended = time.process_time()
print(json.dumps({"first": ended, "discover": ended - began, "segments": len(discovered.segments)}))
"""


class NotebookError(SegmentsError):
    """A process that is measured failed."""


def run(size: int) -> dict[str, object]:
    """Measure discoveries of 2,000 customers, and predictions of `size` customers.

    Returns
    -------
    dict
        first_result_cpu_s : import and discovery of 2,000 x 6 in a fresh process. discover_2000x6_cpu_s,
        discover_2000x20_cpu_s : the discovery alone. assign_polars_vs_pandas : `SegmentModel.assign` of a polars frame
        against a pandas frame of the same customers. predict_vs_column_transformer, predict_vs_bare_pipeline : the same
        of the pandas frame against the fitted ColumnTransformer and KMeans that give the same points, and against
        StandardScaler and KMeans.

    Raises
    ------
    NotebookError
        If a process fails.
    """
    is_whole = size >= WHOLE
    rows, processes, rounds = (ROWS, PROCESSES, ROUNDS) if is_whole else (TINY_ROWS, 1, 1)
    narrow = [_first_steps(rows, 6) for _ in range(processes)]
    wide = [_first_steps(rows, WIDTH) for _ in range(processes)]
    figures = {
        "first_result_cpu_s": min(steps["first"] for steps in narrow),
        "discover_2000x6_cpu_s": min(steps["discover"] for steps in narrow),
        "discover_2000x20_cpu_s": min(steps["discover"] for steps in wide),
        **_predictions(size, TRAINED if is_whole else TINY_ROWS, rounds),
    }
    for figure, measured in figures.items():
        print(f"{figure:32} {measured:8.3f}")
    return {"benchmark": "notebook", "customers": size, **figures}


def _first_steps(rows: int, columns: int) -> dict[str, float]:
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ended = subprocess.run(
        [sys.executable, "-c", FIRST_STEPS, str(rows), str(columns)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise NotebookError(f"the first steps failed: {ended.stderr.strip().splitlines()[-1]}")
    steps: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return steps


def _predictions(size: int, trained: int, rounds: int) -> dict[str, float]:
    model, columns, bare = _fitted(_customers(trained))
    pandas = _customers(size)
    frame = pl.from_pandas(pandas)
    model.assign(pandas)  # fills the caches; not counted
    ratios: dict[str, list[float]] = {"polars": [], "columns": [], "bare": []}
    for _ in range(rounds):
        ours = _seconds(lambda: model.assign(pandas))
        ratios["polars"].append(_seconds(lambda: model.assign(frame)) / ours)
        ratios["columns"].append(ours / _seconds(lambda: columns.predict(pandas)))
        ratios["bare"].append(ours / _seconds(lambda: bare.predict(pandas)))
    return {
        "assign_polars_vs_pandas": median(ratios["polars"]),
        "predict_vs_column_transformer": median(ratios["columns"]),
        "predict_vs_bare_pipeline": median(ratios["bare"]),
    }


def _fitted(frame: pd.DataFrame) -> tuple[SegmentModel, Pipeline, Pipeline]:
    """Our model, the pipeline of the encoding that it was fitted by, and the usual one, each with as many clusters."""
    contract = VectorContract(tuple(Column(name, Kind.NUMBER) for name in frame.columns))
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=SEGMENTS, starts=2),), force=True)
    model = discover(frame, contract, settings, {}).model
    encoding: ColumnTransformer = fit_encoding(frame, contract, settings.encoding).transformer
    kmeans = KMeans(SEGMENTS, n_init=2, random_state=0)
    columns = Pipeline([("encode", encoding), ("kmeans", kmeans.fit(encoding.transform(frame)))])
    bare = make_pipeline(StandardScaler(), KMeans(SEGMENTS, n_init=2, random_state=0)).fit(frame)
    return model, columns, bare


def _customers(size: int) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    centres = rng.normal(0, 4, (SEGMENTS, WIDTH))[rng.integers(0, SEGMENTS, size)]
    columns = [f"c{place}" for place in range(WIDTH)]
    return pd.DataFrame(centres + rng.normal(size=(size, WIDTH)), columns=columns).rename(index=str)


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
