"""Score customers by a registered model: assign a vector file, or explain the segment of one customer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.joining.id_type import typed_ids
from features.vector_file import VectorFile, open_vectors, read_vectors
from jobs.complete_customers import LeftOut
from jobs.registry_location import location_of
from registry.connection import RegistryLocation
from registry.versions.versions import fetch
from segment_model.errors import ContractError, DestinationError, InputError, counted, nearest_word
from segment_model.language.reasons import Reason, in_one_sentence, reasons
from segment_model.model import SegmentModel
from segment_model.scoring.scoring import CHUNK, Policy
from training.settings import Settings

if TYPE_CHECKING:
    from jobs.segment_table.destination import SegmentTable
    from jobs.segment_table.write import Written
    from segment_model.counterfactual.what_would_change import WhatWouldChange
    from segment_model.explanation.name_misfits import NameMisfit

AT_A_TIME = 8 * CHUNK  # customers in memory: a few times as many as are assigned at once


@dataclass(frozen=True)
class FileScoring:
    """Assigns the customers of a vector file, a bounded number in memory at a time.

    explained : base, score and each column's contribution are added.
    """

    model: SegmentModel
    version: str
    vectors: VectorFile
    policy: Policy
    explained: bool

    def tables(self, seen: ScoredCustomers) -> Iterator[pd.DataFrame]:
        """The assignments, one row a customer, in parts; `seen` counts those that have been taken.

        The ids have the type that the raw tables have them in.

        Raises
        ------
        SegmentsError
            If the file was changed since it was written, or holds what the model cannot read.
        """
        left_out = LeftOut(self.model)
        for frame in self.vectors.frames(AT_A_TIME):
            table = self._assigned(left_out.complete(frame), seen.customers)
            table["model_version"] = self.version
            table.index = typed_ids(table.index, self.vectors.id_type)
            seen.add(table)
            yield table
        seen.left_out = tuple(left_out.lines)

    def _assigned(self, frame: pd.DataFrame, before: int) -> pd.DataFrame:
        """The table of `SegmentModel.assign`, with that of the explanations; each customer is encoded once.

        before : the number of customers in the parts before this one.
        """
        try:
            if not self.explained:
                return self.model.assign(frame, self.policy)
            assignments, explanations = self.model.explain_records(frame, self.policy)
        except InputError as error:  # its rows are those of this part
            raise InputError(replace(problem, row=problem.row + before) for problem in error.problems) from None
        assigned = self.model.frame_of(assignments, frame.index)
        return pd.concat([assigned, explanations.table(frame.index)], axis="columns")


@dataclass
class ScoredCustomers:
    """The summary of assignments that were made part by part.

    left_out : a line for each column that some customers lack, once all parts have been taken.
    """

    customers: int = 0
    novel: int = 0  # customers who are unlike the training customers
    by_name: Counter[str] = field(default_factory=Counter)
    left_out: tuple[str, ...] = ()

    def add(self, table: pd.DataFrame) -> None:
        """Count the customers of a part."""
        self.customers += len(table)
        self.novel += int(table["novel"].sum())
        counts = table["segment_name"].fillna("unassigned").value_counts()
        self.by_name.update({str(name): int(count) for name, count in counts.items()})

    @property
    def counts(self) -> dict[str, int]:
        """How many customers each segment has, by name, the largest first."""
        return dict(self.by_name.most_common())


@dataclass(frozen=True)
class CustomerExplanation:
    """Why one customer is in a segment: its margin over the rival is base + the sum of the contributions.

    `rival_id` is None where the model has one segment only, `name_misfits` where it does not know what the words of
    the segment's name claim.
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
    name_misfits: Sequence[NameMisfit] | None = None


@contextmanager
def scoring_of(
    location: RegistryLocation, which: str, file: Path, policy: Policy, explained: bool
) -> Iterator[FileScoring]:
    """Open a vector file and fetch the model that assigns its customers.

    Raises
    ------
    SegmentsError
        If the model or the file cannot be read.
    """
    with open_vectors(file) as vectors:
        fetched = fetch(location, which)
        yield FileScoring(fetched.model, fetched.version, vectors, policy, explained)


def store(scoring: FileScoring, seen: ScoredCustomers, settings: Settings, table: SegmentTable) -> Written:
    """Write the assignments to a table in PostgreSQL, under the as-of moment of the vectors and the model's version.

    seen : counts them.

    Raises
    ------
    DestinationError
        If the vectors have no as-of moment, or the table cannot be written; then it holds what it held before.
    SourceError
        If the server cannot be reached.
    """
    from features.as_of import AsOf  # imports Ibis, and the next the driver: a file needs neither
    from jobs.segment_table.write import Stamp, write_segments

    as_of = scoring.vectors.as_of
    if as_of is None:
        raise DestinationError(
            f"{table.shown} keeps the segments of each as-of moment, and these vectors have none: set as_of in the "
            "settings, and write the vectors again"
        )
    local = AsOf.at(as_of, settings.features.time_zone).local
    stamp = Stamp(local, settings.registry.model_name, int(scoring.version))
    return write_segments(scoring.tables(seen), scoring.vectors.id_type, stamp, table)


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
    row = customer_row(customer)
    why, untrue = reasons(model, row, explanations), model.name_misfits(row, model.ids[toward])
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
        sentence=in_one_sentence(why, model, toward, rival, untrue),
        name_misfits=untrue,
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
