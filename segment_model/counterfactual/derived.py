"""Derived columns: they follow from other columns by definition, so they change along with those.

Money spent is orders times the average order: a customer who orders more often at the same average spends more. The
relations are stated between the column names that `features` gives; where a column is absent, its relation is not used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Floats

Now = Mapping[str, float]  # a customer's numbers, NaN where missing
Then = Mapping[str, Floats]  # (n,) new values of the columns that move, by name
IMPOSSIBLE = np.inf


@dataclass(frozen=True, slots=True)
class Derived:
    """`column` follows from `sources`: `value(now, then)` gives its (n,) new values.

    NaN means that the column would be missing, `IMPOSSIBLE` that no customer can be so.
    """

    column: str
    sources: tuple[str, ...]
    value: Callable[[Now, Then], Floats]


@dataclass(frozen=True, slots=True)
class Relation:
    """One equation between columns. `ways` solve it for one column or another, the usual one first.

    The equation is true where each column of `counts` counts the things named there.
    """

    ways: tuple[Derived, ...]
    counts: Mapping[str, str] = field(default_factory=dict)

    def holds_in(self, contract: VectorContract) -> bool:
        """Whether the contract has the columns of `counts`, and they count these things.

        A business may call its orders "trips"; the description still says what is counted. Without one, the unit does.
        """
        columns = {column.name: column for column in contract.columns}
        return all(
            name in columns and (columns[name].description or f"number of {columns[name].unit}") == f"number of {what}"
            for name, what in self.counts.items()
        )


def followers(
    relations: Collection[Relation], contract: VectorContract, known: Collection[str], changeable: Collection[str]
) -> tuple[tuple[str, ...], tuple[Derived, ...]]:
    """The columns that move by themselves, and those that follow them, in the order in which they can be computed.

    The first column that a relation can be solved for and that does not move yet follows; where it is not `known`
    (the customer does not have it) there is nothing to compute. A column that the caller marked changeable moves by
    itself, unless everything that its relation can be solved for is marked: then the usual way holds.
    """
    moving, following = list(changeable), list[Derived]()
    for relation in relations:
        moved = {*moving, *(way.column for way in following)}
        ways = [way for way in relation.ways if moved.intersection(way.sources)]
        if not ways or not relation.holds_in(contract):
            continue
        chosen = next((way for way in ways if way.column not in moved), ways[0])
        if chosen.column in moving:
            moving.remove(chosen.column)
        if chosen.column in known:
            following.append(chosen)
    return tuple(moving), tuple(following)


def _money(now: Now, then: Then) -> Floats:
    average = then.get("average_order_value")
    if average is None:
        average = _ratio(now["monetary_value"], now.get("frequency", math.nan))
    money = _new(now, then, "frequency") * average
    return np.where(np.isnan(money), IMPOSSIBLE, money)  # nobody knows what the first order will be worth


def _average_order(now: Now, then: Then) -> Floats:
    return _ratio(_new(now, then, "monetary_value"), _new(now, then, "frequency"))


def _days_between(now: Now, then: Then) -> Floats:
    span = _tenure_now(now, then) - _new(now, then, "recency_days")
    gaps = _new(now, then, "frequency") - 1
    impossible = span < 0
    if _knows_first_order(now):
        impossible = impossible | ((gaps == 0) & (span > 0))  # a single order is the first and the last
    days = np.where(impossible, IMPOSSIBLE, _ratio(span, gaps))
    return np.where(np.isnan(span) | np.isnan(gaps), now["days_between_orders"], days)  # unknown: unchanged


def _knows_first_order(now: Now) -> bool:
    """Whether the tenure was sent, and is that of the first order: of a single order it equals the recency."""
    tenure, orders = now.get("tenure_days", math.nan), now.get("frequency", math.nan)
    return not math.isnan(tenure) and (orders != 1 or tenure == now.get("recency_days", math.nan))


def _tenure_now(now: Now, then: Then) -> Floats:
    """The tenure: the day of the first order does not change; a tenure that was not sent follows from other columns."""
    if "tenure_days" in then or not math.isnan(now.get("tenure_days", math.nan)):
        return _new(now, then, "tenure_days")
    gaps = now.get("frequency", math.nan) - 1
    return np.asarray(now.get("recency_days", math.nan) + (now["days_between_orders"] * gaps if gaps != 0 else 0.0))


def _tenure(now: Now, then: Then) -> Floats:
    gaps = _new(now, then, "frequency") - 1
    span = np.where(gaps > 0, np.round(_new(now, then, "days_between_orders") * gaps), 0.0)
    return _new(now, then, "recency_days") + span


def _new(now: Now, then: Then, name: str) -> Floats:
    return then[name] if name in then else np.asarray(now.get(name, math.nan))


def _ratio(above: Floats | float, below: Floats | float) -> Floats:
    """NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(below) > 0, np.divide(above, below), np.nan)


RELATIONS = (
    Relation(
        (
            Derived("monetary_value", ("frequency", "average_order_value"), _money),
            Derived("average_order_value", ("monetary_value", "frequency"), _average_order),
        ),
        {"frequency": "orders"},
    ),
    Relation(
        (
            Derived("days_between_orders", ("tenure_days", "recency_days", "frequency"), _days_between),
            Derived("tenure_days", ("days_between_orders", "recency_days", "frequency"), _tenure),
        ),
        {"frequency": "orders"},
    ),
)
