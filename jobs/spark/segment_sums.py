"""Counts and sums of the customers in Spark by nearest centroid: a few rows a partition, whatever their number.

Points are added up as whole numbers, which have no rounding and so no order: the sums are the same to the bit, however
the customers are partitioned, and whichever worker is through first. A column is cut to 2^-48 of its widest encoded
value, or finer, before it is added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.encoding.reader import CustomerReader
from segment_model.scoring.scoring import CHUNK
from training.fitting.lloyd import SegmentSums

if TYPE_CHECKING:
    import pyarrow as pa

BITS = 62 - (CHUNK - 1).bit_length()  # of a whole number, so that a chunk of them still fits 64 bits
SCHEMA = "segment int, customers bigint, sums array<decimal(38,0)>, squares array<decimal(38,0)>"


@dataclass(frozen=True)
class PartSums:
    """Maps the record batches of a partition to a row a segment that has customers there.

    contract : of the basis columns, which the batches have. centroids : (segments, width).
    """

    contract: VectorContract
    encoder: Encoder
    centroids: Floats

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        reader, nearest = CustomerReader(self.contract, self.encoder), NearestCentroid(self.centroids).nearest
        exponents = exponents_of(self.encoder)
        segments, width = self.centroids.shape
        sizes: Indices = np.zeros(segments, dtype=np.intp)
        sums: NDArray[Any] = np.zeros((segments, 2 * width), dtype=object)  # of points and of squares; exact integers
        for batch in in_chunks(batches):
            points = self.encoder.encode(reader.frame(batch.to_pandas()))
            segment = nearest(points).segment
            whole = as_whole(np.vstack([points, points**2]), exponents)
            sizes += np.bincount(segment, minlength=segments)
            for own in np.unique(segment):
                sums[own] += whole[:, segment == own].sum(axis=1).astype(object)
        filled = np.flatnonzero(sizes)
        decimals = pa.list_(pa.decimal128(38, 0))
        columns = [
            pa.array(filled, pa.int32()),
            pa.array(sizes[filled], pa.int64()),
            pa.array([list(map(Decimal, row[:width])) for row in sums[filled]], decimals),
            pa.array([list(map(Decimal, row[width:])) for row in sums[filled]], decimals),
        ]
        yield pa.RecordBatch.from_arrays(columns, ["segment", "customers", "sums", "squares"])


def in_chunks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at most `CHUNK`."""
    for batch in batches:
        for start in range(0, batch.num_rows, CHUNK):
            yield batch.slice(start, CHUNK)


def exponents_of(encoder: Encoder) -> Indices:
    """(2 width,) powers of two by which points and their squares are multiplied before they are cut to whole numbers.

    Numbers are clipped before they are encoded, so that no point lies beyond its encoded bounds.
    """
    numbers = encoder.numbers
    ends = numbers.encode(np.stack([numbers.lower, numbers.upper], axis=1)) if numbers.names else np.zeros((0, 2))
    blocks = [np.full(category.width, category.factor) for category in encoder.categories]
    widest = np.concatenate([np.abs(ends).max(axis=1, initial=0.0), *blocks])
    powers = np.frexp(np.maximum(widest, np.finfo(np.float64).tiny))[1].astype(np.intp)
    return np.concatenate([BITS - powers, BITS - 2 * powers])


def as_whole(points: Floats, exponents: Indices) -> NDArray[np.int64]:
    """(rows, n) numbers times a power of two each, (rows,), to the nearest whole number."""
    return np.rint(np.ldexp(points, exponents[:, None])).astype(np.int64)


def summed(rows: Sequence[Any], encoder: Encoder, segments: int) -> SegmentSums:
    """The sums over all partitions, of the rows that `PartSums` wrote."""
    exponents = exponents_of(encoder)
    sizes: Indices = np.zeros(segments, dtype=np.intp)
    sums: NDArray[Any] = np.zeros((segments, len(exponents)), dtype=object)
    for row in rows:
        sizes[row["segment"]] += row["customers"]
        sums[row["segment"]] += np.array([int(part) for part in (*row["sums"], *row["squares"])], dtype=object)
    width = encoder.width
    return SegmentSums(
        sizes,
        _as_floats(sums[:, :width], exponents[:width]),
        _as_floats(sums[:, width:].sum(axis=0), exponents[width:]),
    )


def _as_floats(whole: NDArray[Any], exponents: Indices) -> Floats:
    """The nearest doubles to whole numbers of any length over a power of two each."""
    floats: Floats = np.ldexp(whole.astype(np.float64), -exponents)
    return floats
