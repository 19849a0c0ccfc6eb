"""Whether a condition can be evaluated on vectors: its names exist, and like is compared with like.

A vector has numbers, flags and text. Numbers, counts and shares are compared with numbers, flags with true and false,
text with text; nothing is converted, and there are no moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from features.conditions.expression import READING_OF, WRITTEN, ReadAs, shown_literal
from features.conditions.tree import (
    Absence,
    ColumnName,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Likeness,
    Literal,
    Membership,
    Negation,
    Operator,
    TextLiteral,
)
from segment_model.contract import Kind, VectorContract
from segment_model.errors import SettingsError, nearest_word

HOLDS: Mapping[ReadAs, str] = {ReadAs.TEXT: "text", ReadAs.NUMBER: "a number", ReadAs.FLAG: "true or false"}


def reading_of(kind: Kind) -> ReadAs:
    """What a column of a kind is compared as."""
    if kind is Kind.CATEGORY:
        return ReadAs.TEXT
    return ReadAs.FLAG if kind is Kind.FLAG else ReadAs.NUMBER


def check_kinds(condition: Condition, contract: VectorContract, place: str) -> None:
    """Refuse a condition that cannot be evaluated on vectors of a contract.

    place : begins each message, such as "conditions.at_risk".

    Raises
    ------
    SettingsError
        If a column is absent, or is compared with another kind than it holds.
    """
    _Check(contract, place).condition(condition)


@dataclass(frozen=True, slots=True)
class _Check:
    contract: VectorContract
    place: str

    def condition(self, condition: Condition) -> None:
        match condition:
            case Conjunction(parts) | Disjunction(parts):
                for part in parts:
                    self.condition(part)
            case Negation(part):
                self.condition(part)
            case Comparison(left, operator, right):
                self.comparison(left, operator, right)
            case Membership(column, options):
                self.literal(column, options[0])
            case Likeness(column, pattern):
                self.literal(column, TextLiteral(pattern))
            case Absence(column):
                self.reading(column)

    def comparison(self, left: object, operator: Operator, right: object) -> None:
        assert isinstance(left, ColumnName)  # noqa: S101 # the parser puts the column first
        reading = self.reading(left)
        if isinstance(right, ColumnName):
            other = self.reading(right)
            if reading is not other:
                raise self.error(
                    f"{left.name!r} holds {HOLDS[reading]} and {right.name!r} {HOLDS[other]}: they cannot be compared"
                )
            shown = f"{left.name!r} and {right.name!r} hold {HOLDS[reading]}"
        else:
            self.literal(left, right)  # type: ignore[arg-type]  # an operand that is no column is a literal
            shown = f"{left.name!r} holds {HOLDS[reading]}"
        if operator.is_ordering and reading is not ReadAs.NUMBER:
            raise self.error(f"{operator} needs numbers, and {shown}")

    def literal(self, column: ColumnName, literal: Literal) -> None:
        """Refuse a literal of another kind than the column's."""
        reading = self.reading(column)
        if READING_OF[type(literal)] is not reading:
            raise self.error(
                f"column {column.name!r} holds {HOLDS[reading]}; compare it with {WRITTEN[reading]}, "
                f"not {shown_literal(literal)}"
            )

    def reading(self, column: ColumnName) -> ReadAs:
        names = self.contract.names
        if column.name not in names:
            raise self.error(
                f"no column {column.name!r} in the vector.{nearest_word(column.name, names)} Columns are "
                f"{', '.join(names)} (double quotes hold a column name, single quotes hold text)"
            )
        return reading_of(self.contract[column.name].kind)

    def error(self, message: str) -> SettingsError:
        return SettingsError(f"{self.place}: {message}")
