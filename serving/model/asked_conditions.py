"""Conditions that a request asks for together: looked up by their names, and evaluated on one customer in one pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from features.conditions.on_vectors.vector_condition import VectorCondition


@dataclass(frozen=True, slots=True)
class AskedConditions:
    """Conditions in the order in which they were asked for, each once.

    predicates : the name of each, and whether a customer meets it. columns : all that they read.
    """

    predicates: tuple[tuple[str, Callable[[Mapping[str, Any]], bool]], ...]
    columns: frozenset[str]

    @classmethod
    def of(cls, known: Mapping[str, VectorCondition], names: Sequence[str]) -> AskedConditions:
        """The conditions of these names.

        Raises
        ------
        KeyError
            If a name is not known.
        """
        asked = {name: known[name] for name in names}
        columns = frozenset(column for condition in asked.values() for column in condition.columns)
        return cls(tuple((name, condition.is_met_by) for name, condition in asked.items()), columns)

    def flags(self, customer: Mapping[str, Any]) -> dict[str, bool]:
        """Whether a customer, who has all `columns`, meets each condition; missing values meet nothing."""
        return {name: met(customer) for name, met in self.predicates}
