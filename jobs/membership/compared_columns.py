"""The attributes by which an analyst compares customers: those that the settings name, or a plan and two categories."""

from __future__ import annotations

import pandas as pd

from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SettingsError, nearest_word
from training.settings import Settings

PLAN = "plan"
MOST_CATEGORIES = 2
YES, NO = "yes", "no"
RESERVED = frozenset({"everyone", "segment", "position", "customer_id"})  # names that the record's tables take


def compared_columns(settings: Settings, contract: VectorContract) -> tuple[str, ...]:
    """The names of the columns to compare by.

    Raises
    ------
    SettingsError
        If `analytics.compare` names a column that the vector does not have, or that cannot be compared by.
    """
    chosen = settings.analytics.compare
    if chosen is None:
        return _usual(settings, contract)
    allowed = settings.discovery.allow_sensitive
    usable = {column.name for column in contract.columns if _is_usable(column, allowed)}
    for name in chosen:
        if name not in contract.names:
            raise SettingsError(
                f"analytics.compare: no column {name!r} in the vector.{nearest_word(name, contract.names)} "
                f"It can be compared by {', '.join(sorted(usable)) or 'none'}"
            )
        if name not in usable:
            raise SettingsError(f"analytics.compare: {name!r} {_reason(contract[name])}")
    return tuple(dict.fromkeys(chosen))


def texts(frame: pd.DataFrame, columns: tuple[str, ...], contract: VectorContract) -> pd.DataFrame:
    """The columns as text, missing where they are missing."""
    return pd.DataFrame({name: _text(frame[name], contract[name].kind) for name in columns}, index=frame.index)


def _usual(settings: Settings, contract: VectorContract) -> tuple[str, ...]:
    attributes = settings.sources.customers.attributes if settings.sources.customers else {}
    usable = [column.name for column in contract.columns if column.is_category and _is_usable(column, False)]
    plan = [name for name in usable if name == PLAN and name not in attributes]
    return (*plan, *[name for name in usable if name in attributes][:MOST_CATEGORIES])


def _text(values: pd.Series, kind: Kind) -> pd.Series[str]:
    return (values.map({1.0: YES, 0.0: NO}) if kind is Kind.FLAG else values).astype("str")


def _is_usable(column: Column, sensitive_too: bool) -> bool:
    is_text = column.kind in (Kind.CATEGORY, Kind.FLAG)
    return is_text and column.name not in RESERVED and (sensitive_too or not column.sensitive)


def _reason(column: Column) -> str:
    if column.name in RESERVED:
        return "is a name of the record's own: give the column another one"
    if column.sensitive:
        return "is sensitive: leave it out, or set discovery.allow_sensitive"
    return f"is a {column.kind}, and groups are made of text or flags"
