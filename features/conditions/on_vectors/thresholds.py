"""What a ready-made condition takes from the vectors themselves: a number or a list of plans, as of their moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from segment_model.errors import SettingsError, counted
from segment_model.sql_text import quoted

if TYPE_CHECKING:
    import pandas as pd

Threshold = Callable[["pd.DataFrame"], str]  # vectors to the text that stands in the condition


def best_share(column: str, share: float) -> Threshold:
    """The least value of the best share of the customers whose value is above 0; equal values are all among the best.

    The threshold is a value that a customer has: the quantile 1 - share of type 1 of Hyndman and Fan (1996), the next
    higher value where it falls between two.
    """

    def threshold(frame: pd.DataFrame) -> str:
        values = frame[column].dropna()
        values = values[values > 0]
        if values.empty:
            raise SettingsError(
                f"no customer has a {column} above 0, so there are no best {share:.0%}; leave the condition out"
            )
        return repr(float(values.quantile(1 - share, interpolation="higher")))

    return threshold


def mid_plans(plan: str, money: str) -> Threshold:
    """The plans between the cheapest and the dearest, by the median of what their customers pay."""

    def threshold(frame: pd.DataFrame) -> str:
        paying = frame[frame[money] > 0]
        medians = paying.groupby(paying[plan].astype("str"))[money].median()
        ordered = sorted(medians.index, key=lambda name: (medians[name], name))
        middle = [name for name in ordered if medians[ordered[0]] < medians[name] < medians[ordered[-1]]]
        if not middle:
            plans = counted(len(ordered), "plan with customers who pay", "plans with customers who pay")
            raise SettingsError(
                f"no plan lies in the middle: the vectors have {plans}; write the condition with the names of "
                "your plans, or leave it out"
            )
        return f"({', '.join(map(quoted, middle))})"

    return threshold
