"""Accounts in order of a measure or a feature, with segment, strength and reasons: a list that is streamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analytics.history import NOT_ASSIGNABLE, UNASSIGNED
from analytics.ranking.measures import BEFORE, MEASURES, NOW, month_before
from analytics.ranking.ranked_accounts import RANK, ranked_accounts, with_amounts
from features.as_of import AsOf, NoAsOf
from features.history.placed_members import PlacedMembers
from features.history.table_history import TableHistory, open_history
from features.sources import fetch
from jobs.accounts.present_members import CUSTOMER, Reasons, present_members, reasons_of, typical_customers
from jobs.conditions.asked import asked_condition
from jobs.customer_vectors import learned_by, refuse_spark, vectors_of
from jobs.registry_location import location_of
from registry.versions.versions import fetch as fetch_model
from segment_model.contract import VectorContract
from segment_model.errors import SettingsError, nearest_word
from segment_model.model import SegmentModel
from training.progress import Announce
from training.settings import Settings

BATCH = 20_000  # accounts at a time in memory with their reasons
GROWTH = "growth"
GROWING = ("mrr", "revenue")  # what growth is of: the first that the tables allow
COLUMNS = (
    *("rank", "customer_id", "value", "value_month_before", "change", "segment_id", "segment_name", "strength"),
    *("representative", "reasons"),
)


@dataclass(frozen=True)
class Ranking:
    """A list of accounts.

    batches : tables with COLUMNS, in order; at least one, which may be empty. customers : how many accounts the whole
    list has. unit : of the values. words : what they are ranked by. notes : what was assumed, and who has no segment.
    """

    batches: Iterator[pd.DataFrame]
    customers: int
    unit: str
    words: str
    version: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Criterion:
    """What to rank by: a measure with its raw table, or else a column of the vector."""

    name: str
    measure: str
    by_change: bool
    unit: str
    words: str


@contextmanager
def ranking(
    settings: Settings,
    base: Path,
    which: str,
    by: str,
    segment: str | None,
    condition: str | None,
    most: int | None,
    announce: Announce,
) -> Iterator[Ranking]:
    """The accounts of the model that an alias or version names, the highest first; the tables are open meanwhile.

    by : "mrr", "revenue", "usage", "growth" (the change of MRR, else of revenue), or a number of the vector. segment :
    only this one (id or name). condition : only who meets it (`jobs.conditions.asked`). most : only so many.

    Raises
    ------
    SegmentsError
        If the model or a table cannot be read, or the tables know no such measure, column, segment or condition.
    """
    refuse_spark(settings)
    location = location_of(settings, base)
    fetched = fetch_model(location, which)
    model = fetched.model
    chosen = None if segment is None else model.id_of(segment)
    zone = settings.features.time_zone
    now = None if settings.as_of is None else AsOf.at(settings.as_of, zone)
    announce("reading the tables")
    learned = learned_by(model)
    with open_history(settings.sources, settings.features, now or NoAsOf(), base, learned) as history:
        if now is None:
            vectors = vectors_of(settings, base, learned)
            frame, contract = vectors.frame, vectors.contract
        else:
            present = history.vectors(now)
            frame, contract = present.frame, present.contract
        criterion = _criterion(by, history, contract, settings)
        announce("assigning the customers")
        members = present_members(model, frame, typical_customers(location, fetched))
        table, notes = members.table, [*members.notes]
        if criterion.measure == "":
            before, remark = _column_before(criterion.name, history, now, frame)
            table = table.assign(**{NOW: frame[criterion.name].to_numpy(dtype=float), BEFORE: before})
            notes += remark
        if condition is not None:
            asked = asked_condition(settings, contract, frame, condition)
            (met,) = (each.meets(frame).to_numpy(dtype=np.bool_) for each in asked.by_name.values())
            table, notes = table[met], [*notes, *asked.notes]
        if chosen is not None:
            table = table[table["segment_id"] == chosen]
        table = table.reset_index(drop=True)
        accounts = _accounts(criterion, table, history, now)
        announce("ordering the accounts")
        ranked = history.temporary.keep(ranked_accounts(accounts, criterion.by_change, most))
        names = dict(zip(model.ids, model.names, strict=True))
        size = len(table) if most is None else min(most, len(table))
        batches = _batches(ranked, size, model, frame, names)
        yield Ranking(batches, len(table), criterion.unit, criterion.words, fetched.version, tuple(notes))


def _criterion(by: str, history: TableHistory, contract: VectorContract, settings: Settings) -> _Criterion:
    currency = settings.features.currency
    tables = {name: MEASURES[name].table for name in MEASURES if _has_measure(name, history)}
    if by == GROWTH:
        of = next((name for name in GROWING if name in tables), None)
        if of is None:
            raise SettingsError("growth is that of MRR or revenue, and no table has money: add subscriptions or orders")
        return _Criterion(by, of, True, currency, f"change of {of} in a month: {MEASURES[of].words}")
    if by in tables:
        measure = MEASURES[by]
        return _Criterion(by, by, False, currency if measure.money else "events", measure.words)
    numbers = [column.name for column in contract.columns if not column.is_category]
    if by not in contract.names:
        if by in MEASURES:
            raise SettingsError(f"{by} needs the table {MEASURES[by].table} with its money, which sources do not name")
        options = [*tables, *([GROWTH] if set(tables) & {*GROWING} else []), *numbers]
        raise SettingsError(
            f"there is no measure or column {by!r} to rank by.{nearest_word(by, options)} Known: {', '.join(options)}"
        )
    column = contract[by]
    if column.is_category:
        raise SettingsError(f"{by} is text, and accounts are ranked by a number: {', '.join([*tables, *numbers])}")
    if column.sensitive and not settings.discovery.allow_sensitive:
        raise SettingsError(f"{by} is sensitive: rank by another column, or set discovery.allow_sensitive")
    return _Criterion(by, "", False, column.unit, column.description or column.title)


def _has_measure(name: str, history: TableHistory) -> bool:
    measure = MEASURES[name]
    columns = history.opened.columns.get(measure.table, ())
    needs_amount = measure.table == "orders" and not {"amount", "price"} & {*columns}
    return measure.table in history.dated and not needs_amount


def _column_before(
    name: str, history: TableHistory, now: AsOf | None, frame: pd.DataFrame
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], list[str]]:
    """The values of a column a month before, missing where they are not known, and why they are not."""
    unknown = np.full(len(frame), np.nan)
    if now is None or name in history.undated:
        return unknown, [f"{name} has no date, so its change since the month before is not known"]
    before = AsOf.at(month_before(now.local), history.settings.time_zone)
    earlier = history.vectors(before).frame
    return earlier[name].reindex(frame.index).to_numpy(dtype=float), []


def _accounts(criterion: _Criterion, table: pd.DataFrame, history: TableHistory, now: AsOf | None) -> ir.Table:
    """The accounts with their values, in the engine that holds the rows of the measure."""
    placed = PlacedMembers(table, history.temporary)
    if now is None or not criterion.measure:
        beside = next(iter(history.opened.rows.values()))
        return placed.beside(beside.select(CUSTOMER))[1]
    measure = MEASURES[criterion.measure]
    rows, members = placed.beside(history.rows(measure.table, now))
    amounts = measure.amounts(rows, now.local, month_before(now.local))
    return with_amounts(members, amounts)


def _batches(
    ranked: ir.Table, size: int, model: SegmentModel, frame: pd.DataFrame, names: Mapping[str, str]
) -> Iterator[pd.DataFrame]:
    """The accounts by their ranks, so many at a time; every engine can do that, and holds the rest."""
    write = reasons_of(model, frame)
    for first in range(1, max(size, 1) + 1, BATCH):
        page = ranked.filter((ranked[RANK] >= first) & (ranked[RANK] < first + BATCH)).order_by(RANK)
        yield _finished(fetch(page, "ranking accounts").to_pandas(), write, names)


def _finished(accounts: pd.DataFrame, write: Reasons, names: Mapping[str, str]) -> pd.DataFrame:
    """A batch with names, reasons and flags; a customer in no segment has no `segment_id`."""
    texts = accounts.assign(customer_id=accounts[CUSTOMER].astype("str"))
    named = accounts["segment_id"].map({**dict.fromkeys((UNASSIGNED, NOT_ASSIGNABLE)), **names})
    return accounts.assign(
        segment_id=accounts["segment_id"].where(accounts["segment_id"].isin(list(names))).astype("str"),
        segment_name=named.astype("str"),
        representative=accounts["representative"] == 1,
        reasons=pd.Series(write(texts), index=accounts.index, dtype="str"),
    )[list(COLUMNS)]
