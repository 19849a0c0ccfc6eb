"""Joins the feature groups to one row a customer; owns the names, order, types and null rules of the vector.

The population is every customer with at least one usable row before the as-of moment in any of the tables, less those
whom `features.joining.population` leaves out. Each group is computed in the engine that holds its table; only its
result, one row a customer, comes to Python and is joined here. A customer without rows in a table has 0 where 0 is true
(no orders: frequency 0), and null elsewhere (`missing_of`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from features.as_of import moment_of
from features.computed_parts import customers_of, part_frame, read_again, rows_read
from features.groups.all_groups import contract_of, groups_of, joined
from features.groups.opened_tables import open_tables
from features.joining.between_tables import look_between
from features.joining.id_type import choose_id_type
from features.joining.total_ids import notices_of_totals
from features.joining.unpaid_terms import notices_of_unpaid_terms
from features.learned import LearnedFeatures
from features.notices import Notice
from features.own_vectors.frame_notices import notices_of_repetitions, refuse_totals
from features.own_vectors.lone_numbers import notices_of_lone_numbers
from features.scores.learned_edges import tied_scores
from features.scores.tie_notice import notices_of_ties
from features.settings import FeatureSettings, Sources
from features.sources import Engines
from features.vector_table import CustomerVectors, Moment, digest, no_customer_error, validated
from segment_model.contract import VectorContract


def build_vectors(
    sources: Sources,
    settings: FeatureSettings,
    as_of: Moment | None,
    base: str | Path,
    learned: LearnedFeatures | None = None,
) -> CustomerVectors:
    """Compute the vectors of all customers as of a moment.

    Parameters
    ----------
    as_of
        Only rows strictly before it count; a date is the midnight at which it starts. None where no table has dates.
    base
        The folder that relative file names count from.
    learned
        What an earlier build learned, applied as it is; None learns it from this one.

    Raises
    ------
    SourceError
        If a table cannot be read, breaks its contract, holds a customer twice where one row is promised, shares no id
        with the others, or if there is no customer at all.
    SettingsError
        If `roles` or `words` name a column that the vector does not have, or a setting needs another table.
    ContractError
        If two columns have one name.
    """
    moment = moment_of(as_of, settings.time_zone)
    with Engines(Path(base), settings.time_zone) as engines:
        own = learned.own if learned is not None else None
        opened = read_again(
            engines, lambda: open_tables(engines.open_typed, sources, settings, moment, own, engines.keep)
        )
        partial_use = learned is not None and learned.partial_use
        groups = groups_of(opened, sources, settings, moment, partial_use)
        read = {name: rows_read(tallies) for name, tallies in groups.tallies.items()}
        frames = [part_frame(part) for part in groups.parts]
        of_rows = (notice for rows in read.values() for notice in rows.notices)
        # `where` may settle what the table settles too
        notices = tuple(dict.fromkeys((*engines.notices, *groups.notices, *of_rows)))
    tables = [customers_of(name, groups, frames, read[name]) for name in groups.columns]
    met = look_between(tables, moment, sources.model_copy(update={**opened.completed}), settings.ids)
    report = {name: {**rows.counts, **met.counts.get(name, {})} for name, rows in read.items()}
    contract = contract_of(groups, settings)
    frame = joined(frames, contract)
    if len(met.left_out):
        frame = frame.drop(index=met.left_out)
    if frame.empty:
        raise no_customer_error(as_of, report, met.notices)
    rules = learned if learned is not None else LearnedFeatures.learn(frame, contract, settings, groups.own)
    frame = rules.apply(frame, contract)
    notices = (*notices, *met.notices)
    if learned is None:
        tied = tied_scores(frame, contract.names, settings.rfm.score_edges)
        notices = (*notices, *notices_of_ties(frame, tied))
        frame = frame.assign(**tied)
    frame = validated(frame, contract)
    ids = choose_id_type(tables, frame.index)
    notices = (*notices, *ids.notices)
    if learned is None:
        notices = (*notices, *_doubts(frame, contract, rules, sources, notices))
    return CustomerVectors(frame, contract, rules, as_of, digest(frame), report, groups.columns, notices, ids.type)


def _doubts(
    frame: pd.DataFrame,
    contract: VectorContract,
    rules: LearnedFeatures,
    sources: Sources,
    known: Sequence[Notice],
) -> Iterator[Notice]:
    """What may be wrong with the customers and with the columns that the user brought.

    Raises
    ------
    SourceError
        If a customer is a row of totals.
    """
    yield from notices_of_totals(frame.index, known)
    if sources.vectors is not None:
        refuse_totals(frame, rules.own, sources.vectors)
        yield from notices_of_repetitions(frame, contract, rules.own)
    yield from notices_of_lone_numbers(frame, contract, rules.own, sources)
    yield from notices_of_unpaid_terms(frame)
