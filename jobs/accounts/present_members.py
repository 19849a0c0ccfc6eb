"""The customers at the as-of moment: segment and strength of each, and whether it represents its segment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.history import NOT_ASSIGNABLE, UNASSIGNED
from jobs.complete_customers import complete
from registry.connection import RegistryLocation
from registry.runs.finished_files import fetch_files
from registry.versions.versions import FetchedModel
from reporting.content.report_content import TYPICAL
from reporting.content.stored_content import FILE_NAME, content_from_json
from segment_model.errors import counted
from segment_model.language.reasons import sentences
from segment_model.model import SegmentModel

CUSTOMER = "customer_id"
Reasons = Callable[[pd.DataFrame], list[str]]
NO_SEGMENT = "in no segment; nearest: "


@dataclass(frozen=True)
class PresentMembers:
    """The customers of a frame of vectors.

    table : a row a customer: `customer_id` (text), `segment_id` (an id, UNASSIGNED or NOT_ASSIGNABLE), `strength`
    (missing where not assignable) and `representative` (0 or 1). notes : who could not be read, and what is not known.
    """

    table: pd.DataFrame
    notes: tuple[str, ...]


def present_members(model: SegmentModel, frame: pd.DataFrame, typical: frozenset[str] | None) -> PresentMembers:
    """The members of a frame of vectors; typical : the ids of representatives, None where they are not known.

    Raises
    ------
    ContractError
        If the vectors do not have the model's columns.
    """
    readable, refused = complete(model, frame)
    assigned = model.assign(readable)
    segments = assigned["segment_id"].astype(object).fillna(UNASSIGNED)
    table = pd.DataFrame(
        {
            "segment_id": segments.reindex(frame.index, fill_value=NOT_ASSIGNABLE).astype("str"),
            "strength": assigned["strength"].reindex(frame.index).astype(float),
            "representative": frame.index.isin(list(typical or ())).astype("int64"),
        },
        index=frame.index.rename(CUSTOMER),
    ).reset_index()
    notes = []
    if number := len(frame) - len(readable):
        words = "customer cannot be read by the model and has", "customers cannot be read by the model and have"
        notes += [f"{counted(number, *words)} no segment", *refused]
    if typical is None:
        notes.append("representatives are not marked: the run of this version does not say who they are")
    return PresentMembers(table, tuple(notes))


def typical_customers(location: RegistryLocation, fetched: FetchedModel) -> frozenset[str] | None:
    """The typical customers that the report shows; None where the discovery stored none.

    Raises
    ------
    SegmentsError
        If the registry cannot be reached, or what the discovery stored cannot be read.
    """
    stored = fetch_files(location, fetched.run_id, [FILE_NAME]).get(FILE_NAME)
    if stored is None:
        return None
    segments = content_from_json(stored).segments
    typical = {example.customer for segment in segments for example in segment.examples if example.why == TYPICAL}
    return frozenset(typical) or None


def reasons_of(model: SegmentModel, frame: pd.DataFrame) -> Reasons:
    """A function that writes the reasons of customers in words, in the order of a table with `customer_id` as text and
    `segment_id`; empty where a customer is not assignable.

    frame : the vectors of all customers.
    """
    names = [name for name in model.contract.names if name in frame.columns]

    def write(customers: pd.DataFrame) -> list[str]:
        segments = customers["segment_id"].to_numpy()
        readable = segments != NOT_ASSIGNABLE
        written = np.full(len(customers), "", dtype=object)
        if readable.any():
            rows = frame.iloc[frame.index.get_indexer(customers.loc[readable, CUSTOMER])][names]
            written[readable] = sentences(model, rows, model.explain_table(rows))
        outside = segments == UNASSIGNED
        written[outside] = [NO_SEGMENT + sentence for sentence in written[outside]]
        return [str(sentence) for sentence in written]

    return write
