"""Discovery told nothing, on the labelled sets of each battery."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from experiments.benchmarks.discovery.finding import Finding, Indices, findings, found_on, mean_score
from experiments.benchmarks.shared_data import BATTERIES, EXTERNAL, labelled_files
from experiments.generated_tables.planted_groups import customer_table
from segment_model.contract import Column, Kind

LABELS = "label"
NOISE = 0


def labelled_sets(size: int) -> dict[str, object]:
    """Discovery on the sets of each of `BATTERIES`; of `graves` none was looked at while rules were tuned."""
    paths = labelled_files()[:size]
    if not paths:
        print(f"no labelled sets in {EXTERNAL}")
        return {"mean_ari_told_nothing": None}
    by_set = findings("labelled sets", found_on_labelled, paths)
    by_battery = {
        battery: mean_score([f for path, f in zip(paths, by_set, strict=True) if path.parent.name == battery])
        for battery in BATTERIES
        if any(path.parent.name == battery for path in paths)
    }
    return {
        "mean_ari_told_nothing": mean_score(by_set),
        **{f"mean_ari_{battery}": score for battery, score in by_battery.items()},
    }


def found_on_labelled(path: Path) -> Finding:
    """The best score over the reference labels of one set; rows labelled as noise are dropped."""
    table = pd.read_parquet(path)
    answers = [table[name].to_numpy() for name in table.columns if name.startswith(LABELS)]
    values = table[[name for name in table.columns if not name.startswith(LABELS)]].astype(np.float64)
    columns = tuple(Column(str(name), Kind.NUMBER) for name in values.columns)
    name = f"{path.parent.name}/{path.stem}"
    customers = customer_table(name, values, columns, np.zeros(len(values), dtype=np.intp))

    def score(nearest: Indices) -> float:
        return max(float(adjusted_rand_score(a[a != NOISE], nearest[a != NOISE])) for a in answers)

    return found_on(customers, score)
