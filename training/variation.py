"""Which basis columns vary among the customers: one that does not cannot tell two of them apart.

It looks at the columns as `training.encoding` encodes them: missing numbers filled with the median, the ends clipped,
rare levels pooled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
import pandas as pd

from segment_model.contract import Role, VectorContract
from segment_model.errors import SettingsError, counted, nearest_word
from segment_model.feature_groups import feature_group, groups_of, known_groups
from training.settings import EncodingSettings


@dataclass(frozen=True, slots=True)
class NumberCounts:
    """The customers of a number: all, those whose value is known, and of these those below and above its median."""

    customers: int
    known: int
    median: float
    below: int
    above: int

    def why_constant(self, settings: EncodingSettings) -> str:
        """Why the number is encoded alike for everyone; empty where it is not.

        The quantiles at which its ends are clipped are then both the median, with which missing values are filled.
        """
        last = self.customers - 1
        lowest, highest = floor(last * settings.clip_share), ceil(last * (1 - settings.clip_share))
        if lowest < self.below or highest > last - self.above:
            return ""
        alike = self.customers - self.below - self.above
        if alike == self.customers:
            return f"{self.median:g} for everyone" + (" whose value is known" if self.known < self.customers else "")
        return f"{self.median:g} for {100 * alike / self.customers:.4g} % of all, and clipped to it for the rest"


@dataclass(frozen=True, slots=True)
class LevelCounts:
    """The customers of a category: all, and those whose level is known; how many levels there are, and rare ones.

    least : the first of the levels.
    """

    customers: int
    known: int
    levels: int
    rare: int
    least: str

    def why_constant(self, settings: EncodingSettings) -> str:
        """Why the category is encoded alike for everyone; empty where it is not. Missing counts as a level."""
        missing = self.customers - self.known
        kinds = self.levels + bool(missing)
        rare = self.rare + (0 < missing < settings.rare_share * self.customers)
        if kinds - rare + bool(rare) > 1:
            return ""
        if kinds == 1:
            return f"{self.least!r} for everyone"
        return f"all of its {counted(self.levels, 'level')} are rarer than {100 * settings.rare_share:g} % and pooled"


def constant_columns(frame: pd.DataFrame, contract: VectorContract, settings: EncodingSettings) -> dict[str, str]:
    """The basis columns that are encoded alike for every customer, and why; frame : one row a customer.

    A column without any value is not among them: a discovery refuses it.
    """
    return constant_by_counts(
        {
            column.name: _level_counts(frame[column.name], settings)
            if column.is_category
            else _number_counts(frame[column.name])
            for column in contract.basis
        },
        settings,
    )


def constant_by_counts(counts: Mapping[str, NumberCounts | LevelCounts], settings: EncodingSettings) -> dict[str, str]:
    """As `constant_columns`, by the counts of the basis columns, whoever counted."""
    reasons = {name: own.why_constant(settings) for name, own in counts.items() if own.known}
    return {name: reason for name, reason in reasons.items() if reason}


def as_descriptors(contract: VectorContract, names: Mapping[str, str]) -> VectorContract:
    """The contract in which the named columns only describe the segments."""
    return contract.with_roles(dict.fromkeys(names, Role.DESCRIPTOR))


def held_out_columns(contract: VectorContract, groups: Sequence[str]) -> dict[str, str]:
    """The basis columns of the groups that `discovery.hold_out_groups` names, and why they shape nothing.

    Raises
    ------
    SettingsError
        If no column of the vectors is of a group.
    """
    known = known_groups(contract.columns)
    for group in groups:
        if group not in known:
            raise SettingsError(
                f"discovery.hold_out_groups: there is no {group!r}.{nearest_word(group, known)} "
                f"Known here: {', '.join(known)}"
            )
    return {
        column.name: f"{feature_group(column)} is held out"
        for column in contract.basis
        if set(groups_of(column)) & set(groups)
    }


def listed(reasons: Mapping[str, str]) -> str:
    """The columns, each with its reason, in one line."""
    return ", ".join(f"{name} ({reason})" for name, reason in reasons.items())


def _number_counts(values: pd.Series[Any]) -> NumberCounts:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = numbers[values.notna().to_numpy()]
    median = float(np.median(numbers)) if len(numbers) else np.nan
    below, above = int((numbers < median).sum()), int((numbers > median).sum())
    return NumberCounts(len(values), len(numbers), median, below, above)


def _level_counts(values: pd.Series[Any], settings: EncodingSettings) -> LevelCounts:
    counts = values.dropna().astype("str").value_counts()
    rare = int((counts < settings.rare_share * len(values)).sum())
    return LevelCounts(len(values), int(counts.sum()), len(counts), rare, min(counts.index, default=""))
