"""The segments as rows: size, money, churn, lifetime value, retention and trend of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.record import AnalystRecord
from reporting.charts.sparkline import Sparkline, sparkline
from reporting.content.report_content import DiscoveryContent
from reporting.rendering import money_words, percent, short_amount
from reporting.sections.figure_book import EVERYONE, FigureBook, FigureCell, period_words, span_words
from reporting.sections.keys import Key, Keys

MONEY = ("mrr", "revenue")
EACH = ("arpa", "revenue_per_customer", "average_revenue", "basket", "average_order_value")
LOSS = ("churn_rate", "repeat_rate")
LATER = (3, 6, 12)  # months after
RETENTION_WORDS = (
    "Members of the segment at the end of {month} who were active or paying in the {k}th month after, whatever segment "
    "they were in then / all members at the end of {month}."
)


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """A segment's row; trends : pairs of a title and a sparkline."""

    key: Key
    cells: tuple[FigureCell, ...]
    trends: tuple[tuple[str, Sparkline], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The table: labels of its columns with their definitions, rows, and a sentence on the times that it covers."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[OverviewRow, ...]
    everyone: tuple[FigureCell, ...]
    has_trends: bool
    times: str


def overview(discovery: DiscoveryContent, book: FigureBook | None, keys: Keys) -> Overview:
    """A row a segment, and one of everyone."""
    figures = [] if book is None else shown_figures(book)
    rows = tuple(
        OverviewRow(
            keys[segment.id],
            (
                _size(segment.size, segment.share),
                *(_figure_cells(book, figures, segment.id) if book else _vector_money(discovery, number)),
                *(_retention_cells(book.record, segment.id) if book else ()),
            ),
            _trends(book.record, segment.id) if book else (),
        )
        for number, segment in enumerate(discovery.segments)
    )
    everyone = (
        _size(discovery.customers, 1.0),
        *(_figure_cells(book, figures, EVERYONE) if book else ()),
        *(_retention_cells(book.record, EVERYONE) if book else ()),
    )
    columns = tuple((cell.label, cell.title) for cell in rows[0].cells) if rows else ()
    return Overview(columns, rows, everyone if book else (), any(row.trends for row in rows), _times(book, figures))


def shown_figures(book: FigureBook) -> list[str]:
    """The figures that rows show: money, money of each customer, losses and lifetime value, as far as there are any."""
    chosen = [book.first(*MONEY), book.first(*EACH), book.first(*LOSS), next(iter(book.starting("ltv")), None)]
    return [figure for figure in chosen if figure is not None]


def _size(size: int, share: float) -> FigureCell:
    title = "Customers in the segment when it was discovered, and their share of all customers."
    return FigureCell("customers", f"{size:,}", note=percent(share), title=title, number=float(size))


def _figure_cells(book: FigureBook, figures: Sequence[str], group: str) -> list[FigureCell]:
    return [book.cell(figure, group) for figure in figures]


def _vector_money(discovery: DiscoveryContent, number: int) -> list[FigureCell]:
    """Without a record: the segment's part of the money among the columns."""
    return [
        FigureCell(
            f"{money.title} ({money.unit})",
            short_amount(money.total),
            note=percent(money.share),
            title=f"{money.title}: the total over the segment's customers, and its share of everyone's.",
            number=money.total,
        )
        for money in discovery.segments[number].money
    ]


def _retention_cells(record: AnalystRecord, segment_id: str) -> list[FigureCell]:
    """For 3, 6 and 12 months after: the newest month end from which they are over."""
    table = record.retention
    cells = []
    for k in LATER:
        rows = table[(table["k"] == k) & table["finished"].astype(bool)]
        if rows.empty:
            continue
        month = rows["month"].max()
        own = rows[(rows["segment"] == segment_id) & (rows["month"] == month)].to_dict(orient="records")
        cells.append(_retention_cell(own[0] if own else None, k, str(month)))
    return cells


def _retention_cell(row: dict[Any, Any] | None, k: int, month: str) -> FigureCell:
    label, words = f"kept {k} months", RETENTION_WORDS.format(month=month, k=k).replace("3th", "3rd")
    n = "" if row is None else f"n {row['size']:,.0f}"
    if row is None or row["share"] is None or math.isnan(row["share"]):
        reason = "no members then" if row is None or not row["size"] else "fewer than 10 customers"
        return FigureCell(label, "–", n=n, note=reason, title=f"{label}: {words} Missing: {reason}.")
    interval = "" if math.isnan(row["low"]) else span_words(percent(row["low"]), percent(row["high"]))
    title = f"{label}: {words} (95 % interval {interval}, {n})"
    return FigureCell(label, percent(row["share"]), interval, n, title=title, number=float(row["share"]))


def _trends(record: AnalystRecord, segment_id: str) -> tuple[tuple[str, Sparkline], ...]:
    own = record.sizes[record.sizes["segment"] == segment_id].sort_values("month")
    if own.empty:
        return ()
    hollow = own["hollow"].astype(bool).tolist()
    trends = []
    for title, column in (("customers", "customers"), (record.money_title, "money")):
        numbers = [None if number is None or math.isnan(number) else float(number) for number in own[column]]
        known = [number for number in numbers if number is not None]
        if not known:
            continue
        write = money_words if column == "money" else "{:,.0f}".format
        words = f"{title}: {write(known[0])} in {own['month'].iloc[0]}, {write(known[-1])} in {own['month'].iloc[-1]}"
        line = sparkline(numbers, hollow, words)
        if line is not None:
            trends.append((title, line))
    return tuple(trends)


def _times(book: FigureBook | None, figures: Sequence[str]) -> str:
    """Which times the figures cover."""
    if book is None or not figures:
        return ""
    periods = {
        period: [book.definitions[f].title for f in figures if book.periods[f] == period]
        for period in dict.fromkeys(book.periods[figure] for figure in figures)
    }
    parts = [f"{', '.join(titles)}: {period_words(period)}" for period, titles in periods.items()]
    last = book.record.month_ends.months[-1:]
    return "; ".join(parts) + (f". The last month end is that of {last[0]}." if last else ".")
