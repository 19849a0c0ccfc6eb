"""Are the words of segment names true? Checked on raw values, by a table of words that the product does not share.

A word of a name must be true of at least three quarters of its segment's customers; it tells if it is true of at most
half of all others. Each text is read as a person reads it: "spend 80 to 300 GBP" as a range, "mostly pro (plan)" as a
level, "lapsed" by the table below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from segment_model.contract import Column, VectorContract
from segment_model.errors import SegmentsError

TRUE_INSIDE, TRUE_OUTSIDE = 0.75, 0.5
Reading = Callable[[pd.DataFrame], Any]

# What a column's declared words mean for its low and its high end; other columns: the lower and the upper third.
ENDS: Mapping[str, tuple[Reading, Reading]] = {
    "recency_days": (lambda f: f["recency_days"] <= 30, lambda f: f["recency_days"] >= 180),
    "frequency": (lambda f: in_third(f["frequency"], -1), lambda f: in_third(f["frequency"], 1) & (f["frequency"] > 4)),
    "tenure_days": (lambda f: f["tenure_days"] <= 90, lambda f: f["tenure_days"] >= 365),
    "days_between_orders": (lambda f: f["days_between_orders"] <= 14, lambda f: f["days_between_orders"] >= 90),
    "discount_share": (lambda f: f["discount_share"] <= 0.01, lambda f: f["discount_share"] >= 0.2),
    "active_days_7": (lambda f: f["active_days_7"] == 0, lambda f: f["active_days_7"] > 0),
    "active_days_30": (lambda f: f["active_days_30"] <= 3, lambda f: f["active_days_30"] >= 10),
    "active_days_90": (lambda f: f["active_days_90"] <= 6, lambda f: f["active_days_90"] >= 30),
    "days_since_last_event": (lambda f: f["days_since_last_event"] <= 14, lambda f: f["days_since_last_event"] >= 60),
    "events_per_active_day": (
        lambda f: in_third(f["events_per_active_day"], -1) & (f["active_days_90"] > 0),
        lambda f: in_third(f["events_per_active_day"], 1) & (f["active_days_30"] > 0),
    ),
    "usage_trend": (lambda f: f["usage_trend"] < 0, lambda f: f["usage_trend"] > 0),
    "limit_use": (lambda f: f["limit_use"] <= 0.5, lambda f: f["limit_use"] >= 0.8),
    "top_feature_share": (lambda f: f["top_feature_share"] <= 0.5, lambda f: f["top_feature_share"] >= 0.9),
    "mrr_change_90_days": (
        lambda f: (f["mrr_change_90_days"] < 0) & (f["mrr"] > 0),
        lambda f: (f["mrr_change_90_days"] > 0) & (f["subscription_tenure_days"] > 90),
    ),
    "subscription_tenure_days": (
        lambda f: f["subscription_tenure_days"] <= 90,
        lambda f: f["subscription_tenure_days"] >= 365,
    ),
    "upgrades": (lambda f: f["upgrades"] == 0, lambda f: f["upgrades"] > 2),
    "downgrades": (lambda f: f["downgrades"] == 0, lambda f: f["downgrades"] > 2),
    "churned": (lambda f: f["churned"] < 1, lambda f: f["churned"] == 1),
    "seat_use": (lambda f: f["seat_use"] <= 0.5, lambda f: f["seat_use"] >= 0.9),
    "quota_use": (lambda f: f["quota_use"] <= 0.5, lambda f: f["quota_use"] >= 0.8),
}
PHRASES: Mapping[str, Reading] = {
    "no order yet": lambda f: f["recency_days"].isna(),
    "no event yet": lambda f: f["days_since_last_event"].isna(),
    "never subscribed": lambda f: f["subscription_tenure_days"].isna(),
    "not active for 30 days": lambda f: f["active_days_30"] == 0,
    "not active for 90 days": lambda f: f["active_days_90"] == 0,
    "no MRR": lambda f: f["mrr"] == 0,
    "no repeats": lambda f: f["cdnow_frequency"] == 0,
    "stopped paying in the last 90 days": lambda f: (f["mrr_change_90_days"] < 0) & (f["mrr"] == 0),
    "unchanged contract": lambda f: (f["mrr_change_90_days"] == 0) & (f["mrr"] > 0),
}
# The fifths of recency (5 is the most recent) and of frequency and money together, in which each name lies.
RFM_CELLS: Mapping[str, frozenset[tuple[int, int]]] = {
    "champions": frozenset({(5, 4), (5, 5), (4, 5)}),
    "loyal customers": frozenset({(4, 4), (3, 4), (3, 5)}),
    "potential loyalists": frozenset({(5, 2), (5, 3), (4, 2), (4, 3)}),
    "new customers": frozenset({(5, 1)}),
    "promising": frozenset({(4, 1)}),
    "needing attention": frozenset({(3, 3)}),
    "about to sleep": frozenset({(3, 1), (3, 2)}),
    "at risk": frozenset({(2, 3), (2, 4), (1, 3)}),
    "cannot lose them": frozenset({(2, 5), (1, 4), (1, 5)}),
    "hibernating": frozenset({(2, 1), (2, 2), (1, 2)}),
    "lost": frozenset({(1, 1)}),
}
PRESENT, ABSENT = frozenset({"champions", "loyal customers", "potential loyalists", "new customers", "promising"}), 60


@dataclass(frozen=True)
class SpokenWord:
    """A word of a segment's name, and of what share of the segment and of all others it is true."""

    segment: int
    name: str
    word: str
    inside: float
    outside: float

    @property
    def is_true(self) -> bool:
        """Whether it is true of most of the segment."""
        return self.inside >= TRUE_INSIDE

    @property
    def tells(self) -> bool:
        """Whether it is true, and not of most others."""
        return self.is_true and self.outside <= TRUE_OUTSIDE


def spoken_words(
    frame: pd.DataFrame, contract: VectorContract, labels: np.ndarray[Any, Any], names: Sequence[str]
) -> list[SpokenWord]:
    """Every word of every name, with its truth.

    frame : (n rows) raw values. labels : (n,) positions of the segments, -1 where unassigned. names : in their order.

    Raises
    ------
    SegmentsError
        If a name holds a word that nobody can read.
    """
    spoken = []
    for position, name in enumerate(names):
        members = labels == position
        for word in words_of(name, frame, contract):
            true = _read(word, frame, contract)
            if true is None:  # `words_of` reads each
                continue
            inside = float(true[members].mean()) if members.any() else 0.0
            spoken.append(SpokenWord(position, name, word, inside, float(true[~members].mean())))
    return spoken


def words_of(name: str, frame: pd.DataFrame, contract: VectorContract) -> list[str]:
    """The words of a name, which commas part; a word may hold commas of its own.

    Raises
    ------
    SegmentsError
        If a part of the name is no word.
    """
    if not name:
        return []
    parts = re.sub(r" \(\d+\)$", "", name).split(", ") if _read(name, frame, contract) is None else [name]
    for length in range(len(parts), 0, -1):
        word = ", ".join(parts[:length])
        if _read(word, frame, contract) is not None:
            return [word, *words_of(", ".join(parts[length:]), frame, contract)]
    raise SegmentsError(f"nobody can read {parts[0]!r}, of the name {name!r}")


def _read(word: str, frame: pd.DataFrame, contract: VectorContract) -> np.ndarray[Any, Any] | None:
    """Of which customers a word is true (n,); None where it is no word."""
    if word in PHRASES:
        return _flags(PHRASES[word](frame))
    if word in RFM_CELLS and {column.name for column in contract.basis} == {
        "recency_days",
        "frequency",
        "monetary_value",
    }:
        return _flags(_in_cells(word, frame))
    for column in contract.columns:
        if column.name in frame.columns and (true := _read_of(word, column, frame)) is not None:
            return _flags(true)
    return None


def _read_of(word: str, column: Column, frame: pd.DataFrame) -> Any:
    """What a word says of one column."""
    values, title = frame[column.name], column.title
    if word == f"{title} unknown":
        return values.isna()
    if column.kind == "category":
        level = re.fullmatch(rf"mostly (.*) \({re.escape(title)}\)", word) or re.fullmatch(
            rf"{re.escape(title)}: (yes|no|true|false|[01])", word, re.IGNORECASE
        )
        true = values.notna() & (values.astype("str") == (level[1] if level else ""))
        return true if level and true.any() else None
    if column.kind == "flag" and word in (column.low or f"{title}: no", column.high or f"{title}: yes"):
        return values == (1 if word == (column.high or f"{title}: yes") else 0)
    declared = (column.low or column.high) and column.name in ENDS
    low, high = ENDS[column.name] if declared else (partial(_third_of, column.name, end) for end in (-1, 1))
    if word == (column.low or f"low {title}"):
        return low(frame)
    if word == (column.high or f"high {title}"):
        return high(frame)
    return _in_range(word, column, values)


def _in_range(word: str, column: Column, values: pd.Series[Any]) -> Any:
    """The customers within a range such as "spend 80 to 300 GBP"."""
    number = r"(-?\d(?:[\d,.]*\d)?(?:e[+-]?\d+)?)"  # a comma after it begins the next word
    title = re.sub("^time since (the )?", "", column.title)
    match = re.fullmatch(rf"{re.escape(title)}:? (at least |at most )?{number}(?: to {number})?( [^,]*)?", word)
    if match is None:
        return None
    bound, first, second, unit = match.groups(default="")
    percent = 100.0 if unit.startswith(" %") else 1.0
    low, high = (float(text.replace(",", "")) for text in (first, second or first))
    scaled = values * percent
    near = 1e-9 * max(abs(low), abs(high))  # 0.07 * 100 is not 7
    if bound == "at least ":
        return scaled >= low - near
    return (scaled <= high + near) & ((scaled >= low - near) | (bound == "at most "))


def _third_of(name: str, end: int, frame: pd.DataFrame) -> Any:
    return in_third(frame[name], end)


def in_third(values: pd.Series[Any], end: int) -> Any:
    """Who is in the lower (-1) or upper (1) third of all, and below or above 0 where there are both."""
    mixed = values.min() < 0 < values.max()
    if end < 0:
        return (values <= values.quantile(1 / 3)) & (values < (0 if mixed else values.median()))
    return (values >= values.quantile(2 / 3)) & (values > (0 if mixed else values.median()))


def _in_cells(name: str, frame: pd.DataFrame) -> Any:
    """Who is in a cell of the RFM grid with this name, and bought lately, or did not, as the name says."""
    recency = 6 - _fifth(_share_below(frame["recency_days"]))
    frequency, money = _share_below(frame["frequency"]), _share_below(frame["monetary_value"])
    both = _fifth((frequency + money) / 2).where((frequency >= 0.5) & (money >= 0.5), other=np.nan)
    both = both.fillna(_fifth((frequency + money) / 2).clip(upper=3))
    within = pd.Series([cell in RFM_CELLS[name] for cell in zip(recency, both, strict=True)], index=frame.index)
    days = frame["recency_days"]
    away = {"lost": 180, "about to sleep": 30, "needing attention": 0}.get(name, ABSENT)
    return within & (days <= 90 if name in PRESENT else days >= away)


def _share_below(values: pd.Series[Any]) -> pd.Series[Any]:
    known = values.notna().sum()
    return (values.rank(method="min") - 1 + values.rank(method="max")) / 2 / known


def _fifth(shares: pd.Series[Any]) -> Any:
    return (np.floor(shares * 5) + 1).clip(1, 5)


def _flags(true: Any) -> np.ndarray[Any, Any]:
    return pd.Series(true).fillna(False).to_numpy(dtype=bool)
