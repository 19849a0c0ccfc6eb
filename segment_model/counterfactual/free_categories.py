"""Categories that may change: the cost of each other level, and the combinations of levels, the cheapest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from segment_model.encoding.encoder import CategoryEncoding

Codes = tuple[int, ...]


@dataclass(frozen=True)
class FreeCategory:
    """One category of one customer that may change: the levels at `start` of the encoded point."""

    encoding: CategoryEncoding
    start: int
    code: int  # the customer's own level, -1 for none
    choices: tuple[int, ...]  # levels that a customer can be given

    @property
    def options(self) -> Codes:
        """The customer's own level, then the others, which all cost the same."""
        return (self.code, *self.choices)

    def cost(self, code: int) -> float:
        """Squared encoded distance to the customer with another level."""
        ends = (self.code >= 0) + (code >= 0) if code != self.code else 0
        return ends * self.encoding.factor**2


def cost_of(categories: Sequence[FreeCategory], codes: Codes) -> float:
    """Squared encoded distance to the customer with other levels."""
    return sum(category.cost(code) for category, code in zip(categories, codes, strict=True))


def cheapest_first(categories: Sequence[FreeCategory]) -> Iterator[Codes]:
    """Every combination of levels by increasing cost, made only as far as the caller iterates.

    Each but the first is reached from the one whose last category that changes is an option back, which costs no more.
    """
    options = [category.options for category in categories]

    def entry(places: tuple[int, ...]) -> tuple[float, tuple[int, ...], Codes]:
        codes = tuple(costs[place] for costs, place in zip(options, places, strict=True))
        return cost_of(categories, codes), places, codes

    waiting = [entry((0,) * len(options))]
    while waiting:
        _, places, codes = heapq.heappop(waiting)
        yield codes
        last = max((position for position, place in enumerate(places) if place), default=0)
        for position in range(last, len(options)):
            if places[position] + 1 < len(options[position]):
                more = (*places[:position], places[position] + 1, *places[position + 1 :])
                heapq.heappush(waiting, entry(more))
