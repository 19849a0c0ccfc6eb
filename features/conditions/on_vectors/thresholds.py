"""What a ready-made condition takes from the vectors themselves: a number or a list of plans, as of their moment."""

from __future__ import annotations

from collections.abc import Callable

from features.conditions.on_vectors.vector_figures import VectorFigures
from segment_model.errors import SettingsError, counted, percent
from segment_model.sql_text import quoted

Threshold = Callable[[VectorFigures], str]  # vectors to the text that stands in the condition


def best_share(column: str, share: float) -> Threshold:
    """The least value of the best share of the customers whose value is above 0; equal values are all among the best.

    The threshold is a value that a customer has: the quantile 1 - share of type 1 of Hyndman and Fan (1996), the next
    higher value where it falls between two.
    """

    def threshold(vectors: VectorFigures) -> str:
        least = vectors.quantile_of_positive(column, 1 - share)
        if least is None:
            raise SettingsError(
                f"no customer has a {column} above 0, so there are no best {percent(share, 0)}; leave the condition out"
            )
        return repr(least)

    return threshold


def mid_plans(plan: str, money: str) -> Threshold:
    """The plans between the cheapest and the dearest, by the median of what their customers pay."""

    def threshold(vectors: VectorFigures) -> str:
        medians = vectors.medians_of_positive(money, plan)
        ordered = sorted(medians, key=lambda name: (medians[name], name))
        middle = [name for name in ordered if medians[ordered[0]] < medians[name] < medians[ordered[-1]]]
        if not middle:
            plans = counted(len(ordered), "plan with customers who pay", "plans with customers who pay")
            raise SettingsError(
                f"no plan lies in the middle: the vectors have {plans}; write the condition with the names of "
                "your plans, or leave it out"
            )
        return f"({', '.join(map(quoted, middle))})"

    return threshold
