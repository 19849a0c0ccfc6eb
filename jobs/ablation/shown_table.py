"""The table of an ablation in words, for the terminal."""

from __future__ import annotations

import pandas as pd

HIDDEN = ("groups", "refused", "recovered")  # in the file and the run, where there is room for them
GOAL, VARIANCE = "auc_", "r2_"
WHOLE_NUMBERS = ("columns", "segments")


def shown_table(table: pd.DataFrame) -> pd.DataFrame:
    """Each figure as text, with two decimals; a refused fit says why in place of a verdict.

    Of a goal the area under the ROC curve is shown, under the goal's name; a goal without any figure is left out.
    """
    shown = {}
    for name in table.columns:
        if name.startswith(VARIANCE) or (name.startswith(GOAL) and table[name].isna().all()):
            continue
        if name == "verdict":
            shown[name] = table["verdict"].where(table["refused"] == "", "refused: " + table["refused"])
        elif name == "fit":
            shown[name] = table["fit"]
        elif name not in HIDDEN:
            form = "{:,.0f}" if name in WHOLE_NUMBERS else "{:.2f}"
            shown[name.removeprefix(GOAL).replace("_", " ")] = table[name].map(
                lambda number, form=form: "" if pd.isna(number) else form.format(number)
            )
    return pd.DataFrame(shown, dtype="str")
