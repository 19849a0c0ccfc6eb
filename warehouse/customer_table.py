"""The table of customer vectors that a statement reads, and what it calls its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from segment_model.contract import VectorContract
from segment_model.encoding.any_frame import CUSTOMER
from segment_model.errors import SettingsError, nearest_word
from warehouse.dialects.dialect import Dialect

CUSTOMERS = "customers"  # the table's name inside the statement


@dataclass(frozen=True)
class CustomerTable:
    """A table or view with one row a customer.

    name : as a query writes it. columns : the table's name of a column, by ours, where they differ; `customer_id` too.
    """

    name: str = "customer_vectors"
    columns: Mapping[str, str] = field(default_factory=dict)

    def check(self, contract: VectorContract, read: Sequence[str]) -> None:
        """Refuse names that lead to no column, or two to the same.

        read : the columns of the vector that a statement reads beside `customer_id`.

        Raises
        ------
        SettingsError
            If a name of ours is no column of the vector, with the nearest known name; or if one column of the table
            would be read as two of ours.
        """
        known = (CUSTOMER, *contract.names)
        for name in self.columns:
            if name not in known:
                raise SettingsError(f"the model has no column {name!r}.{nearest_word(name, known)}")
        ours: dict[str, str] = {}
        for name in (CUSTOMER, *read):
            first = ours.setdefault(self.name_of(name), name)
            if first != name:
                raise SettingsError(
                    f"the table's column {self.name_of(name)!r} would be read as {first!r} and as {name!r}: name "
                    "another for one of them"
                )

    def name_of(self, name: str) -> str:
        """The table's name of a column of ours."""
        return self.columns.get(name, name)

    def column(self, name: str, dialect: Dialect) -> exp.Column:
        """The table's column for a column of ours."""
        return exp.Column(this=dialect.identifier(self.name_of(name)), table=exp.to_identifier(CUSTOMERS))

    def source(self, dialect: Dialect) -> str:
        """The table as the first step's FROM clause names it."""
        return f"{dialect.table(self.name).sql(dialect.name)} AS {CUSTOMERS}"
