"""The plain words beside an explanation's numbers: "frequency: 3 orders, where this segment typically has 11"."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from segment_model.contract import Column, Kind
from segment_model.encoding.encoder import MISSING_LEVEL, CategoryEncoding
from segment_model.encoding.frames import is_missing_marker
from segment_model.explanation.name_misfits import NameMisfit, misfits
from segment_model.language.wording import plain_value, unitless_value

if TYPE_CHECKING:
    import pandas as pd

    from segment_model.explanation.explainer import Explanations
    from segment_model.model import SegmentModel

Value = float | str | None
MOST_IN_A_SENTENCE = 3
SMALL = 0.1  # of the strongest reason; weaker ones are not worth a word in the sentence


@dataclass(frozen=True, slots=True)
class Reason:
    """The contribution of one feature: a positive one speaks for the segment explained, a negative one against it.

    `typical` is what is typical of the segment explained (its median or commonest level), `typical_against` of the
    one it is compared with; None where the card leaves the column out or the value is unknown.
    """

    feature: str
    value: Value
    unit: str
    contribution: float
    typical: Value
    typical_against: Value
    words: str


def reasons(
    model: SegmentModel, customer: Mapping[str, Any], explanations: Explanations, row: int = 0
) -> tuple[Reason, ...]:
    """The reasons of one explained customer, the strongest first."""
    toward, against = int(explanations.toward[row]), int(explanations.against[row])
    contributions = explanations.contributions[row].tolist()
    words = ReasonWriter(model).words(customer, toward, against)
    by_column = [
        Reason(
            name,
            _plain(customer[name]),
            model.contract[name].unit,
            contribution,
            _typical(model, toward, name),
            _typical(model, against, name),
            text,
        )
        for name, contribution, text in zip(explanations.columns, contributions, words, strict=True)
    ]
    return tuple(sorted(by_column, key=lambda reason: -abs(reason.contribution)))


def in_one_sentence(
    ranked: Sequence[Reason],
    model: SegmentModel,
    toward: int,
    against: int,
    name_misfits: Sequence[NameMisfit] | None = None,
) -> str:
    """The strongest reasons in a sentence; those that speak for the other segment too.

    name_misfits : of the segment `toward`. Another sentence says what they are.
    """
    weighed = [(reason.contribution, reason.feature, reason.value) for reason in ranked]
    sentence = _sentence(model, toward, against, weighed, lambda feature, level: _short(feature, level, model))
    return sentence + unlike_most(name_misfits)


def unlike_most(name_misfits: Sequence[NameMisfit] | None) -> str:
    """The sentence that says which words of the segment's name do not hold, with a blank before; empty without any."""
    listed = "; ".join(misfit.words for misfit in name_misfits or ())
    return f" Unlike most of its segment: {listed}." if listed else ""


def sentences(model: SegmentModel, customers: pd.DataFrame, explanations: Explanations) -> list[str]:
    """What `in_one_sentence` says of each of many customers, in order.

    customers : (n rows) with the columns of the explanations. A name's claims of other columns are looked at where the
    customers have them.
    """
    order = np.argsort(-np.abs(explanations.contributions), axis=1, kind="stable")
    weights = np.take_along_axis(explanations.contributions, order, axis=1).tolist()
    columns = {name: customers[name].tolist() for name in explanations.columns}
    short = cache(lambda feature, level: _short(feature, level, model))
    pairs = zip(explanations.toward.tolist(), explanations.against.tolist(), strict=True)
    claimed = {claim.column.name for claims in model.name_claims for claim in claims or ()}
    known = {str(name): customers[name].tolist() for name in customers.columns if name in claimed}
    written = []
    for row, (toward, against) in enumerate(pairs):
        names = [explanations.columns[place] for place in order[row].tolist()]
        weighed = [(weight, name, _plain(columns[name][row])) for weight, name in zip(weights[row], names, strict=True)]
        customer = {name: own[row] for name, own in known.items()}
        untrue = unlike_most(misfits(model.name_claims[toward], customer))
        written.append(_sentence(model, toward, against, weighed, short) + untrue)
    return written


def _sentence(
    model: SegmentModel,
    toward: int,
    against: int,
    weighed: Sequence[tuple[float, str, Value]],
    short: Callable[[str, Value], str],
) -> str:
    """The sentence of contributions with their feature and value, the strongest first."""
    name = model.names[toward]
    if against < 0:
        return f"{name!r} is the only segment."
    strongest = max((abs(weight) for weight, _, _ in weighed), default=0.0)
    strong = [part for part in weighed if abs(part[0]) > SMALL * strongest]
    speaks_for = [short(*part[1:]) for part in [part for part in strong if part[0] > 0][:MOST_IN_A_SENTENCE]]
    speaks_against = [short(*part[1:]) for part in [part for part in strong if part[0] < 0][:MOST_IN_A_SENTENCE]]
    start = f"{name!r} rather than {model.names[against]!r}"
    because = f", mostly because of {_and(speaks_for)}" if speaks_for else ""
    though = f"; {_and(speaks_against)} {_speak(speaks_against)} for the other" if speaks_against else ""
    return f"{start}{because}{though}."


class ReasonWriter:
    """Writes reasons in words for one model; computes once what does not depend on the customer."""

    def __init__(self, model: SegmentModel) -> None:
        self._model = model
        self._columns = tuple(model.contract[name] for name in model.encoder.columns)
        self._endings: dict[tuple[int, int], tuple[str, ...]] = {}

    def words(self, customer: Mapping[str, Any], toward: int, against: int) -> list[str]:
        """One phrase a basis column, in the encoder's order."""
        pair = (toward, against)
        if pair not in self._endings:  # two threads may compute the same value
            self._endings[pair] = tuple(self._ending(column, toward, against) for column in self._columns)
        return [
            start + self._value_words(position, customer[column.name]) + ending
            for position, (column, start, ending) in enumerate(
                zip(self._columns, self._starts, self._endings[pair], strict=True)
            )
        ]

    @cached_property
    def _starts(self) -> tuple[str, ...]:
        return tuple(f"{column.title}: " for column in self._columns)

    @cached_property
    def _ranges(self) -> tuple[tuple[float, float, float], ...]:
        """(least, most, what stands for a missing value) of each number, as the encoder uses them."""
        numbers = self._model.encoder.numbers
        return tuple(zip(numbers.lower.tolist(), numbers.upper.tolist(), numbers.fill.tolist(), strict=True))

    def _value_words(self, position: int, value: Any) -> str:
        """The value, and the value that the encoder uses where they differ."""
        column = self._columns[position]
        if position >= len(self._ranges):
            return _level_words(value, self._model.encoder.categories[position - len(self._ranges)])
        least, most, fill = self._ranges[position]
        value = _plain(value)
        if value is None:
            return f"unknown, counted as {plain_value(min(max(fill, least), most), column)}, the median"
        text = plain_value(value, column)
        if value > most:
            return _clipped(text, plain_value(most, column), "most")
        if value < least:
            return _clipped(text, plain_value(least, column), "least")
        return text

    def _ending(self, column: Column, toward: int, against: int) -> str:
        """The typical values of the two segments, as the end of a phrase."""
        own, other = (
            None if value is None else unitless_value(value, column)
            for value in (_typical(self._model, position, column.name) for position in (toward, against))
        )
        if own is None:
            return "" if other is None else f", where the other segment typically has {other}"
        if column.is_category or column.kind is Kind.FLAG:
            of_other = "" if other is None else " and of the other" if own == other else f" and {other} of the other"
            return f", where {own} is typical of this segment{of_other}"
        of_other = "" if other is None else " and so has the other" if own == other else f" and the other {other}"
        return f", where this segment typically has {own}{of_other}"


def _typical(model: SegmentModel, segment: int, name: str) -> Value:
    return None if segment < 0 else model.cards[segment].medians.get(name)


def _clipped(text: str, counted: str, end: str) -> str:
    if text == counted:  # the difference is too small to show
        return text
    return f"{text}, counted as {counted}, the {end} that training looked at"


def _level_words(value: Any, category: CategoryEncoding) -> str:
    value = _plain(value)
    level = MISSING_LEVEL if value is None else str(value)
    text = "unknown" if value is None else level
    position = category.positions.get(level)
    if position is None:
        pooled = "one of the rare ones" if category.rare else "none of the known ones"
        return f"{text}, never seen in training, counted as {pooled}"
    return f"{text}, counted as one of the rare ones" if position == len(category.levels) else text


def _short(feature: str, level: Value, model: SegmentModel) -> str:
    column = model.contract[feature]
    return f"{column.title} ({plain_value(level, column)})"


def _and(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]


def _speak(parts: Sequence[str]) -> str:
    return "speak" if len(parts) > 1 else "speaks"


def _plain(raw: Any) -> Value:
    if raw is None or isinstance(raw, str):
        return raw
    if is_missing_marker(raw):
        return None
    number = float(raw)
    return None if math.isnan(number) else number
