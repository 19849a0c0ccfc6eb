"""The proposal for all files: the tables in their roles, the as-of date, time zone and currency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import ibis

from features.grammar.date_formats import EPOCH
from features.grammar.proposals import are_periods, moment_advice
from features.inspection.looks.column_profile import ColumnProfile, ColumnType, is_named_moment
from features.inspection.looks.table_look import TableLook, sampled_moments
from features.inspection.names.meanings import BEARER_KEY
from features.inspection.names.name_words import concepts_of, currency_of
from features.inspection.names.vocabulary import Concept
from features.inspection.roles.attribute_columns import money_units
from features.inspection.roles.numbered_rows import propose_numbered
from features.inspection.roles.source_options import with_source_options
from features.inspection.roles.table_proposal import ALIKE, CERTAIN, TableProposal
from features.inspection.roles.table_roles import Unused, assigned_roles, with_outcomes
from features.inspection.shared_keys import AS_WRITTEN, OVERLAP, CustomerKey, key_score, meeting_keys
from features.presets.all_presets import with_preset
from features.settings import IdSettings
from features.source_settings import TableSource
from features.sources import fetch
from features.tables.canonical import CALENDAR
from features.tables.raw_tables import CUSTOMERS, EVENTS, ORDERS, SUBSCRIPTIONS, RawType
from features.tables.typed_columns import read_column
from features.text.rules import TextRules
from segment_model.errors import SourceError, counted, percent, shown

MOMENTS = {contract.name: str(contract.moment) for contract in (ORDERS, EVENTS, SUBSCRIPTIONS, CUSTOMERS)}
MONEY = ("amount", "price", "mrr", "discount")  # our columns
TEXT_OPTIONS = ("date_format", "decimal", "null_values", "preset")
DOUBTFUL = 0.35  # score of a customer column, up to which it is marked
DEFAULT_CURRENCY = "USD"
DAY = timedelta(days=1)
EVER = date.fromisoformat(CALENDAR[1])  # a day that stands for no day


@dataclass(frozen=True, slots=True)
class Proposal:
    """Settings for files: one table a role, and what was not certain.

    `as_of` is None without dated rows; `newest` says where the newest of them is, and is empty where `as_of` was
    asked for. `checks` says by key what was not certain in `features`, `as_of_check` what of the as-of date.
    """

    tables: tuple[TableProposal, ...]
    unused: tuple[Unused, ...]
    as_of: date | None
    newest: str
    currency: str
    currency_from: str
    features: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    zoned: tuple[str, ...] = ()
    as_of_check: str = ""

    @property
    def has_money(self) -> bool:
        """Whether a table has a column of money."""
        return any(
            {*MONEY} & table.columns.keys() or (table.role == "vectors" and money_units(table, self.currency))
            for table in self.tables
        )


def propose(looks: Sequence[TableLook], as_of: date | None = None, today: date = EVER) -> Proposal:
    """Propose settings for tables that were looked at.

    today : rows of later days, which are planned or misread, do not move the as-of date.

    Raises
    ------
    SourceError
        If a table has no rows or one column, none has a customer column, or two share no ids.
    """
    for look in looks:
        _check(look)
    numbered = propose_numbered(looks[0]) if len(looks) == 1 else None
    ids, unused = AS_WRITTEN, tuple[Unused, ...]()
    if numbered is not None:
        tables: tuple[TableProposal, ...] = (with_source_options(with_outcomes(numbered)),)
    else:
        tables, unused, ids = _of_customers(looks)
    for table in tables:
        _check_one_row_each(table)
    dated = [(rows, table) for table in tables if (rows := dated_rows(table, today)) is not None]
    days = [(rows.newest, table.look.file) for rows, table in dated if rows.newest is not None]
    newest = max(days or [(rows.last, table.look.file) for rows, table in dated if rows.last is not None], default=None)
    if newest is None and as_of is None and tables[0].role != "vectors":
        table = tables[0]
        theirs = table.columns[MOMENTS[table.role]]
        raise SourceError(f"{table.look.file}: {theirs} holds no date that can be read; write it as 2026-06-29")
    chosen, place = (None, "") if newest is None else (newest[0] + DAY, f"{newest[0]} in {newest[1]}")
    currency, source = _currency(tables)
    features = {name: setting for table in tables for name, setting in table.features.items() if name != "currency"}
    rules = ids.model_dump(exclude_defaults=True)
    features |= {"ids": rules} if rules else {}
    checks = dict.fromkeys(rules, "as they are written, the files share no ids")
    zoned = tuple(table.look.file for table in tables if _is_zoned(table))
    doubts: list[str] = []
    if newest is not None and as_of is None:
        doubts = [
            *(doubt for rows, table in dated for doubt in rows.doubts(table)),
            _later_ends(tables, newest[0], today),
        ]
    doubt = "; ".join(filter(None, doubts))
    return Proposal(
        tables, unused, as_of or chosen, "" if as_of else place, currency, source, features, checks, zoned, doubt
    )


def _of_customers(
    looks: Sequence[TableLook],
) -> tuple[tuple[TableProposal, ...], tuple[Unused, ...], IdSettings]:
    """The tables whose columns say whose rows they have, those that are not used, and the rules by which ids meet.

    Raises
    ------
    SourceError
        If no table is of customers.
    """
    keys, ids = meeting_keys(looks)
    tables, unused = assigned_roles(looks, keys)
    by_file = {look.file: key for look, key in zip(looks, keys, strict=True) if key is not None}
    tables = tuple(_with_doubts(with_source_options(table), by_file[table.look.file]) for table in tables)
    if not tables:
        raise SourceError(
            f"{looks[0].file}: {keys[0].column if keys[0] else 'no column'} says whose row it is, and there is neither "
            f"a date beside it, nor one row a customer; {_remedy(looks[0])}"
        )
    return tables, unused, ids


def _remedy(look: TableLook) -> str:
    """What to do where no date of a table is read: mend the column that says it holds dates, if there is one."""
    for column in look.columns:
        texts = [text for text, _ in column.levels]
        may_be = is_named_moment(column.name) or (not column.is_unique and are_periods(texts))
        if column.type in (ColumnType.TEXT, ColumnType.NUMBER) and may_be:
            advice = moment_advice(texts) or "write all of its values one way, such as 2026-06-29"
            return f"{column.name} would be the date, but {min(texts)!r:.60} is none that can be read, {advice}"
    return "if there is no other column of ids, add one"


@dataclass(frozen=True, slots=True)
class DatedRows:
    """The days of a table's rows, in the zone of the engine.

    newest : of the newest row up to today, None without such a row. last : of the newest of all, None without any.
    later : the number of rows after today. early : the number of rows before 1970. no_day : the day of all of these,
    which may mean none; None where they are of several.
    """

    newest: date | None
    last: date | None
    later: int
    early: int = 0
    no_day: date | None = None

    def doubts(self, table: TableProposal) -> Iterator[str]:
        """That rows are of days to come, or of one day before 1970."""
        if self.no_day is not None:
            rows = counted(self.early, "row")
            yield f"{rows} of {table.look.file} dated {self.no_day}: no date, by `null_values`?"
        if not self.later:
            return
        up_to = f", up to {self.last}" if self.last is not None and self.last != self.newest else ""
        yield f"{counted(self.later, 'row')} of {table.look.file} dated after today{up_to}: planned, or misread?"


def dated_rows(table: TableProposal, today: date) -> DatedRows | None:
    """The days of the rows of a table; None where it has no dates."""
    theirs = table.columns.get(MOMENTS.get(table.role, ""))
    if theirs is None:
        return None
    source = TableSource(file=table.look.file, **_text_options(table))
    source, _ = with_preset(source, table.role, table.look.table.columns)
    rules = TextRules.of(source)
    rules = replace(rules, zoned=frozenset({theirs} if table.look[theirs].zoned else ()))
    reading = read_column(table.look.table[theirs], RawType.MOMENT, rules, theirs, table.look.file)
    clock = reading.column.cast("timestamp")  # the wall clock of the engine's time zone
    # where a zone is ahead, tomorrow has begun
    end = ibis.literal(datetime.combine(min(today, EVER - 2 * DAY) + 2 * DAY, time.min), "timestamp")
    ever = ibis.literal(datetime.combine(EVER, time.min), "timestamp")
    early = clock < ibis.literal(EPOCH.replace(tzinfo=None), "timestamp")
    sums = table.look.table.aggregate(
        newest=clock.max(where=clock < end),
        last=clock.max(where=clock < ever),
        later=(clock >= end).sum(),
        early=early.sum(),
        oldest=clock.min(where=early),
        youngest=clock.max(where=early),
    )
    newest, last, later, before, *ends = fetch(sums, table.look.file).to_pylist()[0].values()
    newest, last, oldest, youngest = (moment and moment.date() for moment in (newest, last, *ends))
    return DatedRows(newest, last, int(later or 0), int(before or 0), oldest if oldest == youngest else None)


def _later_ends(tables: Sequence[TableProposal], newest: date, today: date) -> str:
    """That terms end between the newest row and today, and so still run as of the day after it; empty where none does.

    Terms that end after today do run.
    """
    for table in tables:
        ended_at = table.columns.get("ended_at")
        if table.role == "subscriptions" and ended_at is not None:
            ends = sampled_moments(table.look, ended_at, len(table.look.sample[ended_at]))
            days = [end.date() for end in ends if end is not None]
            last = max((day for day in days if day <= today and day < EVER), default=newest)
            if last > newest:
                return f"{ended_at} reaches to {last}: if these terms are over, write the day after; as it is, they run"
    return ""


def _text_options(table: TableProposal) -> dict[str, Any]:
    return {name: setting for name, setting in table.options.items() if name in TEXT_OPTIONS}


def _check_one_row_each(table: TableProposal) -> None:
    """Refuse a table of customers in which some have several rows that no date tells apart."""
    key = table.columns.get("customer_id")
    if table.role not in ("customers", "vectors") or "known_at" in table.columns or key is None:
        return
    ids = read_column(table.look.table[key], RawType.KEY, TextRules(), key, table.look.file).column
    counts = table.look.table.select(key=ids).group_by("key").aggregate(rows=lambda rows: rows.count())
    twice = counts.filter(counts.key.notnull() & (counts.rows > 1))
    several = fetch(twice.aggregate(ids=twice.count(), example=twice.key.cast("string").min()), table.look.file)
    ids_twice, example = several.to_pylist()[0].values()
    if ids_twice:
        ids = counted(ids_twice, f"id of {key} comes", f"ids of {key} come")
        raise SourceError(f"{table.look.file}: {ids} more than once, such as {shown(example)}; keep one row each")


def _check(look: TableLook) -> None:
    if look.rows == 0:
        raise SourceError(f"{look.file}: the table has no rows")
    if len(look.columns) < 2:
        raise SourceError(
            f"{look.file}: one column only ({look.columns[0].name:.60}). A table needs a customer column and at least "
            "one more; is the delimiter another than a comma, or is it no table?"
        )


def _with_doubts(table: TableProposal, key: CustomerKey) -> TableProposal:
    """The proposal, its customer column marked where it may not say whose row it is, or not of every row."""
    column = table.look[table.columns["customer_id"]]
    doubts = [
        _doubt_of_ids(column, key),
        _doubt_of_names(column),
        _doubt_of_gaps(table.look, column),
        _doubt_of_sides(table.look, column, key),
    ]
    if not any(doubts):
        return table
    return replace(table, checks={"customer_id": "; ".join(filter(None, doubts)), **table.checks})


def _doubt_of_ids(column: ColumnProfile, key: CustomerKey) -> str:
    if column.name == key.column and key.shared is not None and key.shared < OVERLAP:
        return f"only {percent(key.shared, 0)} of the ids are in another file"
    if column.name == key.column and key.score < DOUBTFUL and not key.shared:
        return "does it say whose row it is, and is it another one for each customer?"
    if Concept.BEARER in concepts_of(column.name) and key.score <= BEARER_KEY.score(column.name):
        return "is each number one customer, and always written the same way?"
    return ""


def _doubt_of_names(column: ColumnProfile) -> str:
    """That customers may share a name; empty where the values are no names."""
    names = [level for level, _ in column.levels if " " in level and not any(map(str.isdigit, level))]
    if column.type is not ColumnType.TEXT or len(names) <= len(column.levels) / 2:
        return ""
    return f"holds names such as {shown(names[0])}: customers of one name count as one"


def _doubt_of_sides(look: TableLook, column: ColumnProfile, key: CustomerKey) -> str:
    """That another column names a customer as well, such as a merchant beside a payer; empty where none does.

    Where other files share the ids they say which is meant.
    """
    if key.shared or column.name != key.column:
        return ""
    others = [other.name for other in look.columns if key_score(other, look.stem) >= max(key.score - ALIKE, CERTAIN)]
    others = [name for name in others if name != column.name and not _is_one_to_one(look, name, column.name)]
    return f"or {' or '.join(others)}?" if others else ""


def _is_one_to_one(look: TableLook, name: str, other: str) -> bool:
    """Whether each value of a column stands beside a single one of the other, and the other way round."""
    pairs = {pair for pair in zip(look.sample[name], look.sample[other], strict=True) if None not in pair}
    return len(pairs) == len({own for own, _ in pairs}) == len({theirs for _, theirs in pairs})


def _doubt_of_gaps(look: TableLook, column: ColumnProfile) -> str:
    """That another column says the customer of more rows; empty where none does."""
    others = [(key_score(other, look.stem), other.name) for other in look.columns if other.present > column.present]
    score, other = max(others, default=(0.0, ""))
    if score < CERTAIN:
        return ""
    return f"{percent(1 - column.present)} of the rows have none and are left out; or {other}, which more of them have?"


def _currency(tables: Sequence[TableProposal]) -> tuple[str, str]:
    """The currency of the money columns, and what shows it; an empty text where nothing does."""
    for table in tables:
        if "currency" in table.features:
            return str(table.features["currency"]), "the column of currencies"
    for table in tables:
        for ours in MONEY:
            if ours in table.columns and (code := currency_of(table.columns[ours])):
                return code, f"the name {table.columns[ours]}"
    return DEFAULT_CURRENCY, ""


def _is_zoned(table: TableProposal) -> bool:
    theirs = table.columns.get(MOMENTS.get(table.role, ""))
    return theirs is not None and table.look[theirs].zoned
