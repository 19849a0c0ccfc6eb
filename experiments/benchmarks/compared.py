"""Our side of `docs/compared.md`: the steps of two tutorials, redone, in processor seconds.

scikit-learn's example is run beside ours on the points that it makes. What PyCaret takes is measured in an environment
of its own, and stands in that page.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from sklearn.datasets import make_blobs

from experiments.complete_journey import load_tables
from segment_model.errors import SegmentsError

POINTS = 500  # of scikit-learn's example
UNTIL = pd.Timestamp("2017-10-01")
SCIKIT_LEARN = """
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
scores = {}
for k in (2, 3, 4, 5, 6):
    labels = KMeans(n_clusters=k, random_state=10).fit_predict(frame)
    scores[k] = silhouette_score(frame, labels)
clusters = max(scores, key=scores.get)
"""
OURS = """
import segments
discovered = segments.discover(frame, segments=(2, 6), seed=1, verbose=False)
clusters, verdict = len(discovered.segments), discovered.verdict
"""
TUTORIAL = """
import segments
discovered = segments.discover(frame, segments=4, seed=1, verbose=False)  # setup, create_model, assign_model
labels = discovered.labels
discovered.plot_profiles()  # plot_model
answers = discovered.assign(frame.head())  # predict_model
discovered.model.save(folder + "/model")  # save_model
loaded = segments.load(folder + "/model")  # load_model
clusters, verdict = len(discovered.segments), discovered.verdict
"""
PROCESS = """
import json, sys, time
import pandas as pd
path, folder = sys.argv[1:]
frame = pd.read_parquet(path)
verdict = ""
began = time.process_time()
{steps}
print(json.dumps({{"cpu_s": time.process_time() - began, "clusters": int(clusters), "verdict": verdict}}))
"""


class ComparedError(SegmentsError):
    """A process that is measured failed."""


def run(size: int) -> dict[str, object]:
    """Run the steps on scikit-learn's 500 points, and on `size` households of the grocery retailer.

    Returns
    -------
    dict
        By way: `cpu_s`, imports included, of a fresh process; `clusters`; `verdict`, of ours.

    Raises
    ------
    ComparedError
        If a process fails.
    """
    points, _ = make_blobs(POINTS, 2, centers=4, cluster_std=1, center_box=(-10.0, 10.0), shuffle=True, random_state=1)
    blobs = pd.DataFrame(points, columns=["first", "second"])
    households = _households().head(size)
    figures: dict[str, object] = {}
    ways = {
        "silhouettes, scikit-learn": (SCIKIT_LEARN, blobs),
        "silhouettes, ours": (OURS, blobs),
        "tutorial, ours": (TUTORIAL, households),
    }
    for name, (steps, frame) in ways.items():
        measured = _measured(steps, frame)
        print(
            f"{name:28} {measured['cpu_s']:6.1f} s  {measured['clusters']} clusters  {measured['verdict']}", flush=True
        )
        figures[name] = measured
    return {"benchmark": "compared", "households": size, **figures}


def _households() -> pd.DataFrame:
    """What households had bought by the end of September: recency, trips, spend."""
    shopping = load_tables().transactions
    trips = shopping[shopping["transaction_timestamp"] < UNTIL].groupby("household_id")
    recency = (UNTIL - trips["transaction_timestamp"].max()).dt.days
    return pd.DataFrame(
        {"recency": recency, "trips": trips["basket_id"].nunique(), "spend": trips["sales_value"].sum()}
    )


def _measured(steps: str, frame: pd.DataFrame) -> dict[str, object]:
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.parquet"
        frame.to_parquet(path)
        command = [sys.executable, "-W", "ignore", "-c", PROCESS.format(steps=steps), str(path), folder]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise ComparedError(f"a process that is measured failed: {ended.stderr.strip().splitlines()[-1]}")
    measured: dict[str, object] = json.loads(ended.stdout.splitlines()[-1])
    return measured
