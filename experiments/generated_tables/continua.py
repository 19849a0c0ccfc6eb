"""Generated customers along one curved shape, or of one cohort of shoppers: however they bend, nothing parts them.

Discovery must never call these distinct groups, though a projection of a curve may be dense at both of its ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.generated_tables.pareto_nbd import ParetoNbd, recency_frequency_monetary
from experiments.generated_tables.planted_groups import CustomerTable, customer_table
from segment_model.contract import Column, Kind

Floats = NDArray[np.float64]

FEWEST, MOST = 400, 3000
NOISE = (0.02, 0.15)  # around the shape, in standard deviations of a column
MOST_BEND = 3.0  # radians over the width of a sheet, of each wave that bends it


def curved_sheet(seed: int) -> CustomerTable:
    """Points near a smooth surface in 4 or 5 columns; each column is a plane and two waves of less than half a turn."""
    generator = np.random.default_rng([11, seed])
    count, width = _count(generator), int(generator.integers(4, 6))
    left, right = generator.uniform(1.0, 2.0, 2)
    places = generator.beta(left, right, size=(count, 2))  # on the sheet; one mode in either direction
    values = places @ generator.normal(size=(2, width))
    for _ in range(2):
        bends = places @ generator.uniform(-MOST_BEND / 2, MOST_BEND / 2, (2, width))
        values += np.sin(bends + generator.uniform(0, 2 * np.pi, width))
    return _table("curved sheet", values, generator)


def cohort(seed: int) -> CustomerTable:
    """Recency, frequency and spend of shoppers whose first orders lie within a day to a quarter of each other."""
    generator = np.random.default_rng([12, seed])
    model = ParetoNbd(
        r=generator.uniform(0.4, 2.0),
        alpha=generator.uniform(4, 15),
        s=generator.uniform(0.4, 0.95),
        beta=generator.uniform(6, 20),
        p=generator.uniform(3, 8),
        q=generator.uniform(3, 6),
        gamma=generator.uniform(10, 60),
    )
    weeks = generator.uniform(26, 104) - generator.uniform(1 / 7, 13) * generator.random(_count(generator))
    frame = recency_frequency_monetary(model.orders(weeks, generator))
    kinds = (Kind.COUNT, Kind.COUNT, Kind.NUMBER)
    columns = tuple(Column(str(name), kind) for name, kind in zip(frame, kinds, strict=True))
    return customer_table("cohort of shoppers", frame, columns, np.zeros(len(frame), dtype=np.intp))


def banana(seed: int) -> CustomerTable:
    """A Gaussian cloud in 2 columns bent along a parabola."""
    generator = np.random.default_rng([13, seed])
    along = generator.normal(size=_count(generator))
    values = np.column_stack([along, generator.uniform(0.3, 1.2) * along**2])
    return _table("banana", values, generator, generator.uniform(0.1, 0.5))


def half_circle(seed: int) -> CustomerTable:
    """Points near half a circle."""
    generator = np.random.default_rng([14, seed])
    return _table("half circle", _on_a_circle(np.pi, 0.0, generator), generator)


def ring_segment(seed: int) -> CustomerTable:
    """Points all over a part of a ring: a third of the whole turn to five sixths."""
    generator = np.random.default_rng([15, seed])
    turn = generator.uniform(2 / 3, 5 / 3) * np.pi
    return _table("ring segment", _on_a_circle(turn, generator.uniform(0.1, 0.6), generator), generator)


CONTINUA: Mapping[str, Callable[[int], CustomerTable]] = {
    "curved sheet": curved_sheet,
    "cohort": cohort,
    "banana": banana,
    "half circle": half_circle,
    "ring segment": ring_segment,
}


def _count(generator: np.random.Generator) -> int:
    return int(np.exp(generator.uniform(np.log(FEWEST), np.log(MOST))))


def _on_a_circle(turn: float, thickness: float, generator: np.random.Generator) -> Floats:
    """Points (n, 2) spread evenly over a turn in radians, at radii from 1 - thickness to 1; turned anywhere."""
    count = _count(generator)
    angles = generator.uniform(0, 2 * np.pi) + generator.uniform(0, turn, count)
    radii = np.sqrt(generator.uniform((1 - thickness) ** 2, 1, count))
    return np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])


def _table(name: str, values: Floats, generator: np.random.Generator, noise: float | None = None) -> CustomerTable:
    """The points with Gaussian noise, as customers of no group."""
    share = generator.uniform(*NOISE) if noise is None else noise
    noisy = values + share * values.std(axis=0) * generator.normal(size=values.shape)
    columns = tuple(Column(f"column_{number}", Kind.NUMBER) for number in range(values.shape[1]))
    frame = pd.DataFrame(noisy, columns=[column.name for column in columns])
    return customer_table(name, frame, columns, np.zeros(len(frame), dtype=np.intp))
