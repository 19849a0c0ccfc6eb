"""The rows of experiments as tables for people: figures, and the differences between variants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from experiments.variants.judged_variant import JudgedVariant, variants_table
from segment_model.errors import SettingsError, nearest_word

WHOLE_NUMBERS = ("segments", "comparable months")
NOT_COMPARED = ("table", "variant", "verdict", "refused")


def shown_tables(rows: Sequence[JudgedVariant]) -> Iterator[tuple[str, pd.DataFrame]]:
    """For each table of customers its name, and one row a variant: a figure that all lack is left out."""
    for name in dict.fromkeys(row.table for row in rows):
        yield name, shown_variants([row for row in rows if row.table == name]).drop(columns="table")


def shown_variants(rows: Sequence[JudgedVariant]) -> pd.DataFrame:
    """One row a variant with its figures as text; a refused variant says why in place of a verdict."""
    table = variants_table(list(rows))
    shown = {"table": table["table"], "variant": table["variant"], "verdict": _verdicts(table)}
    for name in _figures(table):
        shown[name] = pd.Series([_text(name, figure) for figure in table[name]])
    return pd.DataFrame(shown, dtype="str")


def shown_differences(rows: Sequence[JudgedVariant]) -> pd.DataFrame:
    """The settings in which variants differ, and their figures, those after the first with the difference from it.

    Raises
    ------
    SettingsError
        If there are not two variants.
    """
    if len(rows) < 2:
        raise SettingsError("a comparison needs two variants: name another, or a whole experiment such as 08")
    table = variants_table(list(rows))
    shown = {"table": table["table"], "variant": table["variant"]}
    paths = dict.fromkeys(path for row in rows for path in row.overrides)
    for path in paths:
        texts = [str(row.overrides.get(path, "")) for row in rows]
        if len(set(texts)) > 1:
            shown[path] = pd.Series(texts)
    shown["verdict"] = _verdicts(table)
    for name in _figures(table):
        first = table[name].iloc[0]
        shown[name] = pd.Series(
            [
                _text(name, figure) if place == 0 or pd.isna(first) else _with_difference(name, figure, first)
                for place, figure in enumerate(table[name])
            ]
        )
    return pd.DataFrame(shown, dtype="str")


def chosen_variants(rows: Sequence[JudgedVariant], asked: str) -> list[JudgedVariant]:
    """The variants that `TABLE` or `TABLE/VARIANT` names; all where it is empty.

    Raises
    ------
    SettingsError
        If there is none.
    """
    chosen = [row for row in rows if asked in ("", row.table, f"{row.table}/{row.variant}")]
    if not chosen:
        known = [*dict.fromkeys(row.table for row in rows), *(f"{row.table}/{row.variant}" for row in rows)]
        raise SettingsError(f"the run has no {asked!r}.{nearest_word(asked, known)} It has {', '.join(known)}")
    return chosen


def _verdicts(table: pd.DataFrame) -> pd.Series:
    return table["verdict"].where(table["refused"] == "", "refused: " + table["refused"])


def _figures(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if name not in NOT_COMPARED]


def _text(name: str, figure: float) -> str:
    if pd.isna(figure):
        return ""
    return f"{figure:,.0f}" if name in WHOLE_NUMBERS else f"{figure:.2f}"


def _with_difference(name: str, figure: float, first: float) -> str:
    if pd.isna(figure):
        return ""
    difference = f"{figure - first:+,.0f}" if name in WHOLE_NUMBERS else f"{figure - first:+.2f}"
    return f"{_text(name, figure)} ({difference})"
