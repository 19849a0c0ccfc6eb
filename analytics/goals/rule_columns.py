"""Rules of one column: a number is at least, or below, a threshold; a category or flag has a level.

Thresholds lie at twentieths of the customers as of a past month end, rounded to two digits that matter, but years. A
missing value meets no rule.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.conditions.written import written_name, written_text
from segment_model.contract import Column, Kind, VectorContract
from segment_model.language.wording import is_year, plain_value

PARTS = np.arange(1, 20) / 20
MOST_LEVELS = 8
MISSING = -1
HALF = "half"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule over one column of a vector, or a level of a grouping. bins : the places of the column that meet it.

    condition : as `segments rank --condition` takes it. words : for people.
    """

    column: str
    bins: frozenset[int]
    condition: str
    words: str
    is_single: bool = True  # a rule of one column of the vector, no condition of the business


@dataclass(frozen=True, slots=True)
class RuleColumn:
    """A column cut into bins: between its thresholds, or by its levels; the last bin of levels holds all others."""

    column: Column
    thresholds: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()

    def bins_of(self, values: pd.Series) -> np.ndarray:
        """The bin of each value, MISSING where it is missing."""
        missing = values.isna().to_numpy()
        if self.thresholds:
            numbers = values.to_numpy(dtype=np.float64)
            return np.where(missing, MISSING, np.searchsorted(np.array(self.thresholds), numbers, side="right"))
        places = {level: place for place, level in enumerate(self.levels)}
        texts = values.map({1.0: "true", 0.0: "false"}) if self.column.kind is Kind.FLAG else values
        return np.where(missing, MISSING, texts.map(places).fillna(len(self.levels)).to_numpy(dtype=np.int64))

    def rules(self) -> tuple[Rule, ...]:
        """The rules of the column."""
        name, title = self.column.name, self.column.title
        written, rules = written_name(name), []
        for place, threshold in enumerate(self.thresholds):
            below, above = frozenset(range(place + 1)), frozenset(range(place + 1, len(self.thresholds) + 1))
            number, shown = np.format_float_positional(threshold, trim="-"), plain_value(threshold, self.column)
            rules.append(Rule(name, above, f"{written} >= {number}", f"{title} is at least {shown}"))
            rules.append(Rule(name, below, f"{written} < {number}", f"{title} is below {shown}"))
        for place, level in enumerate(self.levels):
            is_flag = self.column.kind is Kind.FLAG
            literal = level if is_flag else written_text(level)
            shown = {"true": "yes", "false": "no"}.get(level, level) if is_flag else level
            rules.append(Rule(name, frozenset({place}), f"{written} = {literal}", f"{title} is {shown}"))
        return tuple(rules)


def rule_columns(frame: pd.DataFrame, contract: VectorContract, left_out: Sequence[str] = ()) -> tuple[RuleColumn, ...]:
    """The columns of vectors that rules can be made of: not sensitive, with more than one value.

    left_out : columns that are not known as of the past, such as attributes without a date.
    """
    usable = [column for column in usable_columns(contract, left_out) if column.name in frame.columns]
    made = (_of_values(column, frame[column.name].dropna()) for column in usable)
    return tuple(column for column in made if column is not None)


def usable_columns(contract: VectorContract, left_out: Sequence[str] = ()) -> tuple[Column, ...]:
    """The columns that a rule may read."""
    return tuple(column for column in contract.columns if not column.sensitive and column.name not in left_out)


def column_of_levels(column: Column, commonest: Sequence[str]) -> RuleColumn | None:
    """A category cut by its levels, the commonest first; None if it has one level or none."""
    return RuleColumn(column, levels=tuple(commonest[:MOST_LEVELS])) if len(commonest) > 1 else None


def column_of_numbers(column: Column, least: float, most: float, cuts: Sequence[float]) -> RuleColumn | None:
    """A number or flag cut at thresholds, which are none of a flag; None if its values are all the same.

    cuts : the quantiles of the known values at `PARTS`, each a value or the next one above.
    """
    if not least < most:
        return None
    if column.kind is Kind.FLAG:
        return RuleColumn(column, levels=("true", "false"))
    rounded = {float(cut if is_year(column) else f"{cut:.2g}") for cut in cuts}
    thresholds = tuple(sorted(cut for cut in rounded if least < cut <= most))
    return RuleColumn(column, thresholds) if thresholds else None


def _of_values(column: Column, known: pd.Series) -> RuleColumn | None:
    if column.kind is Kind.CATEGORY:
        sizes = known.astype("str").value_counts()
        return column_of_levels(column, sorted(sizes.index, key=lambda level: (-sizes[level], level)))
    values = known.to_numpy(dtype=np.float64)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    cuts = np.quantile(finite, PARTS, method="higher")
    return column_of_numbers(column, float(finite.min()), float(finite.max()), cuts.tolist())


def binned(frame: pd.DataFrame, columns: Sequence[RuleColumn]) -> pd.DataFrame:
    """A row a customer: `customer_id`, the `half` to which it belongs by a stable hash, and the bins of each column."""
    ids = frame.index.astype("str")
    bins = {bin_name(place): each.bins_of(frame[each.column.name]) for place, each in enumerate(columns)}
    halves = np.array([(zlib.crc32(text.encode()) >> 16) & 1 for text in ids], dtype=np.int64)
    return pd.DataFrame({"customer_id": np.asarray(ids, dtype=object), HALF: halves, **bins})


def bin_name(place: int) -> str:
    """The name under which the bins of a column stand in the engine."""
    return f"bin_{place}"
