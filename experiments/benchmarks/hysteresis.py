"""How many customers change segment from one month to the next, and how many of these changes hysteresis avoids."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.benchmarks.months import complete_journey_months, simulated_months
from segment_model.model import SegmentModel
from segment_model.scoring.hysteresis import MARGIN
from training.discovery.discovery import discover
from training.incumbent.assignments import assign_vectors

MARGINS = (0.05, MARGIN, 0.2)
SMALL = 1000  # fewer simulated customers are for tests: no second company


def run(size: int) -> dict[str, object]:
    """Discover once, then assign the same customers on three days, 31 days apart, with and without hysteresis.

    Returns
    -------
    dict
        For each company and margin: the share of customers who change segment in a month without hysteresis, the share
        of these switches that it avoids, and how many of the avoided ones would have been taken back a month later.
    """
    print(f"{'company':18} {'margin':>6} {'switched':>9} {'avoided':>8} {'taken back':>11} {'of all switches':>16}")
    result: dict[str, object] = {"benchmark": "hysteresis", "customers": size}
    companies = [simulated_months(size)] + ([complete_journey_months()] if size >= SMALL else [])
    for months in companies:
        first = months[0]
        model = discover(first.vectors.frame, first.vectors.contract, first.settings.discovery, {}).model
        for margin in MARGINS:
            switches = _switches(model, [month.vectors.frame for month in months], margin)
            print(
                f"{first.company:18} {margin:>6.2f} {switches['switched']:>9.1%} {switches['avoided']:>8.1%} "
                f"{switches['avoided_taken_back']:>11.1%} {switches['taken_back']:>16.1%}"
            )
            result[f"{first.company.lower().replace(' ', '_')}_{margin:g}"] = switches
    return result


def _switches(model: SegmentModel, frames: list[pd.DataFrame], margin: float) -> dict[str, float]:
    """Shares of customers, and of switches, from the first day to the second; the third day shows reversals."""
    readable = [frame.index[assign_vectors(model, frame).readable] for frame in frames]
    assignable = readable[0].intersection(readable[1]).intersection(readable[2])
    before, now, later = (frame.loc[assignable] for frame in frames)
    first, second, third = (model.assign(frame)["segment_id"].fillna("") for frame in (before, now, later))
    settled = model.assign(now, previous=first.replace("", None), margin=margin)["segment_id"].fillna("")
    switched, avoided, back = first != second, (first != second) & (settled == first), first == third
    return {
        "switched": float(np.mean(switched)),
        "avoided": _share(avoided, switched),
        "avoided_taken_back": _share(back, avoided),
        "taken_back": _share(back, switched),
    }


def _share(part: pd.Series[bool], of: pd.Series[bool]) -> float:
    return float(np.mean(part[of])) if of.any() else 0.0
