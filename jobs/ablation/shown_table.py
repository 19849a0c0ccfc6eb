"""The table of an ablation in words, for the terminal and for pages."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

HIDDEN = ("groups", "refused", "recovered")  # in the file and the run, where there is room for them
GOAL, VARIANCE = "auc_", "r2_"
WHOLE_NUMBERS = ("columns", "segments")


def figured(table: pd.DataFrame, goal: str) -> bool:
    """Whether a fit has a figure of the goal."""
    return bool(table[f"{GOAL}{goal}"].notna().any())


def shown_table(table: pd.DataFrame, titles: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Each figure as text, with two decimals; a refused fit says why in place of a verdict.

    Of a goal the area under the ROC curve is shown, under the goal's name, or its title where `titles` has one by name;
    a goal without any figure is left out.
    """
    shown = {}
    for name in table.columns:
        if name.startswith(VARIANCE) or (name.startswith(GOAL) and not figured(table, name.removeprefix(GOAL))):
            continue
        if name == "verdict":
            shown[name] = table["verdict"].where(table["refused"] == "", "refused: " + table["refused"])
        elif name == "fit":
            shown[name] = table["fit"]
        elif name not in HIDDEN:
            form = "{:,.0f}" if name in WHOLE_NUMBERS else "{:.2f}"
            heading = _heading(name, titles or {})
            # a goal may be called like a figure, or like another goal
            shown[f"{heading} ({name.removeprefix(GOAL)})" if heading in shown else heading] = table[name].map(
                lambda number, form=form: "" if pd.isna(number) else form.format(number)
            )
    return pd.DataFrame(shown, dtype="str")


def _heading(name: str, titles: Mapping[str, str]) -> str:
    goal = name.removeprefix(GOAL)
    return titles.get(goal, goal.replace("_", " ")) if name.startswith(GOAL) else name.replace("_", " ")
