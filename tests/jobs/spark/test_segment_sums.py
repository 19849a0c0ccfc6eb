"""Sums of partitions are whole numbers: the same to the bit however customers are parted, and near the true ones."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jobs.spark.segment_sums import PartSums, summed
from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Floats
from segments import SegmentModel
from training.encoding import EncodedCustomers
from training.fitting.lloyd import SegmentSums


@pytest.fixture(scope="module")
def parts(planted: Any, kmeans_model: SegmentModel) -> PartSums:
    return PartSums(VectorContract(kmeans_model.contract.basis), kmeans_model.encoder, kmeans_model.centres)


def added(parts: PartSums, partitions: list[Any]) -> SegmentSums:
    rows = []
    for frame in partitions:
        batch = pa.RecordBatch.from_pandas(frame[list(parts.contract.names)], preserve_index=False)
        rows += [row for answer in parts(iter([batch.slice(0, 30), batch.slice(30)])) for row in answer.to_pylist()]
    return summed(rows, parts.encoder, len(parts.centroids))


def test_partitions_and_their_order_change_no_bit(parts: PartSums, planted: Any) -> None:
    whole = added(parts, [planted.frame])
    generator = np.random.default_rng(1)
    for _ in range(5):
        order = generator.permutation(len(planted.frame))
        cuts = np.sort(generator.choice(len(order), 6, replace=False))
        other = added(parts, [planted.frame.iloc[rows] for rows in np.split(order, cuts)])
        for ours, theirs in ((whole.sums, other.sums), (whole.squares, other.squares), (whole.sizes, other.sizes)):
            assert ours.tobytes() == theirs.tobytes()


def test_sums_are_the_true_ones_to_fourteen_digits_of_the_widest_value(
    parts: PartSums, planted: Any, kmeans_model: SegmentModel
) -> None:
    """Against fractions, which round nothing."""
    points: Floats = EncodedCustomers.encode(planted.frame, kmeans_model.contract, kmeans_model.encoder).points
    sums = added(parts, [planted.frame])
    segment = NearestCentroid(parts.centroids).nearest(np.ascontiguousarray(points.T)).segment
    assert sums.sizes.tolist() == np.bincount(segment).tolist()
    assert sums.customers == len(points)
    for place in range(len(parts.centroids)):
        own = points[segment == place]
        for column in range(points.shape[1]):
            true = sum((Fraction(number) for number in own[:, column]), Fraction(0))
            allowed = len(own) * np.abs(points[:, column]).max() * 2.0**-47
            assert abs(Fraction(sums.sums[place, column]) - true) <= allowed
    np.testing.assert_allclose(sums.squares, (points**2).sum(axis=0), rtol=1e-12)


def test_an_empty_partition_adds_nothing(parts: PartSums, planted: Any) -> None:
    whole, with_empty = added(parts, [planted.frame]), added(parts, [planted.frame.iloc[:0], planted.frame])
    assert whole.sums.tobytes() == with_empty.sums.tobytes()
