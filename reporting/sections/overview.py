"""The segments as rows: size, money, churn, lifetime value, retention and trend of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from analytics.record import AnalystRecord, Definition, Mark, Unit
from reporting.charts.sparkline import Sparkline, sparkline
from reporting.content.report_content import DiscoveryContent
from reporting.rendering import moment_words, money_column
from reporting.sections.figure_book import (
    EVERYONE,
    MARK_WORDS,
    SEGMENT,
    FigureBook,
    FigureCell,
    cell_of,
    period_words,
)
from reporting.sections.keys import Key, Keys
from segment_model.errors import percent

MONEY = ("mrr", "revenue")
EACH = ("arpa", "revenue_per_customer", "basket")
LOSS = ("churn_rate", "repeat_rate")
LIFETIME = ("ltv_formula", "ltv_expected", "money_so_far")
LATER = (3, 6, 12)  # months after
DEFINES = MARK_WORDS[Mark.DEFINES]
MOST_FLAGS = 3  # columns, where a record has no figures


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """A segment's row; trends : pairs of a title and a sparkline."""

    key: Key
    cells: tuple[FigureCell, ...]
    trends: tuple[tuple[str, Sparkline], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The table: labels of its columns with their definitions, rows, and a sentence on the times that it covers.

    defining : the labels of the columns that shaped the segments, which therefore have no mark.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[OverviewRow, ...]
    everyone: tuple[FigureCell, ...]
    has_trends: bool
    times: str
    defining: tuple[str, ...] = ()

    @property
    def has_intervals(self) -> bool:
        """Whether any cell has an interval, so that the small print must be explained."""
        return any(cell.interval for row in self.rows for cell in row.cells)

    @property
    def has_counts(self) -> bool:
        """Whether any cell rests on other customers than the segment's, so that its n must be explained."""
        return any(cell.n for row in self.rows for cell in row.cells)


def overview(discovery: DiscoveryContent, book: FigureBook | None, keys: Keys) -> Overview:
    """A row a segment, and one of everyone."""
    figures = [] if book is None else shown_figures(book)
    flags = _telling_flags(book.record) if book is not None and not figures else ()
    rows = tuple(
        OverviewRow(
            keys[segment.id],
            (
                _size(segment.size, segment.share),
                *(_figure_cells(book, figures, segment.id) if book and figures else _vector_money(discovery, number)),
                *(_flag_cells(discovery, book.record, flags, segment.id) if book else ()),
                *(retention_cells(book, segment.id) if book else ()),
            ),
            _segment_trends(book.record, segment.id) if book else (),
        )
        for number, segment in enumerate(discovery.segments)
    )
    everyone = (
        _size(discovery.customers, 1.0),
        *(_figure_cells(book, figures, EVERYONE) if book and figures else _all_vector_money(discovery)),
        *(_flag_cells(discovery, book.record, flags, EVERYONE) if book else ()),
        *(retention_cells(book, EVERYONE) if book else ()),
    )
    columns = tuple((cell.label, cell.title) for cell in rows[0].cells) if rows else ()
    return Overview(
        columns,
        tuple(replace(row, cells=_uncluttered(row.cells)) for row in rows),
        _uncluttered(everyone),
        any(row.trends for row in rows),
        _times(book, figures, discovery.as_of),
        tuple(dict.fromkeys(cell.label for row in rows for cell in row.cells if cell.mark == DEFINES)),
    )


def _uncluttered(cells: tuple[FigureCell, ...]) -> tuple[FigureCell, ...]:
    """The cells of a row without what the row or the small print says once: its size, and which columns define it."""
    size = f"n {cells[0].words}"
    return tuple(
        replace(cell, n="" if cell.n == size else cell.n, mark="" if cell.mark == DEFINES else cell.mark)
        for cell in cells
    )


def shown_figures(book: FigureBook) -> list[str]:
    """The figures that rows show: money, money of each customer, losses and lifetime value, if any segment has them."""
    chosen = [book.first(*names) for names in (MONEY, EACH, LOSS, LIFETIME)]
    return [figure for figure in chosen if figure is not None and book.of_any_segment(figure)]


def _size(size: int, share: float) -> FigureCell:
    title = "Customers in the segment when it was discovered, and their share of all customers."
    return FigureCell("customers", f"{size:,}", note=percent(share), title=title, number=float(size))


def _figure_cells(book: FigureBook, figures: Sequence[str], group: str) -> list[FigureCell]:
    return [book.cell(figure, group) for figure in figures]


def _telling_flags(record: AnalystRecord) -> tuple[str, ...]:
    """Of the columns with one level, those by which segments differ though they do not shape them."""
    shares = record.shares
    levels = shares.groupby("column")["level"].nunique()
    telling = shares.loc[shares["mark"].isin([Mark.ABOVE, Mark.BELOW]), "column"]
    return tuple(column for column in dict.fromkeys(telling) if levels[column] == 1)[:MOST_FLAGS]


def _flag_cells(
    discovery: DiscoveryContent, record: AnalystRecord, columns: Sequence[str], group: str
) -> list[FigureCell]:
    """The share of a segment's customers who have each flag."""
    cells = []
    for column in columns:
        words = "Share of the customers whose value is known."
        rows = record.shares[(record.shares["column"] == column) & (record.shares["segment"] == group)]
        plain = rows.assign(value=rows["share"], n=rows["answered"], period="", note="").to_dict(orient="records")
        title = (
            f"{discovery.column(column).title}: {record.shares.loc[record.shares['column'] == column, 'level'].iloc[0]}"
        )
        definition = Definition(column, title, Unit.SHARE, words)
        cells.append(cell_of(definition, plain[0] if plain else None, record.currency))
    return cells


def _vector_money(discovery: DiscoveryContent, number: int) -> list[FigureCell]:
    """Without a record: the segment's part of the money among the columns."""
    return [
        FigureCell(
            f"{money.title} ({money.unit})",
            money_column(each.money[place].total for each in discovery.segments)(money.total),
            note=percent(money.share),
            title=f"{money.title}: the total over the segment's customers, and its share of everyone's.",
            number=money.total,
        )
        for place, money in enumerate(discovery.segments[number].money)
    ]


def _all_vector_money(discovery: DiscoveryContent) -> list[FigureCell]:
    """The same of all customers who are in a segment."""
    of_segments = [_vector_money(discovery, number) for number in range(len(discovery.segments))]
    everyone = []
    for cells in zip(*of_segments, strict=True):
        total = sum(cell.number or 0.0 for cell in cells)
        words = money_column(cell.number for cell in cells)(total)
        everyone.append(FigureCell(cells[0].label, words, note="in segments", number=total))
    return everyone


def retention_cells(book: FigureBook, group: str, grouping: str = SEGMENT) -> list[FigureCell]:
    """Of subscribers where the company has them: members who left long ago cannot be kept."""
    return [
        replace(book.cell(figure, group, grouping), label=f"kept {k} months")
        for k in LATER
        if (figure := book.first(f"paying_retention_{k}", f"retention_{k}")) is not None and book.of_any_segment(figure)
    ]


def _segment_trends(record: AnalystRecord, segment_id: str) -> tuple[tuple[str, Sparkline], ...]:
    return trends_of(record.sizes[record.sizes["segment"] == segment_id], record.money_title)


def trends_of(sizes: pd.DataFrame, money_title: str) -> tuple[tuple[str, Sparkline], ...]:
    """The sparklines of customers and money at the month ends of one segment or condition, each with its title."""
    own = sizes.sort_values("month")
    if own.empty:
        return ()
    short_history = own["short_history"].astype(bool).tolist()
    trends = []
    for title, column in (("customers", "customers"), (money_title, "money")):
        numbers = [None if number is None or math.isnan(number) else float(number) for number in own[column]]
        known = [number for number in numbers if number is not None]
        if not known:
            continue
        write = money_column(known) if column == "money" else "{:,.0f}".format
        words = f"{title}: {write(known[0])} in {own['month'].iloc[0]}, {write(known[-1])} in {own['month'].iloc[-1]}"
        line = sparkline(numbers, short_history, words)
        if line is not None:
            trends.append((title, line))
    return tuple(trends)


def _times(book: FigureBook | None, figures: Sequence[str], as_of: str) -> str:
    """Which times the figures cover, and the moment of the sizes where that is another."""
    if book is None or not figures:
        return ""
    periods = {
        period: [book.definitions[f].title for f in figures if book.periods[f] == period]
        for period in dict.fromkeys(book.periods[figure] for figure in figures)
    }
    parts = [f"{', '.join(titles)}: {period_words(period)}" for period, titles in periods.items()]
    sentences = ["; ".join(parts)]
    ends = book.record.month_ends
    if ends.months:
        sentences.append(f"The last month end is that of {ends.months[-1]}")
        if as_of and as_of[:10] != ends.dates[-1].isoformat():
            sentences.append(
                f"Customers, and amounts on the cards, are those of {moment_words(as_of)}, when segments were made"
            )
    return "".join(f"{sentence}. " for sentence in sentences).rstrip()
