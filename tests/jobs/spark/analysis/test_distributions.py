"""Histograms that partitions add up: every customer in one place, and ranks that are those of the values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.distributions.quartiles import rank_differences, rank_differences_of_counts
from jobs.spark.analysis.distributions import LABEL, RANKED, HistogramCounter, places_of
from segment_model.encoding.encoder import Floats

GROUPS = ("s1", "s2", "nobody")


def added(counter: HistogramCounter, frame: pd.DataFrame, parts: int) -> Mapping[int, int]:
    """The rows of some partitions, the last of them empty, by place."""
    customers: Counter[int] = Counter()
    for rows in (*np.array_split(np.arange(len(frame)), parts), []):
        batch = pa.RecordBatch.from_pandas(frame.iloc[rows], preserve_index=False)
        for answer in counter(iter([batch.slice(0, 7), batch.slice(7)])):
            customers.update({row["place"]: row["customers"] for row in answer.to_pylist()})
    return customers


def company(size: int, seed: int = 4) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    labels = np.array(GROUPS, dtype=object)[random.integers(0, 2, size)]
    spend = np.where(labels == "s1", 1.1, 1.0) * random.lognormal(3, 1, size)
    orders = np.where(random.random(size) < 0.2, np.nan, random.poisson(3, size))
    return pd.DataFrame({LABEL: labels, "spend": spend, "orders": orders})


@given(st.lists(st.integers(-3, 9), max_size=30), st.sets(st.integers(-2, 8), max_size=8))
def test_places_are_in_the_order_of_values_and_a_cut_has_one_of_its_own(values: list[int], cuts: set[int]) -> None:
    ascending: Floats = np.array(sorted(cuts), dtype=np.float64)
    places = places_of(np.array(values, dtype=np.float64), ascending)
    for amount, place in zip(values, places, strict=True):
        assert place == 2 * sum(cut < amount for cut in cuts) + (amount in cuts)


def test_cuts_at_every_value_give_the_ranks_of_the_values() -> None:
    frame = company(200)
    cuts = {name: np.unique(frame[name].dropna()) for name in ("spend", "orders")}
    counter = HistogramCounter(cuts, GROUPS)
    histograms = counter.histograms(added(counter, frame, 3))
    for name in cuts:
        known = frame[frame[name].notna()]
        codes = pd.Index(GROUPS).get_indexer(known[LABEL])
        assert histograms[name].sum(axis=0).tolist() == np.bincount(codes, minlength=3).tolist()
        expected = rank_differences(known[name].to_numpy(), codes, 3)
        for ours, theirs in zip(rank_differences_of_counts(histograms[name]), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_cuts_at_quantiles_come_near_the_ranks_of_the_values() -> None:
    frame = company(20_000)
    cuts = np.unique(np.quantile(frame.spend, np.linspace(0, 1, RANKED + 1), method="lower"))
    counter = HistogramCounter({"spend": cuts}, GROUPS)
    histogram = counter.histograms(added(counter, frame, 4))["spend"]
    assert histogram.sum(axis=1).max() <= len(frame) / RANKED + 1
    codes = pd.Index(GROUPS).get_indexer(frame[LABEL])
    (higher, p), (true_higher, true_p) = (
        rank_differences_of_counts(histogram),
        rank_differences(frame.spend.to_numpy(), codes, 3),
    )
    assert higher[:2] == pytest.approx(true_higher[:2], abs=1 / RANKED**1.5)
    assert np.log10(p[:2]) == pytest.approx(np.log10(true_p[:2]), rel=0.05)
