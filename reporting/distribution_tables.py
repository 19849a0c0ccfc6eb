"""The distributions of a record as they are printed: shares of levels and quartiles of numbers by segment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analytics.history import EVERYONE, UNASSIGNED
from analytics.record import AnalystRecord, Mark
from segment_model.errors import SettingsError, nearest_word, percent
from segment_model.language.wording import plain_number

SHARE = "share"
QUARTILES = ("lower", "median", "upper")
COLUMNS = ("column", "level", "statistic", "group", "name", "value", "low", "high", "n", "answered", "mark")
NAMES = {EVERYONE: "everyone", UNASSIGNED: "unassigned"}
SIGNS = {Mark.ABOVE: " ▲", Mark.BELOW: " ▼"}
MISSING = "-"


def distribution_rows(record: AnalystRecord, names: Mapping[str, str], column: str = "") -> pd.DataFrame:
    """The shares and quartiles of a record, a number a row.

    names : of segments, by id. column : only this one. The columns: column; level, empty for a number; statistic
    ("share", or "lower", "median" and "upper" for the quartiles); group (the segment's id, or "everyone") with its
    name; value; low and high, the ends of a share's 95 % interval; n, the customers of the group; answered, those whose
    value is known; mark.

    Raises
    ------
    SettingsError
        If the record has no distribution of the column.
    """
    shares = record.shares.assign(statistic=SHARE, value=record.shares["share"])
    quartiles = [record.quartiles.assign(statistic=name, value=record.quartiles[name]) for name in QUARTILES]
    numbers = pd.concat(quartiles, ignore_index=True)
    numbers = numbers.sort_values("column", kind="stable", key=lambda own: own.map(_places(own)))
    parts = [part for part in (shares, numbers) if len(part)]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = pd.concat(parts, ignore_index=True).rename(columns={"segment": "group"})
    known = list(dict.fromkeys(rows["column"]))
    if column and column not in known:
        raise SettingsError(
            f"the record has no distribution of {column!r}.{nearest_word(column, known)} It has {', '.join(known)}"
        )
    rows = rows[rows["column"] == column] if column else rows
    called = {**NAMES, **names}
    rows = rows.assign(name=[called.get(group, group) for group in rows["group"]]).reindex(columns=list(COLUMNS))
    # of a record without shares no row has a level, so that the column would be of numbers
    return rows.assign(level=rows["level"].astype(object).fillna("")).reset_index(drop=True)


def distributions_in_words(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `distribution_rows` for people: a level or number a row, a group a column.

    A share is a percentage, a number its median with its lower and upper quartile; ▲ and ▼ are marks.
    """
    groups = dict(zip(rows["group"], rows["name"], strict=True))
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for (column, level, group), own in rows.groupby(["column", "level", "group"], sort=False):
        cells.setdefault((str(column), str(level)), {})[str(group)] = _cell(own.to_dict(orient="records"))
    words = [
        {"column": column.replace("_", " "), "level": level, **{group: by.get(group, MISSING) for group in groups}}
        for (column, level), by in cells.items()
    ]
    table = pd.DataFrame(words, columns=["column", "level", *groups])
    return table.set_axis(["column", "level", *groups.values()], axis="columns")


def _cell(own: Iterable[Mapping[Any, Any]]) -> str:
    by = {row["statistic"]: row for row in own}
    first = next(iter(by.values()))
    if pd.isna(first["value"]):
        return MISSING
    sign = SIGNS.get(Mark(first["mark"] or ""), "")
    if SHARE in by:
        return f"{percent(first['value'])}{sign}"
    lower, median, upper = (plain_number(by[name]["value"]) for name in QUARTILES)
    return f"{median} ({lower} to {upper}){sign}"


def _places(columns: pd.Series) -> dict[str, int]:
    return {column: place for place, column in enumerate(dict.fromkeys(columns))}
