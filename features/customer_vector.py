"""Joins the feature groups to one row a customer; owns the names, order, types and null rules of the vector.

The population is every customer with at least one usable row before the as-of moment in any of the tables, less those
whom `features.joining.population` leaves out. Each group
is computed in the engine that holds its table; only its result, one row a customer, comes to Python and is joined here.
A customer without rows in a table has 0 where 0 is true (no orders: frequency 0), and null elsewhere (`missing_of`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from features.as_of import moment_of
from features.groups import firmographics, rfm
from features.groups.all_groups import FeatureGroups, Part, contract_of, feature_groups, joined
from features.joining.between_tables import look_between
from features.joining.id_type import choose_id_type
from features.joining.table_customers import TableCustomers
from features.learned import LearnedFeatures
from features.notices import Notice
from features.scores.learned_edges import tied_scores
from features.scores.tie_notice import notices_of_ties
from features.settings import FeatureSettings, Sources
from features.sources import Engines, fetch
from features.tables.canonical import NEWEST, OLDEST, Tally
from features.vector_table import CustomerVectors, Moment, counts_in_words, digest, validated
from segment_model.errors import SourceError, counted

COUNTED = {"orders": rfm.ORDER_COUNT, "events": "events"}  # the column with a customer's rows, by raw table


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
        groups = _groups(
            engines, lambda: feature_groups(engines.open_typed, sources, settings, moment, own, engines.keep)
        )
        read = {name: _rows_read(tallies) for name, tallies in groups.tallies.items()}
        frames = [_frame(part) for part in groups.parts]
        of_rows = (notice for rows in read.values() for notice in rows.notices)
        # `where` may settle what the table settles too
        notices = tuple(dict.fromkeys((*engines.notices, *groups.notices, *of_rows)))
    tables = [_customers(name, groups, frames, read[name]) for name in groups.columns]
    met = look_between(tables, moment, sources, settings.ids)
    report = {name: {**rows.counts, **met.counts.get(name, {})} for name, rows in read.items()}
    contract = contract_of(groups, settings)
    frame = joined(frames, contract).drop(index=met.left_out)
    if frame.empty:
        before = "" if as_of is None else f" before {as_of}"
        warnings = "".join(f". {notice.line}" for notice in met.notices if notice.warning)
        raise SourceError(f"no customer has a usable row{before}. {_told(report)}{warnings}")
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
    return CustomerVectors(frame, contract, rules, as_of, digest(frame), report, groups.columns, notices, ids.type)


@dataclass(frozen=True)
class RowsRead:
    """The rows of a raw table: the counts of those read and left out, and the first and the last moment of all.

    notices : what else its tallies say.
    """

    counts: Mapping[str, int]
    notices: tuple[Notice, ...]
    oldest: datetime | None
    newest: datetime | None


def _groups(engines: Engines, read: Callable[[], FeatureGroups]) -> FeatureGroups:
    """The groups, read again wherever a column turns out not to be plain throughout."""
    while True:
        try:
            return read()
        except SourceError as error:
            if not engines.reads_as_text(error):
                raise


def _rows_read(tallies: Sequence[Tally]) -> RowsRead:
    counts: dict[str, int] = {}
    notices: list[Notice] = []
    moments: dict[str, datetime] = {}
    for tally in tallies:
        totals = fetch(tally.sums, tally.what).to_pylist()[0]
        counts = tally.count_rows(totals, counts)
        notices += tally.notices(totals)
        moments |= {name: totals[name] for name in (OLDEST, NEWEST) if totals.get(name) is not None}
    return RowsRead(counts, tuple(notices), moments.get(OLDEST), moments.get(NEWEST))


def _customers(name: str, groups: FeatureGroups, frames: Sequence[pd.DataFrame], rows: RowsRead) -> TableCustomers:
    """The customers of a raw table; its parts have facts of them beside the columns of the vector."""
    own = [(part, frame) for part, frame in zip(groups.parts, frames, strict=True) if part.raw_table == name]
    ids = own[0][1].index
    for _, frame in own[1:]:
        ids = ids.union(frame.index)
    facts = {str(column): frame[column] for _, frame in own for column in frame.columns}
    is_dated, id_type = facts.get(firmographics.IS_DATED), own[0][0].table.customer_id.type()
    return TableCustomers(
        name,
        ids,
        name in groups.numbered_ids,
        id_type.is_integer() and not id_type.is_uint64(),
        undated=None if is_dated is None else is_dated.index[~is_dated.astype(bool)],
        rows=facts.get(COUNTED.get(name, "")),
        oldest=rows.oldest,
        newest=rows.newest,
    )


def _frame(part: Part) -> pd.DataFrame:
    """Compute a part; its rows by customer.

    Raises
    ------
    SourceError
        If a customer comes twice.
    """
    frame: pd.DataFrame = fetch(part.table, "features").to_pandas()
    frame.index = pd.Index(frame.pop("customer_id").astype("str"), name="customer_id")
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()].unique().sort_values()
        raise SourceError(
            f"{part.raw_table}: {counted(len(twice), 'customer has', 'customers have')} more than one row, such as "
            f"{', '.join(twice[:3])}; keep one row each"
        )
    return frame


def _told(report: Mapping[str, Mapping[str, int]]) -> str:
    """The counts of the raw tables in words."""
    return "; ".join(f"{table}: {counts_in_words(counts)}" for table, counts in report.items())
