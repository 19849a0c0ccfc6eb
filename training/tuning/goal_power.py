"""What segments explain of a goal, out of sample.

The rates of segments are learned on half of the customers, and predict who in the other half reaches the goal.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

FEWEST = 20  # customers in a half
FEWEST_OF_EACH = 5  # customers in it who reach the goal, and who do not


def goal_power(segments: pd.Series[str], reached: pd.Series[bool]) -> tuple[float, float]:
    """The area under the ROC curve, and the share of the variance of the outcome that is explained (R squared).

    segments, reached : by customer id; customers who are in both count. Each half of the customers, drawn by a hash of
    their ids, is predicted by the other one's rates, and both figures are means of the two. 0.5 and 0 are what no
    relation gives; R squared can be negative. NaN where a half is too small, or all or none in it reach the goal.
    """
    both = segments.rename("segment").to_frame().join(reached.rename("reached"), how="inner")
    first = _half(both.index)
    pairs = [_predicted(both[half], both[~half]) for half in (first, ~first)]
    auc, explained = (float(np.mean(figures)) for figures in zip(*pairs, strict=True))
    return auc, explained


def _predicted(known: pd.DataFrame, unknown: pd.DataFrame) -> tuple[float, float]:
    outcome = unknown["reached"].to_numpy(dtype=np.float64)
    hits = outcome.sum()
    if len(known) < FEWEST or len(unknown) < FEWEST or not FEWEST_OF_EACH <= hits <= len(unknown) - FEWEST_OF_EACH:
        return float("nan"), float("nan")
    overall = float(known["reached"].mean())
    rates = known.groupby("segment")["reached"].mean()
    predicted = unknown["segment"].map(rates).fillna(overall).to_numpy(dtype=np.float64)
    left = float(np.sum((outcome - predicted) ** 2)) / float(np.sum((outcome - outcome.mean()) ** 2))
    return float(roc_auc_score(outcome, predicted)), 1.0 - left


def _half(ids: pd.Index[Any]) -> NDArray[np.bool_]:
    return np.array([hashlib.sha256(str(each).encode()).digest()[0] % 2 == 0 for each in ids], dtype=bool)
