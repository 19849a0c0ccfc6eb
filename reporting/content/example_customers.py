"""Example customers of each segment: typical ones that differ from one another, and one on the border."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reporting.content.report_content import BORDER, TYPICAL, ExampleCustomer
from reporting.content.typical_rows import typical_rows
from segment_model.contract import Column
from segment_model.encoding.encoder import Floats, Indices
from segment_model.language.wording import plain_value
from segment_model.model import SegmentModel


def example_customers(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    points: Floats,
    labels: Indices,
    model: SegmentModel,
) -> list[tuple[ExampleCustomer, ...]]:
    """For each segment, in the model's order: up to three typical customers, then one border case; none twice.

    The first typical customer is the one nearest to the medians of the segment; each further one is that of the nearer
    half who is farthest from those already chosen. The border case has the least strength.

    frame : (n rows) vectors. columns : those whose values are shown. points : (n, width) encoded. labels : (n,)
    positions, -1 where unassigned.
    """
    strength, runner_up = _assigned_strength(model, frame, labels)
    examples = []
    for position in range(len(model.cards)):
        rows = np.flatnonzero(labels == position)
        chosen = [(int(row), TYPICAL) for row in typical_rows(points, rows)]
        rest = np.setdiff1d(rows, [row for row, _ in chosen])
        if len(rest) and len(model.cards) > 1:
            chosen.append((int(rest[np.argmin(strength[rest])]), BORDER))
        examples.append(
            tuple(
                ExampleCustomer(
                    customer=str(frame.index[row]),
                    why=why,
                    strength=round(float(strength[row]), 3),
                    beside=model.ids[runner_up[row]] if runner_up[row] >= 0 else "",
                    values=tuple(plain_value(_plain(frame[column.name].iloc[row]), column) for column in columns),
                )
                for row, why in chosen
            )
        )
    return examples


def _assigned_strength(model: SegmentModel, frame: pd.DataFrame, labels: Indices) -> tuple[Floats, Indices]:
    """(n,) strengths, and (n,) positions of the nearest segment that is not the customer's own, -1 for none."""
    assigned = model.assign_records(frame[[column.name for column in model.contract.basis]])
    # where discovery itself put a customer elsewhere than the model's assigner does, the assigner's first is beside
    beside = np.where(assigned.nearest == labels, assigned.runner_up, assigned.nearest)
    strength = np.where(assigned.nearest == labels, assigned.strength, 0.0)
    return np.asarray(strength, dtype=np.float64), np.asarray(beside, dtype=np.intp)


def _plain(amount: object) -> float | str | None:
    """A cell of a vector as a plain value; None where it is missing."""
    if amount is None or amount is pd.NA or (isinstance(amount, float) and np.isnan(amount)):
        return None
    return amount if isinstance(amount, str) else float(amount)  # type: ignore[arg-type]
