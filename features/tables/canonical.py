"""Converts a user's table into a canonical one, which the feature expressions read.

A canonical table has our column names, keys as whole numbers or text, money and quantities as double, moments as the
wall clock of the business's time zone, and `day` (whole days since 1970-01-01). Rows that cannot count are left out
and counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from features.as_of import AnyAsOf
from features.notices import Notice
from features.tables.choice_marks import choice_marks, chosen_of, own_columns
from features.tables.packed_marks import keep_packed
from features.tables.raw_tables import RawTable, RawType, matched_columns, nearly_named
from features.tables.text_marks import INFINITE as INFINITE_IN
from features.tables.text_marks import LEVELS, NULL_WORDS, UNREADABLE, read_once, text_marks
from features.tables.text_source import TextSource, column_words
from features.tables.typed_columns import read_column
from features.text.rules import TextRules
from features.text.settling import settle

INFINITE, TOO_LARGE = "with_infinity_as_missing", "with_too_large_a_number_as_missing"
PLAIN_RULES = TextRules()
Keep = Callable[[ir.Table], ir.Table]
UNUSABLE = (INFINITE, TOO_LARGE)  # counts of rows
BEFORE_1970 = "before_1970"
OLDEST, NEWEST = "oldest_moment", "newest_moment"  # totals of a tally, which count nothing
CALENDAR = ("0002-01-01", "9999-12-31")  # a moment outside is no moment: Python has none there, and it means "ever"
IS_LATE = "is late"  # a mark; no column has a blank in its name
NO_COUNTS = (UNREADABLE, "example_", LEVELS, OLDEST, NEWEST)
UNLESS_NONE = (INFINITE, TOO_LARGE, BEFORE_1970, NULL_WORDS)  # counts that are left out where they are 0


@dataclass(frozen=True, slots=True)
class Tally:
    """Row counts of a table: `sums` computes one row, `count_rows` adds it to the counts so far.

    notices : what the row of `sums` says beside the counts. only_notices : whether it adds no counts, and nobody asks
    it of the rows of a request, whose values are checked before.
    """

    sums: ir.Table
    count_rows: Callable[[Mapping[str, Any], Mapping[str, int]], dict[str, int]]
    what: str
    notices: Callable[[Mapping[str, Any]], tuple[Notice, ...]] = lambda _: ()
    only_notices: bool = False


TallyOf = Callable[[ir.Table], tuple[Tally, ...]]


@dataclass(frozen=True, slots=True)
class CanonicalTable:
    """A user's table under our names. Its tallies, applied in order, count the rows read and left out, by reason."""

    name: str
    table: ir.Table
    tallies: tuple[Tally, ...]


def canonical(
    raw: ir.Table,
    contract: RawTable,
    columns: Mapping[str, str],
    as_of: AnyAsOf,
    duplicates_dropped: bool = False,
    rules: TextRules = PLAIN_RULES,
    keep: Keep = lambda table: table,
    tally_choice: TallyOf = lambda _: (),
) -> CanonicalTable:
    """Rename, cast and filter a user's table to chosen rows with a customer and a moment before `as_of`.

    Parameters
    ----------
    columns
        Our column names to the user's. A column of our own name needs no entry.
    rules
        How text is written; completed by what the first rows show.
    keep
        Computes a table once, so that the tallies and all parts read it; by default it stays an expression.
    tally_choice
        The tally of a table with the marks of `mark_rows`, which comes after the others.

    Raises
    ------
    SourceError
        If a column is absent or of another type. The tallies raise it for text that cannot be read as its type.
    """
    matched = matched_columns(own_columns(raw), contract, columns)
    wanted = {c.name: c.type for c in contract.columns if c.name in matched}
    by_type = {kind: [matched[name] for name, own in wanted.items() if own is kind] for kind in RawType}
    rules, settled = settle(rules, chosen_of(raw), by_type[RawType.MOMENT], by_type[RawType.NUMBER], contract.name)
    notices = (*settled, *_not_read(nearly_named(own_columns(raw), contract, matched), contract.name))
    raw = keep(raw) if duplicates_dropped else raw  # it is read twice: to count, and to find what is distinct
    whole = chosen_of(raw).distinct() if duplicates_dropped else raw
    readings = {
        name: read_column(whole[matched[name]], kind, rules, matched[name], column_words(contract.name, matched, name))
        for name, kind in wanted.items()
    }
    typed = read_once(whole, contract, matched, readings)
    values: dict[str, ir.Value] = {name: typed[name] for name in readings}
    unusable = {INFINITE: [typed[name] for name in typed.columns if name.startswith(INFINITE_IN)], TOO_LARGE: []}
    for column in (column for column in contract.columns if column.largest < math.inf and column.name in matched):
        number = values[column.name]
        unusable[TOO_LARGE].append((number.abs() > column.largest).fill_null(False))
        values[column.name] = ibis.ifelse(number.abs() <= column.largest, number, None)
    moment = values.get(contract.moment) if contract.moment else None
    late = ibis.literal(False) if moment is None else moment >= as_of.cutoff(bool(moment.type().timezone))
    marks = {
        IS_LATE: late.fill_null(False),
        **{name: _any_of(flags) for name, flags in unusable.items()},
        **text_marks(typed, readings),
    }
    choice = {name: typed[name] for name in choice_marks(typed)}
    full = typed.select(**{name: _wall_clock(column) for name, column in values.items()}, **marks, **choice)
    table = keep_packed(full, [*marks, *choice], keep)
    source = TextSource(contract, matched, rules, chosen_of(raw), chosen_of(full), notices)
    chosen = chosen_of(table)
    tallies = [_tally(chosen, source)]
    if duplicates_dropped:
        read = chosen_of(raw)
        tallies.append(Tally(read.aggregate(read=read.count()), _duplicates, f"{contract.name}: counting rows"))
    tallies += tally_choice(raw if duplicates_dropped else table)
    kept = chosen.filter(chosen.customer_id.notnull() & ~chosen[IS_LATE])
    if contract.moment_is_needed:
        kept = kept.filter(kept[str(contract.moment)].notnull())
        kept = kept.mutate(day=kept[str(contract.moment)].date().epoch_days().cast("int64"))
    return CanonicalTable(contract.name, kept.drop(*marks), tuple(tallies))


def _not_read(nearly: Mapping[str, str], table: str) -> Iterator[Notice]:
    """Warnings of columns that are not read though they nearly have a name of ours. nearly : as `nearly_named`."""
    for ours, theirs in nearly.items():
        yield Notice(
            table,
            f"column {theirs!r} is not read, as our name is {ours}: write `columns: {{{ours}: {theirs}}}`, or "
            f"`not_read: [{ours}]` where it is something else",
            warning=True,
        )


def _wall_clock(value: ir.Value) -> ir.Value:
    """Instants as wall-clock times of the business: every engine's session runs in its time zone."""
    dtype = value.type()
    return value.cast(dt.timestamp) if isinstance(dtype, dt.Timestamp) and dtype.timezone else value


def _any_of(flags: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    """Whether one of the flags is true, as a balanced tree: a chain of 2,000 is too deep for Ibis."""
    if len(flags) < 2:
        return flags[0] if flags else ibis.literal(False)
    middle = len(flags) // 2
    return _any_of(flags[:middle]) | _any_of(flags[middle:])


def _tally(table: ir.Table, source: TextSource) -> Tally:
    """A tally of rows read and rows left out; applying it raises SourceError for values that cannot be read."""
    contract, has_customer = source.contract, table.customer_id.notnull()
    unreadable = [name.removeprefix(UNREADABLE) for name in table.columns if name.startswith(UNREADABLE)]
    sums: dict[str, Any] = {"rows": table.count(), "without_customer": (~has_customer).sum()}
    if contract.moment in source.matched:
        moment = table[str(contract.moment)]
        if contract.moment_is_needed:
            sums["without_time"] = (has_customer & moment.isnull()).sum()
            sums[BEFORE_1970] = (has_customer & (moment < ibis.literal("1970-01-01", "timestamp"))).sum()
        sums["not_before_as_of"] = (has_customer & table[IS_LATE]).sum()
        sums |= _range(moment)
    sums |= {name: table[name].sum() for name in table.columns if name.startswith((*UNUSABLE, NULL_WORDS, LEVELS))}
    for name in unreadable:
        text = table[f"{UNREADABLE}{name}"]
        sums |= {f"{UNREADABLE}{name}": text.count(), f"example_{name}": text.min()}

    def count_rows(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
        for name in unreadable:
            if faults := totals.get(f"{UNREADABLE}{name}"):
                raise source.refusal(name, faults, str(totals[f"example_{name}"]))
        own = {name: int(totals[name] or 0) for name in sums if not name.startswith(NO_COUNTS)}
        return {**counts, **{n: count for n, count in own.items() if count or not n.startswith(UNLESS_NONE)}}

    def notices(totals: Mapping[str, Any]) -> tuple[Notice, ...]:
        levels = {name.removeprefix(LEVELS): int(n) for name, n in totals.items() if name.startswith(LEVELS) and n}
        return (*source.notices, *(source.level_notice(name, count) for name, count in levels.items()))

    return Tally(table.aggregate(**sums), count_rows, f"{contract.name}: counting rows", notices)


def _range(moment: ir.TimestampValue) -> dict[str, ir.TimestampScalar]:
    """The oldest and the newest moment, on the wall clock of the business."""
    first, last = (ibis.literal(day, "timestamp") for day in CALENDAR)
    moment = moment.cast(dt.Timestamp(scale=6))  # nanoseconds do not reach to these years
    usual = (moment >= first) & (moment < last)
    return {OLDEST: moment.min(where=usual), NEWEST: moment.max(where=usual)}


def _duplicates(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
    """Add the number of duplicate rows that were dropped before the other counts."""
    rows = int(totals["read"])
    return {"rows": rows, "duplicates": rows - counts["rows"], **{k: v for k, v in counts.items() if k != "rows"}}
