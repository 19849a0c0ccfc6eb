"""A segment as a short rule set over the customer vector, in words, as JSON and as SQL, with its measured figures.

A missing value (NaN or None here, NULL in a database) meets no condition, unless the condition says "or unknown": the
logic of SQL, in which a comparison with NULL is not true. One SQL serves DuckDB and PostgreSQL.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from segment_model.contract import Column, VectorContract
from segment_model.display.shown_table import ShownTable, shown_as_table
from segment_model.encoding.encoder import Flags, Floats
from segment_model.errors import ArtefactError, ContractError, counted, percent
from segment_model.language.wording import exact_value
from segment_model.sql_text import quoted, quoted_name

if TYPE_CHECKING:
    import pandas as pd

EXACT_DIGITS = 15  # a decimal number of so many digits is one double, however an engine reads it


@dataclass(frozen=True, slots=True)
class Between:
    """A number of at least one bound and below another; either may be open (None), not both.

    Raises
    ------
    ContractError
        If there is no bound, or one is not finite.
    """

    column: str
    at_least: float | None = None
    below: float | None = None
    or_missing: bool = False

    def __post_init__(self) -> None:
        bounds = [bound for bound in (self.at_least, self.below) if bound is not None]
        if not bounds or not all(map(math.isfinite, bounds)):
            raise ContractError(f"a rule on {self.column} needs a finite bound; it has {self.at_least}, {self.below}")

    def holds(self, frame: pd.DataFrame) -> Flags:
        """(n,) whether each customer meets the condition."""
        values = _numbers(frame, self.column)
        met = ~np.isnan(values)
        if self.at_least is not None:
            met &= values >= self.at_least
        if self.below is not None:
            met &= values < self.below
        return met | np.isnan(values) if self.or_missing else met

    def words(self, column: Column) -> str:
        """The condition as a person would say it: "frequency at least 5 orders"."""
        if column.kind == "flag" and (self.at_least is None or self.below is None):
            return f"{column.title}: {'no' if self.at_least is None else 'yes'}{_unknown(self.or_missing)}"
        bounds = []
        if self.at_least is not None:
            bounds.append(f"at least {exact_value(self.at_least, column)}")
        if self.below is not None:
            bounds.append(f"below {exact_value(self.below, column)}")
        return f"{column.title} {' and '.join(bounds)}{_unknown(self.or_missing)}"

    def sql(self) -> str:
        """The condition as an SQL expression."""
        name = quoted_name(self.column)
        bounds = [] if self.at_least is None else [f"{name} >= {number(self.at_least)}"]
        bounds += [] if self.below is None else [f"{name} < {number(self.below)}"]
        return _or_null(" AND ".join(bounds), name, self.or_missing)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A category at one of the levels, or (`negated`) known and at none of them.

    Raises
    ------
    ContractError
        If there is no level, or one holds the character 0, which no SQL text can.
    """

    column: str
    levels: tuple[str, ...]
    negated: bool = False
    or_missing: bool = False

    def __post_init__(self) -> None:
        if not self.levels or any("\0" in level for level in self.levels):
            raise ContractError(f"a rule on {self.column} needs levels without the character 0, not {self.levels!r}")

    def holds(self, frame: pd.DataFrame) -> Flags:
        """(n,) whether each customer meets the condition."""
        values = _values(frame, self.column)
        missing = values.isna().to_numpy()
        listed = values.isin(list(self.levels)).to_numpy()
        met = ~listed & ~missing if self.negated else listed
        return met | missing if self.or_missing else met

    def words(self, column: Column) -> str:
        """The condition as a person would say it: "plan is pro or team"."""
        levels = (" or " if not self.negated else " nor ").join(self.levels)
        return f"{column.title} is {'not ' if self.negated else ''}{levels}{_unknown(self.or_missing)}"

    def sql(self) -> str:
        """The condition as an SQL expression."""
        name = quoted_name(self.column)
        if len(self.levels) == 1:
            return _or_null(f"{name} {'<>' if self.negated else '='} {quoted(self.levels[0])}", name, self.or_missing)
        levels = ", ".join(map(quoted, self.levels))
        return _or_null(f"{name} {'NOT ' if self.negated else ''}IN ({levels})", name, self.or_missing)


@dataclass(frozen=True, slots=True)
class Missing:
    """A value that is not known, or (`negated`) one that is."""

    column: str
    negated: bool = False

    def holds(self, frame: pd.DataFrame) -> Flags:
        """(n,) whether each customer meets the condition."""
        missing: Flags = _values(frame, self.column).isna().to_numpy()
        return ~missing if self.negated else missing

    def words(self, column: Column) -> str:
        """The condition as a person would say it: "days between orders unknown"."""
        return f"{column.title} {'known' if self.negated else 'unknown'}"

    def sql(self) -> str:
        """The condition as an SQL expression."""
        return f"{quoted_name(self.column)} IS {'NOT ' if self.negated else ''}NULL"


Condition: TypeAlias = Between | OneOf | Missing
KINDS: Mapping[str, type[Condition]] = {"between": Between, "one of": OneOf, "missing": Missing}


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that must all be met; a rule without conditions is met by everybody."""

    conditions: tuple[Condition, ...]

    def holds(self, frame: pd.DataFrame) -> Flags:
        """(n,) whether each customer meets every condition."""
        met = np.ones(len(frame), dtype=np.bool_)
        for condition in self.conditions:
            met &= condition.holds(frame)
        return met

    def words(self, contract: VectorContract) -> str:
        """The rule as a person would say it."""
        *first, last = [c.words(contract[c.column]) for c in self.conditions] or ["everybody"]
        return f"{', '.join(first)}, and {last}" if first else last

    def sql(self) -> str:
        """The rule as an SQL expression."""
        return " AND ".join(condition.sql() for condition in self.conditions) or "TRUE"


@shown_as_table
@dataclass(frozen=True, slots=True)
class RuleSet:
    """A segment as rules of which one must be met, with their counts on the training customers.

    `matched` customers meet a rule, `hits` of them are in the segment, which has `size`. Without rules nobody matches.
    """

    segment_id: str
    segment_name: str
    rules: tuple[Rule, ...]
    matched: int
    hits: int
    size: int

    @property
    def _shown(self) -> ShownTable:
        met = f"{counted(self.matched, 'customer meets', 'customers meet')} it, {self.hits:,} of them in the segment"
        share = "" if self.coverage is None else f"; {percent(self.coverage)} of the segment"
        return ShownTable(f"Rule of {self.segment_name} ({self.segment_id})", sentences=(self.sql(), f"{met}{share}"))

    @classmethod
    def measured(
        cls, segment_id: str, segment_name: str, rules: Sequence[Rule], frame: pd.DataFrame, members: Flags
    ) -> RuleSet:
        """The rules with their figures on vectors; members : (n,) whether each customer is in the segment."""
        met = matches(rules, frame)
        hits = int(np.sum(met & members))
        return cls(segment_id, segment_name, tuple(rules), int(met.sum()), hits, int(members.sum()))

    @property
    def precision(self) -> float | None:
        """Of the customers who meet a rule, the share in the segment; None where nobody meets one."""
        return self.hits / self.matched if self.matched else None

    @property
    def coverage(self) -> float | None:
        """Of the segment's customers, the share who meet a rule; None for an empty segment."""
        return self.hits / self.size if self.size else None

    def holds(self, frame: pd.DataFrame) -> Flags:
        """(n,) whether each customer meets at least one rule."""
        return matches(self.rules, frame)

    def words(self, contract: VectorContract) -> str:
        """The rules as a person would say them."""
        return "; or ".join(rule.words(contract) for rule in self.rules) or "nobody"

    def sql(self) -> str:
        """The condition of a `WHERE` clause, for DuckDB and PostgreSQL."""
        if len(self.rules) == 1:
            return self.rules[0].sql()
        return " OR ".join(f"({rule.sql()})" for rule in self.rules) or "FALSE"

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file; precision and coverage are added for readers, and not read back."""
        names = {kind: name for name, kind in KINDS.items()}
        rules = [[{"kind": names[type(c)], **asdict(c)} for c in rule.conditions] for rule in self.rules]
        counts = {"matched": self.matched, "hits": self.hits, "size": self.size}
        figures = {"precision": self.precision, "coverage": self.coverage}
        return {"segment_id": self.segment_id, "segment_name": self.segment_name, "rules": rules, **counts, **figures}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> RuleSet:
        """The rule set that `to_json` wrote.

        Raises
        ------
        ArtefactError
            If something is missing or of an unknown kind.
        """
        try:
            rules = tuple(Rule(tuple(_condition(stored) for stored in rule)) for rule in document["rules"])
            counts = (int(document[name]) for name in ("matched", "hits", "size"))
            return cls(str(document["segment_id"]), str(document["segment_name"]), rules, *counts)
        except (KeyError, TypeError, ValueError, ContractError) as error:
            raise ArtefactError(f"the stored rules cannot be read: {error}") from error


def matches(rules: Sequence[Rule], frame: pd.DataFrame) -> Flags:
    """(n,) whether each customer meets at least one rule."""
    met = np.zeros(len(frame), dtype=np.bool_)
    for rule in rules:
        met |= rule.holds(frame)
    return met


def number(value: float) -> str:
    """A number as SQL that every engine reads as exactly this double."""
    exact = Decimal(repr(value + 0.0)).normalize()  # -0.0 is 0
    plain = f"{exact:f}"
    if len(plain.lstrip("-")) <= EXACT_DIGITS:
        return plain
    return f"{value:.16e}"  # DuckDB takes a long decimal number for a DECIMAL, but this for a DOUBLE


def _condition(stored: Mapping[str, Any]) -> Condition:
    fields: dict[str, Any] = {
        name: tuple(value) if name == "levels" else value for name, value in stored.items() if name != "kind"
    }
    return KINDS[stored["kind"]](**fields)


def _unknown(or_missing: bool) -> str:
    return " or unknown" if or_missing else ""


def _or_null(expression: str, name: str, or_missing: bool) -> str:
    return f"({expression} OR {name} IS NULL)" if or_missing else expression


def _values(frame: pd.DataFrame, column: str) -> pd.Series[Any]:
    if column not in frame.columns:
        raise ContractError(f"the rules ask for {column}; the table has {', '.join(map(str, frame.columns))}")
    return frame[column]


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    values = _values(frame, column)
    try:
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ContractError(f"the rules compare {column} with a number; it holds other values: {error}") from error
