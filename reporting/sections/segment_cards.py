"""The cards: one segment each, with its words, typical values, distributions, example customers, rule and notes."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.record import AnalystRecord, Mark
from reporting.content.report_content import BORDER, ColumnContent, DiscoveryContent, SegmentContent
from reporting.rendering import money_words
from reporting.sections.figure_book import MARK_WORDS, SIGNS, span_words
from reporting.sections.goals import Advice, advice_by_segment
from reporting.sections.keys import Key, Keys
from segment_model.errors import percent
from segment_model.language.wording import plain_number

MOST_LEVELS = 8  # of a category, on a card
MOST_OPEN = 12  # segments; of more, cards start closed


@dataclass(frozen=True, slots=True)
class LevelBar:
    """A level of a category with its share of those who answered, in words and as a width of 0 to 100 percent."""

    level: str
    share: str
    width: float
    interval: str
    mark: str
    sign: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """A category's or flag's levels in a segment; answered : of how many customers a value is known, in
    words. defines : the column shaped the segments, so no level has a mark.
    """

    column: str
    answered: str
    bars: tuple[LevelBar, ...]
    more: int
    defines: bool


@dataclass(frozen=True, slots=True)
class QuartileRow:
    """A number's quartiles in a segment, in words."""

    column: str
    lower: str
    median: str
    upper: str
    answered: str
    mark: str
    sign: str


@dataclass(frozen=True, slots=True)
class Card:
    """A segment's card."""

    key: Key
    segment: SegmentContent
    money: tuple[dict[str, Any], ...]
    distributions: tuple[Distribution, ...]
    quartiles: tuple[QuartileRow, ...]
    examples: tuple[dict[str, Any], ...]
    advice: tuple[Advice, ...]
    rule_figures: str
    signed: str


def cards(discovery: DiscoveryContent, record: AnalystRecord | None, keys: Keys) -> tuple[Card, ...]:
    """A card a segment, in the model's order."""
    shares = {} if record is None else _by_segment(record.shares.to_dict(orient="records"))
    quartiles = {} if record is None else _by_segment(record.quartiles.to_dict(orient="records"))
    advised = {} if record is None else advice_by_segment(record)
    defining: frozenset[str] = frozenset() if record is None else _defining(record)
    return tuple(
        Card(
            key=keys[segment.id],
            segment=segment,
            money=tuple(
                {"amount": f"{money_words(money.total)} {money.unit}", "title": money.title, "share": money.share}
                for money in segment.money
            ),
            distributions=_distributions(shares.get(segment.id, ()), discovery, defining),
            quartiles=tuple(
                _quartile_row(row, discovery.column(str(row["column"]))) for row in quartiles.get(segment.id, ())
            ),
            examples=_examples(segment, keys),
            advice=advised.get(segment.id, ()),
            rule_figures=_rule_figures(segment),
            signed=_signed(segment),
        )
        for segment in discovery.segments
    )


def _by_segment(rows: Sequence[dict[Any, Any]]) -> dict[str, list[dict[Any, Any]]]:
    by: dict[str, list[dict[Any, Any]]] = {}
    for row in rows:
        by.setdefault(row["segment"], []).append(row)
    return by


def _defining(record: AnalystRecord) -> frozenset[str]:
    """The columns that shaped the segments and differ in any of them."""
    return frozenset(record.shares.loc[record.shares["mark"] == Mark.DEFINES, "column"])


def _distributions(
    rows: Sequence[dict[Any, Any]], discovery: DiscoveryContent, defining: Collection[str]
) -> tuple[Distribution, ...]:
    columns: dict[str, list[dict[Any, Any]]] = {}
    for row in rows:
        columns.setdefault(row["column"], []).append(row)
    return tuple(
        Distribution(
            column=discovery.column(column).title,
            answered=_answered(levels[0]),
            bars=tuple(_bar(level) for level in levels[:MOST_LEVELS]),
            more=max(0, len(levels) - MOST_LEVELS),
            defines=column in defining,
        )
        for column, levels in columns.items()
    )


def _answered(row: dict[Any, Any]) -> str:
    answered, whole = int(row["answered"]), int(row["n"])
    return f"n {answered:,}" if answered == whole else f"known of {answered:,} of {whole:,}"


def _bar(row: dict[Any, Any]) -> LevelBar:
    mark = Mark(row["mark"] or "")
    share, low, high = (_known(row[name]) for name in ("share", "low", "high"))
    return LevelBar(
        level=str(row["level"]),
        share="–" if share is None else percent(share),
        width=0.0 if share is None else round(100 * min(1.0, max(0.0, share)), 1),
        interval="" if low is None or high is None else span_words(percent(low), percent(high)),
        mark=MARK_WORDS[mark] if mark in SIGNS else "",
        sign=SIGNS.get(mark, ""),
    )


def _quartile_row(row: dict[Any, Any], column: ColumnContent) -> QuartileRow:
    mark = Mark(row["mark"] or "")
    write = percent if column.in_percent else plain_number
    lower, median, upper = (_known(row[name]) for name in ("lower", "median", "upper"))
    return QuartileRow(
        column=column.title,
        lower="–" if lower is None else write(lower),
        median="–" if median is None else write(median),
        upper="–" if upper is None else write(upper),
        answered=_answered(row),
        mark=MARK_WORDS[mark] if mark in SIGNS else "",
        sign=SIGNS.get(mark, ""),
    )


def _examples(segment: SegmentContent, keys: Keys) -> tuple[dict[str, Any], ...]:
    """The example customers: the heading of each, and by column its value."""
    return tuple(
        {
            "customer": example.customer,
            "why": _why(example.why, example.beside, keys),
            "strength": f"{example.strength:.2f}",
            "values": example.values,
        }
        for example in segment.examples
    )


def _why(why: str, beside: str, keys: Keys) -> str:
    if why != BORDER or not beside:
        return why
    key = keys[beside]
    return f"on the border to {key.letter or key.name}"


def _rule_figures(segment: SegmentContent) -> str:
    """How good the rule is, in words."""
    if segment.rule is None:
        return ""
    pairs = (
        (segment.rule.precision, "of whom it matches are in the segment"),
        (segment.rule.coverage, "of the segment match"),
    )
    return ", ".join(f"{percent(share)} {caption}" for share, caption in pairs if share is not None)


def _signed(segment: SegmentContent) -> str:
    """Who gave name and notes, and when."""
    return ", ".join(part for part in (segment.noted_by, segment.noted_on) if part)


def _known(number: Any) -> float | None:
    return None if number is None or math.isnan(number) else float(number)
