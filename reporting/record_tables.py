"""The tables of a record as they are printed and written: under the segments' names, for people or for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict

import pandas as pd

from analytics.history import EVERYONE, NOT_ASSIGNABLE, UNASSIGNED
from analytics.intervals.shares import wilson
from analytics.record import FIGURES, AnalystRecord, Definition, Unit
from reporting.rendering import WriteAmount
from reporting.sections.figure_book import is_percentage
from segment_model.errors import SettingsError, nearest_word, percent
from segment_model.language.wording import plain_number

SEGMENT = "segment"
NAMES = {UNASSIGNED: "unassigned", NOT_ASSIGNABLE: "not assignable", EVERYONE: "everyone"}
MISSING = "-"
SMALL, HUNDRED = 0.1, 100.0  # of money: smaller amounts need more than two decimals, larger ones none
QUARTILES = {"lower": "lower quartile", "median": "median", "upper": "upper quartile"}


def chosen_figures(record: AnalystRecord, names: Mapping[str, str], figure: str = "", by: str = "") -> pd.DataFrame:
    """The rows of `figures` with a column `name`, the group's name.

    names : of segments, by id. figure : only this one. by : only this grouping, beside everyone.

    Raises
    ------
    SettingsError
        If the record has no such figure or grouping.
    """
    rows = record.figures
    _check("figure", figure, [definition.name for definition in record.definitions])
    _check("grouping", by, sorted(set(rows["grouping"]) - {EVERYONE}))
    if figure:
        rows = rows[rows["figure"] == figure]
    if by:
        rows = rows[rows["grouping"].isin([EVERYONE, by])]
    named = rows.copy()
    named.insert(3, "name", _named(rows["group"], rows["grouping"] == SEGMENT, names))
    return named.reset_index(drop=True)


def all_figures(record: AnalystRecord, names: Mapping[str, str], sizes: pd.DataFrame) -> pd.DataFrame:
    """Every figure of a record as one tidy frame: of money and time, shares of levels, and quartiles of numbers.

    Columns: figure, grouping, group, name, period, value, low, high, n, mark, note. The share of a level is the figure
    "COLUMN = LEVEL"; quartiles are "COLUMN: lower quartile", "COLUMN: median", "COLUMN: upper quartile". sizes : the
    first rows, as of `present_sizes`.
    """
    shares, quartiles = record.shares, record.quartiles
    parts = [sizes, record.figures, _tidy(shares, shares["column"] + " = " + shares["level"].astype("str"), "share")]
    for place, words in QUARTILES.items():
        parts.append(_tidy(quartiles, quartiles["column"] + f": {words}", place))
    tidy = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    tidy["name"] = _named(tidy["group"], tidy["grouping"] == SEGMENT, names)
    return tidy.reindex(columns=[*FIGURES[:3], "name", *FIGURES[3:]])


def present_sizes(labels: pd.Series[str]) -> pd.DataFrame:
    """Rows of `FIGURES`: how many customers each segment has, and their share with its Wilson interval.

    labels : the segment of each customer, missing where unassigned.
    """
    sizes = labels.fillna(UNASSIGNED).value_counts().sort_index()
    low, high = wilson(sizes.to_numpy(), len(labels))
    usual = {"grouping": SEGMENT, "group": sizes.index, "period": "", "n": len(labels), "mark": "", "note": ""}
    counts = pd.DataFrame({"figure": "customers", "value": sizes.to_numpy(dtype=float), **usual})
    share = pd.DataFrame({"figure": "share of customers", "value": sizes.to_numpy() / len(labels), **usual})
    return pd.concat([counts, share.assign(low=low, high=high)], ignore_index=True)


def _tidy(table: pd.DataFrame, figure: pd.Series[str], column: str) -> pd.DataFrame:
    """Rows of shares or quartiles as rows of `FIGURES`; intervals are of shares alone."""
    columns = {
        "figure": figure,
        "grouping": [EVERYONE if group == EVERYONE else SEGMENT for group in table["segment"]],
        "group": table["segment"],
        "period": "",
        "value": table[column],
        "n": table["answered"],
        "mark": table["mark"],
        "note": "",
    }
    intervals = {name: table[name] for name in ("low", "high") if name in table}
    return pd.DataFrame({**columns, **intervals})


def figures_in_words(record: AnalystRecord, rows: pd.DataFrame, every_period: bool = False) -> pd.DataFrame:
    """The rows of `chosen_figures` for people; by default of one period: the state, pooled months, or the last."""
    definitions = {definition.name: definition for definition in record.definitions}
    rows = rows if every_period else _of_one_period(rows)
    columns = ("figure", "name", "period", "value", "low", "high", "n", "mark", "note")
    words = []
    for figure, name, period, value, low, high, n, mark, note in zip(*(rows[c] for c in columns), strict=True):
        definition = definitions[figure]
        interval = "" if _lacks(low) else f"{_words(low, definition)} to {_words(high, definition)}"
        words.append(
            {
                "figure": definition.title,
                "group": name,
                "period": period or f"end of {record.month_ends.months[-1]}",
                "value": MISSING if _lacks(value) else _words(value, definition),
                "95 % interval": interval,
                "n": "" if _lacks(n) else f"{int(n):,}",
                "remark": ", ".join(text for text in (mark, note) if text),
            }
        )
    return pd.DataFrame(words, columns=["figure", "group", "period", "value", "95 % interval", "n", "remark"])


def sizes_named(record: AnalystRecord, names: Mapping[str, str]) -> pd.DataFrame:
    """The rows of `sizes` with a column `name`; customers and money of each segment at each month end."""
    sizes = record.sizes.copy()
    sizes.insert(2, "name", _named(sizes["segment"], pd.Series(True, sizes.index), names))
    return sizes


def condition_sizes_in_words(record: AnalystRecord) -> pd.DataFrame:
    """The rows of `condition_sizes` for people."""
    shown = _sizes_shown(record.condition_sizes, record.money_title)
    return pd.DataFrame(
        {"month": record.condition_sizes["month"], "condition": record.condition_sizes["condition"], **shown}
    )


def sizes_in_words(record: AnalystRecord, names: Mapping[str, str]) -> pd.DataFrame:
    """The rows of `sizes_named` for people."""
    sizes = sizes_named(record, names)
    shown = _sizes_shown(sizes, record.money_title)
    return pd.DataFrame({"month": sizes["month"], "segment": sizes["name"], **shown})


def record_json(record: AnalystRecord, tables: Mapping[str, pd.DataFrame]) -> str:
    """Tables of a record as a JSON document, with the definitions of their figures and its notes; missing is null."""
    shown = set(tables["figures"]["figure"]) if "figures" in tables else set()
    content = {
        "currency": record.currency,
        "months": list(record.month_ends.months),
        "definitions": [asdict(definition) for definition in record.definitions if definition.name in shown],
        "notes": list(record.notes),
        **{name: json.loads(table.to_json(orient="records")) for name, table in tables.items()},
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _sizes_shown(sizes: pd.DataFrame, money_title: str) -> dict[str, list[str]]:
    """The columns of sizes after month and segment, in words."""
    counts = [name for name in ("customers", "joined", "came", "went", "gone", "left", "returned") if name in sizes]
    shown = {
        column: [MISSING if _lacks(number) else f"{int(number):,}" for number in sizes[column]] for column in counts
    }
    write = _in_full(sizes["money"])
    money = [MISSING if _lacks(amount) else write(amount) for amount in sizes["money"]]
    remarks = ["less history than in training" if is_short else "" for is_short in sizes["short_history"]]
    return {"customers": shown.pop("customers"), money_title: money, **shown, "remark": remarks}


def _in_full(amounts: pd.Series[float]) -> WriteAmount:
    """How to write amounts of money without a unit of thousands: whole ones, but with decimals where all are small."""
    largest = amounts.abs().max()
    return plain_number if largest < 1 else (lambda amount: f"{amount:,.{2 if largest < HUNDRED else 0}f}")


def _named(groups: pd.Series, of_segments: pd.Series[bool], names: Mapping[str, str]) -> list[str]:
    known = {**NAMES, **names}
    return [
        known.get(group, group) if is_segment or group == EVERYONE else group
        for group, is_segment in zip(groups, of_segments, strict=True)
    ]


def _of_one_period(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of each figure's state; without one of the longest pooled time, else of the last month."""
    chosen: dict[str, str] = {}
    for figure, periods in rows.groupby("figure", sort=False)["period"]:
        known = set(periods)
        pooled = sorted(period for period in known if "/" in period)
        chosen[str(figure)] = "" if "" in known else pooled[0] if pooled else max(known)
    return rows[rows["period"] == rows["figure"].map(chosen)]


def _words(number: float, definition: Definition) -> str:
    if is_percentage(definition):
        return percent(number)
    if definition.unit in (Unit.MONEY, Unit.MONEY_A_MONTH):
        return plain_number(number) if 0 < abs(number) < SMALL else f"{number:,.2f}"
    if float(number).is_integer():
        return f"{number:,.0f}"  # in full: people compare counts with their own
    return plain_number(number)


def _lacks(number: object) -> bool:
    return number is None or (isinstance(number, float) and math.isnan(number)) or number is pd.NA


def _check(what: str, chosen: str, known: list[str]) -> None:
    if chosen and chosen not in known:
        raise SettingsError(
            f"the record has no {what} {chosen!r}.{nearest_word(chosen, known)} It has {', '.join(known) or 'none'}"
        )
