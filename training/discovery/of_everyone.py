"""Which statements of a discovery are about all customers, and which about the sample from which it learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segment_model.errors import counted
from training.discovery.refinement import Refinement
from training.profiling.cards import Described
from training.profiling.profile import Population


@dataclass(frozen=True)
class OfEveryone:
    """The statements on all customers; described : their cards and profile. population : all customers.

    sample : the customers from whom the discovery learned. moved : how many of all the sample's segments would have
    assigned otherwise.
    """

    population: Population
    described: Described
    refinement: Refinement
    sample: int
    moved: int

    @property
    def customers(self) -> int:
        """The number of all customers."""
        return self.described.profile.customers

    @property
    def sentences(self) -> tuple[str, ...]:
        """Which numbers are of all customers and which of the sample, how the segments came from one to the other."""
        refined = self.refinement.words(self.customers, self.moved)
        return (
            f"Of all {counted(self.customers, 'customer')}: the sizes and shares of the segments, the medians and "
            'commonest levels, the totals of money, and the thirds on which words such as "high" rest.',
            f"Of a sample of {self.sample:,} of them: the candidates, the verdict with its evidence, silhouette and "
            "stability; the map and the other pictures; rules; contributions of columns; how strongly a segment "
            "differs; typical customers.",
            f"{refined[0].upper()}{refined[1:]}.",
            self._on_words,
        )

    @property
    def _on_words(self) -> str:
        asked, untrue = self.described.asked, self.described.untrue
        if not asked:
            return "Names are those of the RFM grid, whose ranks are those of the sample."
        suggested = counted(asked, "word was", "words were")
        if not untrue:
            return f"Names and cards: {suggested} suggested by the sample and tested on all customers; all are true."
        those = counted(untrue, "is untrue and", "are untrue and")
        return f"Names and cards: {suggested} suggested by the sample and tested on all customers; {those} left out."

    def to_json(self) -> dict[str, Any]:
        """Plain values for a model's provenance."""
        return {
            "customers": self.customers,
            "sample": self.sample,
            "moved": self.moved,
            **self.refinement.to_json(),
            "words": {"asked": self.described.asked, "untrue": self.described.untrue},
        }
