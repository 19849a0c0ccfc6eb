"""Looks up the figures of a record and puts them in words: the number, its interval, its n, its mark, or why it is
missing.

A figure is shown for one period: the state at the last month end, else the longest time over which months are pooled,
else the last month.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analytics.history import NOT_ASSIGNABLE, UNASSIGNED
from analytics.record import AnalystRecord, Definition, Mark, Unit
from reporting.rendering import WriteAmount, money_column, money_words
from segment_model.errors import percent

EVERYONE = "everyone"
SEGMENT = "segment"
NO_SEGMENT = frozenset({NOT_ASSIGNABLE, UNASSIGNED})  # groups of customers who are in none
ABSENT = "no customers to count"
DECILES = "decile"  # a grouping of customers by their money, no attribute
PLAN = "plan"  # of all attributes the one that every subscription has
PERCENT_RATIOS = frozenset({"nrr", "grr"})  # ratios that the field writes in percent
MINUS = "−"
SIGNS = {Mark.ABOVE: "▲", Mark.BELOW: "▼"}
MARK_WORDS = {Mark.ABOVE: "above others", Mark.BELOW: "below others", Mark.DEFINES: "defines the segment"}


@dataclass(frozen=True, slots=True)
class FigureCell:
    """A figure of a group in words.

    words : the number, or a dash. interval : its 95 % interval, or empty. n : of how many customers, or empty. mark,
    sign : how it differs from all others. tone : "good", "bad" or empty. note : why the number is missing, or a remark.
    title : all of it with the definition, in a sentence. number : None where it is missing.
    """

    label: str
    words: str
    interval: str = ""
    n: str = ""
    mark: str = ""
    sign: str = ""
    tone: str = ""
    note: str = ""
    title: str = ""
    number: float | None = None


class FigureBook:
    """The figures of a record by figure, grouping and group."""

    def __init__(self, record: AnalystRecord) -> None:
        self.record = record
        self.definitions = {definition.name: definition for definition in record.definitions}
        rows = record.figures.to_dict(orient="records")
        self.periods = _periods(rows)
        self._rows = {
            (row["figure"], row["grouping"], row["group"]): row
            for row in rows
            if row["period"] == self.periods[row["figure"]]
        }
        amounts: dict[str, list[float | None]] = {}
        for row in self._rows.values():
            amounts.setdefault(row["figure"], []).extend(_known(row[name]) for name in ("value", "low", "high"))
        self._writes = {figure: money_column(own) for figure, own in amounts.items()}

    def has(self, figure: str) -> bool:
        """Whether any group has the figure."""
        return figure in self.periods and figure in self.definitions

    def of_any_segment(self, figure: str) -> bool:
        """Whether the figure of any segment is known."""
        return any(
            name == figure and grouping == SEGMENT and group not in NO_SEGMENT and _known(row["value"]) is not None
            for (name, grouping, group), row in self._rows.items()
        )

    def first(self, *figures: str) -> str | None:
        """The first of these of which a number is known, else the first that the record has."""
        present = [figure for figure in figures if self.has(figure)]
        known = {figure for (figure, _, _), row in self._rows.items() if _known(row["value"]) is not None}
        return next((figure for figure in present if figure in known), present[0] if present else None)

    def label(self, figure: str) -> str:
        """The heading of a figure, with its unit."""
        return label_of(self.definitions[figure], self.record.currency)

    def cell(self, figure: str, group: str, grouping: str = SEGMENT) -> FigureCell:
        """A figure of a group; of everyone where the group is so called."""
        grouping = EVERYONE if group == EVERYONE else grouping
        row = self._rows.get((figure, grouping, group))
        return cell_of(self.definitions[figure], row, self.record.currency, self.amounts_of(figure))

    def amounts_of(self, figure: str) -> WriteAmount:
        """How the amounts of a figure are written, those of all groups in one unit."""
        return self._writes.get(figure, money_words)

    def levels(self, grouping: str) -> list[str]:
        """The groups of an attribute, in the order of the record."""
        return list(dict.fromkeys(group for _, other, group in self._rows if other == grouping))

    @property
    def attributes(self) -> list[str]:
        """The attributes that groups are compared by, the plan first."""
        others = (EVERYONE, SEGMENT, DECILES, *self.record.conditions)
        names = dict.fromkeys(grouping for _, grouping, _ in self._rows if grouping not in others)
        return sorted(names, key=lambda name: name != PLAN)


def _periods(rows: list[dict[Any, Any]]) -> dict[str, str]:
    """By figure, the period to show."""
    known: dict[str, set[str]] = {}
    for row in rows:
        known.setdefault(row["figure"], set()).add(row["period"])
    return {figure: min(periods, key=_preference) for figure, periods in known.items()}


def _preference(period: str) -> tuple[int, str]:
    """The state first; then pooled months, the earliest start first; then months, the latest first."""
    if not period:
        return 0, ""
    if "/" in period:
        return 1, period
    return 2, "".join(chr(0x10FFFF - ord(letter)) for letter in period)


def label_of(definition: Definition, currency: str) -> str:
    """The title of a figure with its unit, where that is not plain from its numbers."""
    unit = {Unit.MONEY: currency, Unit.MONEY_A_MONTH: f"{currency} a month", Unit.DAYS: "days", Unit.MONTHS: "months"}
    words = unit.get(definition.unit, "").strip()
    return f"{definition.title} ({words})" if words else definition.title


def is_percentage(definition: Definition) -> bool:
    """Whether a figure's numbers are written in percent."""
    return definition.unit is Unit.SHARE or definition.name in PERCENT_RATIOS


def number_words(number: float, definition: Definition, write: WriteAmount = money_words) -> str:
    """A figure's number, without the unit that its label has; write : amounts of money."""
    if is_percentage(definition):
        return percent(number)
    if definition.unit in (Unit.MONEY, Unit.MONEY_A_MONTH):
        return write(number)
    if definition.unit is Unit.RATIO:
        return f"{number:.2f}"
    if definition.unit is Unit.COUNT:
        return f"{number:,.0f}"
    return f"{number:,.1f}".removesuffix(".0")


def difference_words(number: float, definition: Definition, write: WriteAmount = money_words) -> str:
    """A difference of two of a figure's numbers with its sign, in percentage points where they are percentages."""
    words = number_words(abs(number), definition, write).removesuffix(" %")
    is_zero = not any(letter in "123456789" for letter in words)
    return words if is_zero else f"{'+' if number > 0 else MINUS}{words}"


def cell_of(
    definition: Definition, row: Mapping[Any, Any] | None, currency: str, write: WriteAmount = money_words
) -> FigureCell:
    """The cell of a row of `FIGURES`; without one, it says that the figure is not there. write : amounts of money."""
    label = label_of(definition, currency)
    if row is None:
        return FigureCell(label, "–", note=ABSENT, title=f"{label}: {definition.words} Missing: {ABSENT}.")
    number, note = _known(row["value"]), str(row["note"] or "")
    n = "" if _known(row["n"]) is None else f"n {row['n']:,.0f}"
    if number is None:
        reason = note or "not known"
        title = f"{label}: {definition.words} Missing: {reason}{f' ({n})' if n else ''}."
        return FigureCell(label, "–", n=n, note=reason, title=title)
    low, high = _known(row["low"]), _known(row["high"])
    interval = ""
    if low is not None and high is not None:
        interval = span_words(number_words(low, definition, write), number_words(high, definition, write))
    mark = Mark(row["mark"] or "")
    parts = [f"95 % interval {interval}" if interval else "", n, MARK_WORDS.get(mark, ""), note]
    period = f"; {period_words(row['period'])}" if row["period"] else ""
    details = ", ".join(part for part in parts if part)
    return FigureCell(
        label=label,
        words=number_words(number, definition, write),
        interval=interval,
        n=n,
        mark=MARK_WORDS.get(mark, ""),
        sign=SIGNS.get(mark, ""),
        tone=_tone(mark, definition.better),
        note=note,
        title=f"{label}{period}: {definition.words}{f' ({details})' if details else ''}",
        number=number,
    )


def span_words(low: str, high: str) -> str:
    """Two ends in words; what both end with is written once: "2.1–4.0 %"."""
    if low.endswith(" %") and high.endswith(" %"):
        low = low.removesuffix(" %")
    return f"{low}–{high}" if not high.startswith("-") else f"{low} to {high}"


def period_words(period: str) -> str:
    """A period in words: "2017-12", "2017-01 to 2017-12"; the last month end where it is empty."""
    return " to ".join(period.split("/")) if period else "at the last month end"


def _tone(mark: Mark, better: str) -> str:
    if mark not in SIGNS or not better:
        return ""
    return "good" if (mark is Mark.ABOVE) == (better == "high") else "bad"


def _known(number: Any) -> float | None:
    """A cell of a frame as a number; None where it is missing or not finite."""
    if number is None:
        return None
    plain = float(number)
    return plain if math.isfinite(plain) else None
