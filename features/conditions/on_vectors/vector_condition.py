"""A condition over the columns of a vector contract, and which customers meet it.

A missing value meets nothing: a comparison with it is unknown, `not` of unknown is unknown, and who is unknown does not
meet the condition (three-valued logic, as in SQL). The answer is the same for a frame and for one customer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from features.conditions.on_vectors.kinds import check_kinds
from features.conditions.on_vectors.of_customer import Predicate, customer_predicates
from features.conditions.parse import parse_condition
from features.conditions.tree import Condition, column_names
from segment_model.contract import VectorContract
from segment_model.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class VectorCondition:
    """A condition that can be evaluated on vectors of a contract.

    text : as a person wrote it. columns : the names that it reads, each once, in the order written.
    """

    text: str
    contract: VectorContract = field(repr=False)
    tree: Condition = field(repr=False)

    @classmethod
    def read(cls, text: str, contract: VectorContract, place: str = "condition") -> VectorCondition:
        """Read a condition; `place` begins each message, such as "conditions.at_risk".

        Raises
        ------
        SettingsError
            If the text is no condition, names a column that the contract does not have, or compares a column with
            another kind than it holds.
        """
        try:
            tree = parse_condition(text)
        except SettingsError as error:
            raise SettingsError(f"{place}: {error}") from error
        check_kinds(tree, contract, place)
        return cls(text, contract, tree)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(column_names(self.tree)))

    def meets(self, frame: pd.DataFrame) -> pd.Series[bool]:
        """Whether each row of a frame of vectors meets the condition, under the frame's index.

        The frame has the condition's columns: numbers as numbers, text as text; None, NaN and NA are missing.
        """
        import pandas as pd

        from features.conditions.on_vectors.of_frame import truth_of_frame

        truth = truth_of_frame(self.tree, frame, lambda name: self.contract[name].is_category)
        return pd.Series(truth.met, index=frame.index, dtype=bool)

    @cached_property
    def is_met_by(self) -> Predicate:
        """Whether one customer meets the condition: a function of a mapping that has the condition's columns.

        None and NaN are missing. It is made once, as a service calls it for each request; it raises KeyError for a
        customer who lacks a column of the condition.
        """
        return customer_predicates(self.tree).met
