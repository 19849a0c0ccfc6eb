"""Score customers by a registered model: assign a vector file, or explain the segment of one customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.joining.id_type import typed_ids
from features.vector_file import read_vectors
from features.vector_table import IdType, Moment
from jobs.complete_customers import complete
from jobs.registry_location import location_of
from registry.connection import RegistryLocation
from registry.versions.versions import fetch
from segment_model.errors import ContractError, DestinationError, counted, nearest_word
from segment_model.language.reasons import Reason, in_one_sentence, reasons
from segment_model.model import SegmentModel
from training.settings import Settings

if TYPE_CHECKING:
    from jobs.segment_table.destination import SegmentTable
    from jobs.segment_table.write import Written
    from segment_model.counterfactual.what_would_change import WhatWouldChange


@dataclass(frozen=True)
class ScoredCustomers:
    """The assignments, one row a customer; `left_out` has a line for each column that some customers lack.

    The ids have the type that the raw tables have them in. as_of : the moment of the
    vectors, if they have one.
    """

    table: pd.DataFrame
    version: str
    left_out: tuple[str, ...]
    id_type: IdType
    as_of: Moment | None

    @property
    def counts(self) -> dict[str, int]:
        """How many customers each segment has, by name, the largest first."""
        counts = self.table["segment_name"].fillna("unassigned").value_counts()
        return {str(name): int(count) for name, count in counts.items()}

    @property
    def novel(self) -> int:
        """How many customers are unlike the training customers."""
        return int(self.table["novel"].sum())


@dataclass(frozen=True)
class CustomerExplanation:
    """Why one customer is in a segment: its margin over the rival is base + the sum of the contributions.

    `rival_id` is None where the model has one segment only.
    """

    customer: str
    unassigned: bool
    segment_id: str
    segment_name: str
    strength: float
    rival_id: str | None
    score: float
    base: float
    reasons: Sequence[Reason]
    sentence: str


def score_file(location: RegistryLocation, which: str, file: Path, policy: Any, explained: bool) -> ScoredCustomers:
    """Assign the customers of a vector file; `explained` adds base, score and each column's contribution.

    Raises
    ------
    SegmentsError
        If the model or the file cannot be read.
    """
    vectors = read_vectors(file)
    fetched = fetch(location, which)
    frame, left_out = complete(fetched.model, vectors.frame)
    table = _explained(fetched.model, frame, policy) if explained else fetched.model.assign(frame, policy)
    table["model_version"] = fetched.version
    table.index = typed_ids(table.index, vectors.id_type)
    return ScoredCustomers(table, fetched.version, tuple(left_out), vectors.id_type, vectors.as_of)


def _explained(model: SegmentModel, frame: pd.DataFrame, policy: Any) -> pd.DataFrame:
    """The table of `SegmentModel.assign` with that of the explanations beside it; each customer is encoded once."""
    assignments, explanations = model.explain_records(frame, policy)
    return pd.concat([model.frame_of(assignments, frame.index), explanations.table(frame.index)], axis="columns")


def store(scored: ScoredCustomers, settings: Settings, table: SegmentTable) -> Written:
    """Write the assignments to a table in PostgreSQL, under the as-of moment of the vectors and the model's version.

    Raises
    ------
    DestinationError
        If the vectors have no as-of moment, or the table cannot be written; then it holds what it held before.
    SourceError
        If the server cannot be reached.
    """
    from features.as_of import AsOf  # imports Ibis, and the next the driver: a file needs neither
    from jobs.segment_table.write import Stamp, write_segments

    if scored.as_of is None:
        raise DestinationError(
            f"{table.shown} keeps who was where when, and these vectors have no moment: set as_of in the settings, and "
            "write the vectors again"
        )
    local = AsOf.at(scored.as_of, settings.features.time_zone).local
    stamp = Stamp(local, settings.registry.model_name, int(scored.version))
    return write_segments(scored.table, scored.id_type, stamp, table)


def read_customer(
    settings: Settings, base: Path, which: str, customer: str, vectors: Path | None
) -> tuple[SegmentModel, pd.DataFrame]:
    """The model, and the one-row frame of a customer: from the vector file, or without one from the raw tables.

    Raises
    ------
    ContractError
        If there is no such customer.
    SegmentsError
        If the model, the file or the tables cannot be read.
    """
    model = fetch(location_of(settings, base), which).model
    frame = _vectors_from_tables(settings, base, model) if vectors is None else read_vectors(vectors).frame
    if customer not in frame.index:
        hint = nearest_word(customer, frame.index)
        raise ContractError(
            f"there is no customer {customer!r} among the {counted(len(frame), 'customer')} of these vectors.{hint}"
        )
    return model, frame.loc[[customer]]


def _vectors_from_tables(settings: Settings, base: Path, model: SegmentModel) -> pd.DataFrame:
    from jobs.customer_vectors import learned_by, vectors_of  # imports the engines, which a vector file does not need

    return vectors_of(settings, base, learned_by(model)).frame


def explain_customer(model: SegmentModel, customer: pd.DataFrame, against: str | None = None) -> CustomerExplanation:
    """Why the customer of a one-row frame is in a segment rather than in `against`, by default the runner-up.

    against : the id or the name of a segment.

    Raises
    ------
    SegmentsError
        If the model cannot read the customer, or knows no such segment.
    """
    assignment = model.assign(customer).iloc[0]
    explanations = model.explain_table(customer, None if against is None else model.id_of(against))
    toward, rival = int(explanations.toward[0]), int(explanations.against[0])
    why = reasons(model, customer_row(customer), explanations)
    return CustomerExplanation(
        customer=str(customer.index[0]),
        unassigned=bool(assignment["unassigned"]),
        segment_id=model.ids[toward],
        segment_name=model.names[toward],
        strength=float(assignment["strength"]),
        rival_id=None if rival < 0 else model.ids[rival],
        score=float(explanations.score[0]),
        base=float(explanations.base[0]),
        reasons=why,
        sentence=in_one_sentence(why, model, toward, rival),
    )


def smallest_change(
    model: SegmentModel, customer: pd.DataFrame, segment: str, changeable: Sequence[str]
) -> WhatWouldChange:
    """The smallest change of the changeable columns that takes the customer of a one-row frame to a segment.

    segment : its id or its name.

    Raises
    ------
    SegmentsError
        If the model cannot read the customer, or knows no such segment or column.
    """
    # imports SciPy's optimisers, which no other scoring needs
    from segment_model.counterfactual.what_would_change import what_would_change

    return what_would_change(model, customer_row(customer), model.id_of(segment), list(changeable))


def customer_row(customer: pd.DataFrame) -> dict[str, Any]:
    """A one-row frame as plain values by column, None where missing."""
    row = customer.iloc[0].to_dict()
    return {str(name): None if number is None or number != number else number for name, number in row.items()}
