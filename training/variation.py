"""Which basis columns vary among the customers: one that does not cannot tell two of them apart.

It looks at the columns as `training.encoding` encodes them: missing numbers filled with the median, the ends clipped,
rare levels pooled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from segment_model.contract import Role, VectorContract
from segment_model.errors import SettingsError, counted, nearest_word
from segment_model.feature_groups import feature_group, groups_of, known_groups
from training.settings import EncodingSettings


def constant_columns(frame: pd.DataFrame, contract: VectorContract, settings: EncodingSettings) -> dict[str, str]:
    """The basis columns that are encoded alike for every customer, and why; frame : one row a customer.

    A column without any value is not among them: a discovery refuses it.
    """
    reasons = {}
    for column in contract.basis:
        known = frame[column.name].notna()
        if not known.any():
            continue
        why = _level_reason if column.is_category else _number_reason
        if reason := why(frame[column.name], known, settings):
            reasons[column.name] = reason
    return reasons


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


def _number_reason(values: pd.Series[Any], known: pd.Series[bool], settings: EncodingSettings) -> str:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    filled = np.where(known, numbers, np.median(numbers[known]))
    low, high = np.quantile(filled, [settings.clip_share, 1 - settings.clip_share])
    if low < high:
        return ""
    alike = float(np.mean(filled == low))
    if alike == 1:
        return f"{low:g} for everyone" + ("" if known.all() else " whose value is known")
    return f"{low:g} for {100 * alike:.4g} % of all, and clipped to it for the rest"


def _level_reason(values: pd.Series[Any], known: pd.Series[bool], settings: EncodingSettings) -> str:
    counts = values[known].astype("str").value_counts().to_numpy()
    missing = int((~known).sum())
    everything = np.append(counts, missing) if missing else counts
    is_rare = everything < settings.rare_share * len(values)
    if len(everything) - is_rare.sum() + is_rare.any() > 1:
        return ""
    if len(everything) == 1:
        return f"{values[known].iloc[0]!r} for everyone"
    return f"all of its {counted(len(counts), 'level')} are rarer than {100 * settings.rare_share:g} % and pooled"
