"""Growth and migration: size and money of each segment by month, why it changed, and who went where."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from analytics.growth.size_changes import CUSTOMERS, SizeChange, size_changes, too_small_segments
from analytics.record import AnalystRecord
from reporting.charts.stacked_chart import Layer, StackedChart, stacked_chart
from reporting.rendering import money_column
from reporting.sections.keys import Key, Keys
from segment_model.errors import counted, percent

CHANGES = ("joined", "came", "went", "gone", "left", "returned")
CHANGE_WORDS = {
    "joined": "Became customers in the month.",
    "came": "Came from other segments.",
    "went": "Went to other segments.",
    "gone": "Are no customers any more.",
    "left": "Stopped paying in the month.",
    "returned": "Pay again.",
}
SIZE_CHANGES = {"joined": "+", "came": "+", "went": "−", "gone": "−"}  # the others stay where they are
MOST_FLOWS = 12
MANY_TIMES = 2.0  # from here on a change is a multiple, not a percentage


@dataclass(frozen=True, slots=True)
class MonthTable:
    """Numbers by month and segment; rows : a month, whether its history is short, and its cells in words."""

    title: str
    chart: StackedChart
    columns: tuple[Key, ...]
    rows: tuple[tuple[str, bool, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """Why a segment's size changed over the months: counts in the order of `Growth.changes`, and its two sizes."""

    key: Key
    before: str
    counts: tuple[str, ...]
    after: str


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """Customers who went from the row's segment to the column's: words, shade (0 to 100), and a sentence."""

    words: str
    shade: int
    title: str
    stays: bool


@dataclass(frozen=True, slots=True)
class Migration:
    """Who went where, all comparable months added up; flows : the largest moves with their money, in words."""

    columns: tuple[Key, ...]
    rows: tuple[tuple[Key, tuple[MatrixCell, ...]], ...]
    flows: tuple[tuple[Key, Key, str, str, str], ...]
    months: str


class _Move(NamedTuple):
    """Customers who were in one segment at a month end and in another at the next, all months added up."""

    source: str
    target: str
    customers: float
    money_before: float
    money_after: float


@dataclass(frozen=True, slots=True)
class Growth:
    """The section; changes : headings of the counts of `reasons`, with what they mean. sum_words : how they add up.

    changed : a sentence on each segment that grew or shrank by more than a fifth. too_small : a sentence on those with
    too few customers for one, if any. short_history : the months that are not comparable, in words.
    """

    tables: tuple[MonthTable, ...]
    changes: tuple[tuple[str, str], ...]
    sum_words: str
    reasons: tuple[ChangeRow, ...]
    reasons_months: str
    migration: Migration | None
    changed: tuple[str, ...]
    too_small: str
    short_history: str


def growth(record: AnalystRecord, keys: Keys) -> Growth | None:
    """The growth of a record; None where it has no sizes."""
    sizes = record.sizes
    if sizes.empty:
        return None
    months = sorted(set(sizes["month"]))
    short_history = tuple(
        month for month in months if sizes.loc[sizes["month"] == month, "short_history"].astype(bool).any()
    )
    tables = [_month_table("customers", "customers", sizes, months, short_history, keys, "{:,.0f}".format)]
    if sizes["money"].notna().any():
        title = f"{record.money_title} ({record.currency})" if record.currency else record.money_title
        tables.append(_month_table(title, "money", sizes, months, short_history, keys, money_column(sizes["money"])))
    compared = [
        month
        for month in months[1:]
        if month not in short_history and _month_before(months, month) not in short_history
    ]
    within = sizes[sizes["month"].isin(compared)]
    present = tuple(name for name in CHANGES if name in sizes.columns and within[name].fillna(0).astype(bool).any())
    return Growth(
        tables=tuple(tables),
        changes=tuple((name, CHANGE_WORDS[name]) for name in present),
        sum_words=_sum_words(present),
        reasons=_reasons(sizes, months, compared, present, keys) if compared else (),
        reasons_months=_span(compared),
        migration=_migration(record, compared, keys),
        changed=tuple(
            _change_sentence(change, keys[change.segment].name, record) for change in size_changes(sizes, record.floor)
        ),
        too_small=_too_small_sentence(sizes, record.floor, keys),
        short_history=_spans(months, short_history),
    )


def _change_sentence(change: SizeChange, name: str, record: AnalystRecord) -> str:
    """What happened to the customers or the money of a segment of this name."""
    if change.measure == CUSTOMERS:
        what = f"“{name}” {'grew' if change.after > change.before else 'shrank'}"
        unit, moment = "customers", "at the end of"
        before, after = f"{change.before:,.0f}", f"{change.after:,.0f}"
    else:
        what = f"The {record.money_title} of “{name}” {'rose' if change.after > change.before else 'fell'}"
        unit, moment = record.currency, "in"
        write = money_column([change.before, change.after])
        before, after = write(change.before), write(change.after)
    first, last = f"{moment} {change.first_month}", f"{moment} {change.last_month}"
    sentence = " ".join(word for word in (what, "from", before, unit, first, "to", after, unit, last) if word)
    if change.ratio is None:
        return sentence
    much, less = ("many", "fewer") if change.measure == CUSTOMERS else ("much", "less")
    if change.ratio >= MANY_TIMES:
        return f"{sentence}: {change.ratio:,.1f} times as {much}"
    return f"{sentence}: {percent(abs(change.ratio - 1))} {'more' if change.ratio > 1 else less}"


def _too_small_sentence(sizes: pd.DataFrame, floor: int, keys: Keys) -> str:
    """Which segments have too few customers to say whether they grew or shrank; empty without any."""
    *others, last = [f"“{keys[segment].name}”" for segment in too_small_segments(sizes, floor)] or [""]
    names = f"{', '.join(others)} and {last}" if others else last
    few = f"fewer than {counted(floor, 'customer')} at the first and at the last month end"
    return f"{names}: {few}, too few to say whether a segment grew or shrank" if names else ""


def _sum_words(present: Sequence[str]) -> str:
    """How the sizes and the changes between them add up."""
    terms = " ".join(f"{sign} {name}" for name, sign in SIZE_CHANGES.items() if name in present)
    staying = [name for name in present if name not in SIZE_CHANGES]
    aside = f"; who {' or '.join(staying)} is still counted" if staying else ""
    return f"Before {terms} = after{aside}." if terms else ""


def _month_before(months: Sequence[str], month: str) -> str:
    return months[months.index(month) - 1]


def _span(months: Sequence[str]) -> str:
    return "" if not months else months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"


def _spans(months: Sequence[str], chosen: Sequence[str]) -> str:
    """Months as spans of consecutive ones, such as "2017-01 to 2017-10, 2017-12"."""
    spans: list[list[str]] = []
    for month in chosen:
        place = months.index(month)
        if spans and place and spans[-1][-1] == months[place - 1]:
            spans[-1].append(month)
        else:
            spans.append([month])
    return ", ".join(_span(span) for span in spans)


def _month_table(
    title: str,
    column: str,
    sizes: pd.DataFrame,
    months: Sequence[str],
    short_history: Sequence[str],
    keys: Keys,
    words: Callable[[float], str],
) -> MonthTable:
    wide = sizes.pivot_table(index="month", columns="segment", values=column, aggfunc="sum", min_count=1)
    ids = [own for own in keys.ordered(wide.columns) if wide[own].fillna(0).any()]
    columns = tuple(keys[own] for own in ids)
    numbers = {own: [_known(wide[own].get(month)) for month in months] for own in ids}
    layers = [Layer(key.letter, key.name, key.style, numbers[key.id]) for key in columns]
    flags = [month in short_history for month in months]
    rows = tuple(
        (
            month,
            month in short_history,
            tuple("–" if (amount := numbers[own][place]) is None else words(amount) for own in ids),
        )
        for place, month in enumerate(months)
    )
    largest = max((sum(numbers[own][place] or 0.0 for own in ids) for place in range(len(months))), default=0.0)
    tick = money_column([largest]) if column == "money" else "{:,.0f}".format
    return MonthTable(title, stacked_chart(layers, months, tick, flags), columns, rows)


def _known(number: Any) -> float | None:
    return None if number is None or math.isnan(number) else float(number)


def _reasons(
    sizes: pd.DataFrame, months: Sequence[str], compared: Sequence[str], present: Sequence[str], keys: Keys
) -> tuple[ChangeRow, ...]:
    rows = []
    first = _month_before(months, compared[0])
    for own in keys.ordered(set(sizes["segment"])):
        table = sizes[sizes["segment"] == own].set_index("month")
        counts = table.loc[table.index.isin(compared), list(present)].sum()
        before, after = (_known(table["customers"].get(month)) for month in (first, compared[-1]))
        if not (before or after or counts.any()):
            continue
        rows.append(
            ChangeRow(
                keys[own],
                "–" if before is None else f"{before:,.0f}",
                tuple(f"{counts[name]:,.0f}" for name in present),
                "–" if after is None else f"{after:,.0f}",
            )
        )
    return tuple(rows)


def _migration(record: AnalystRecord, compared: Sequence[str], keys: Keys) -> Migration | None:
    flows = record.flows[record.flows["month"].isin(compared)]
    if flows.empty:
        return None
    summed = ["customers", "money_before", "money_after"]
    sums = flows.groupby(["source", "target"], sort=False, as_index=False)[summed].sum(min_count=1)
    moves = [_Move(*row) for row in sums[["source", "target", *summed]].itertuples(index=False, name=None)]
    counts = {(move.source, move.target): float(move.customers) for move in moves}
    sources = keys.ordered({move.source for move in moves})
    targets = keys.ordered({move.target for move in moves})
    rows = []
    for source in sources:
        total = sum(counts.get((source, target), 0.0) for target in targets)
        cells = tuple(
            _matrix_cell(counts.get((source, target), 0.0), total, keys[source], keys[target]) for target in targets
        )
        rows.append((keys[source], cells))
    return Migration(
        tuple(keys[target] for target in targets), tuple(rows), _largest(moves, record.currency, keys), _span(compared)
    )


def _matrix_cell(count: float, total: float, source: Key, target: Key) -> MatrixCell:
    stays = source.id == target.id
    share = count / total if total else 0.0
    title = f"{source.name} to {target.name}: {count:,.0f} of {total:,.0f} ({percent(share)})"
    if not count:
        return MatrixCell("·", 0, title, stays)
    words = f"{100 * share:.0f} %" if stays else f"{count:,.0f}"
    return MatrixCell(words, 0 if stays else max(6, min(100, round(250 * share))), title, stays)


def _largest(moves: Sequence[_Move], currency: str, keys: Keys) -> tuple[tuple[Key, Key, str, str, str], ...]:
    """The largest moves between segments: from, to, customers, and their money before and after."""
    away = sorted((move for move in moves if move.source != move.target), key=lambda move: -move.customers)
    write = money_column(money for move in away for money in (move.money_before, move.money_after))

    def words(money: float) -> str:
        return "–" if math.isnan(money) else f"{write(money)} {currency}".strip()

    return tuple(
        (
            keys[move.source],
            keys[move.target],
            f"{move.customers:,.0f}",
            words(move.money_before),
            words(move.money_after),
        )
        for move in away[:MOST_FLOWS]
    )
