"""The contract of customer vectors: their columns, with kinds, units, roles and null rules.

`features` makes vectors that follow a contract, and a model keeps the contract of its training. A customer who does
not follow it is refused with the exact difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import chain, islice
from typing import Any

from segment_model.display.shown_table import ShownTable, shown_as_table
from segment_model.errors import ContractError, counted, nearest_word, shown
from segment_model.inference.kind import Kind

__all__ = ["YEAR", "Column", "Kind", "Role", "VectorContract"]

YEAR = "year"  # the unit of a column of years
MOST_LISTED = 20  # differences between a table's columns and the contract's; each hint takes time


class Role(StrEnum):
    """Whether a column shapes the segments or only describes them.

    Examples
    --------
    >>> from segments import Role
    >>> Role("basis") is Role.BASIS
    True
    """

    BASIS = "basis"
    DESCRIPTOR = "descriptor"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the vector.

    `unit` is what a person would say after the number ("days", "orders", "USD"); `label` what they would call the
    column ("last order", "days with use in 90 days"), where its name does not say it; `low` and `high` are the plain
    words for a customer at either end ("active recently" / "lapsed"), from which segment names are made.

    Raises
    ------
    ContractError
        If the name, the unit or other words are no text, or the kind or role is none.

    Examples
    --------
    >>> from segments import Column, Kind
    >>> Column("spend", Kind.NUMBER, unit="EUR").expected
    'a finite number (EUR)'
    """

    name: str
    kind: Kind
    role: Role = Role.BASIS
    unit: str = ""
    group: str = ""
    description: str = ""
    nullable: bool = False
    sensitive: bool = False
    low: str = ""
    high: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ContractError(f"the name of a column is text; got {shown(self.name)}")
        for option, words in (("kind", Kind), ("role", Role)):
            word = getattr(self, option)
            try:
                object.__setattr__(self, option, words(word))  # also takes the word as plain text
            except ValueError:
                hint = nearest_word(word, [*words])
                raise ContractError(
                    f"column {self.name!r}: the {option} is {shown(word)}; expected {', '.join(words)}.{hint}"
                ) from None
        for option in ("unit", "group", "description", "low", "high", "label"):
            if not isinstance(word := getattr(self, option), str):
                raise ContractError(f"column {self.name!r}: the {option} is text; got {shown(word)}")

    @property
    def title(self) -> str:
        """What a person would call the column."""
        words = self.name.replace("_", " ")
        return self.label or (words.removesuffix(f" {self.unit}") if self.unit not in ("", YEAR) else words)

    @property
    def measure(self) -> tuple[Kind, str]:
        """The kind and the unit, by which two models' columns of one name are the same; years have no unit."""
        return self.kind, "" if self.unit == YEAR else self.unit

    @property
    def is_category(self) -> bool:
        """Whether the values are text."""
        return self.kind is Kind.CATEGORY

    @property
    def expected(self) -> str:
        """What a value must be, in words for an error message."""
        what = {
            Kind.NUMBER: "a finite number",
            Kind.COUNT: "a finite number of at least 0",
            Kind.SHARE: "a number from 0 to 1",
            Kind.FLAG: "0 or 1",
            Kind.CATEGORY: "text",
        }[self.kind]
        unit = f" ({self.unit})" if self.unit else ""
        return f"{what}{unit}{' or null' if self.nullable else ''}"

    def expected_instead_of(self, refused: object) -> str:
        """`expected`, with the remedy where the refused value looks like a percentage or a probability."""
        remedy = ""
        if self.kind is Kind.SHARE and isinstance(refused, float) and 1 < refused <= 100:
            remedy = "; divide percents by 100"
        elif self.kind is Kind.FLAG and isinstance(refused, float) and 0 < refused < 1:
            remedy = "; decide from which probability on it is 1"
        return f"{self.expected}{remedy}"


@shown_as_table
@dataclass(frozen=True, slots=True)
class VectorContract:
    """The columns of a customer vector, in order.

    Raises
    ------
    ContractError
        If two columns share a name, one is no `Column`, or a single column is passed in place of several.

    Examples
    --------
    >>> from segments import Column, Kind, VectorContract
    >>> VectorContract((Column("spend", Kind.NUMBER), Column("plan", Kind.CATEGORY))).names
    ('spend', 'plan')
    """

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.columns, Iterable):
            raise ContractError(
                f"a contract is made of several columns, or of a tuple of one such as (Column(NAME, Kind.NUMBER),); "
                f"got {type(self.columns).__name__}"
            )
        object.__setattr__(self, "columns", tuple(self.columns))  # also takes a list
        for column in self.columns:
            if not isinstance(column, Column):
                raise ContractError(
                    f"a contract is made of columns; got {shown(column)}. Write Column(NAME, Kind.NUMBER)"
                )
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ContractError(f"a vector cannot hold two columns of one name: {', '.join(twice)}")

    @property
    def _shown(self) -> ShownTable:
        rows = [
            (c.name, str(c.kind), str(c.role), c.unit, "yes" if c.nullable else "", c.description) for c in self.columns
        ]
        headings = ("column", "kind", "role", "unit", "may be missing", "what it is")
        return ShownTable(f"Customer vectors of {counted(len(rows), 'column')}", headings, rows)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def basis(self) -> tuple[Column, ...]:
        """The columns that shape the segments, in order."""
        return tuple(column for column in self.columns if column.role is Role.BASIS)

    @property
    def descriptors(self) -> tuple[Column, ...]:
        """The columns that only describe the segments, in order."""
        return tuple(column for column in self.columns if column.role is Role.DESCRIPTOR)

    @classmethod
    def from_frame(
        cls,
        customers: Any,
        basis: Sequence[str] | None = None,
        *,
        kinds: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        customer_id: str | None = None,
    ) -> VectorContract:
        """The contract of a frame of one row a customer, of pandas, polars, Arrow or any other library.

        basis : the columns that shape the segments, all others describe them; None: every column that can be a feature.
        kinds : "number", "count", "share", "flag" or "category" by column, instead of the kind that the values show,
        which the description says. units : by column. customer_id : the column of the ids; by default `customer_id`.
        Columns that are no features (ids, dates, free text) are left out, and a `ColumnsLeftOutWarning` names them.

        Raises
        ------
        ContractError
            If the frame cannot be read or has no rows, a name is not its column, the basis names one twice, or no
            column, or one of the basis, can be a feature.

        Examples
        --------
        >>> import pandas as pd
        >>> from segments import VectorContract
        >>> frame = pd.DataFrame({"orders": [1, 4, 9], "spend": [9.5, 20.0, 31.0], "plan": ["pro", "free", "pro"]})
        >>> VectorContract.from_frame(frame, basis=["orders", "spend"])
        Customer vectors of 3 columns
        column  kind      role        unit  may be missing  what it is
        orders  count     basis                             kind inferred from the values
        spend   number    basis                             kind inferred from the values
        plan    category  descriptor                        kind inferred from the values
        """
        from segment_model.inference.frame_columns import frame_columns  # imports pandas and Arrow

        shaping, columns = frame_columns(customers, basis, kinds, units, customer_id)
        return cls(
            tuple(
                Column(
                    column.name,
                    column.kind,
                    Role.BASIS if column.name in shaping else Role.DESCRIPTOR,
                    column.unit,
                    description="kind inferred from the values" if column.inferred else "",
                    nullable=column.nullable,
                )
                for column in columns
            )
        )

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractError(f"no column {name!r} in the vector.{nearest_word(name, self.names)}")

    def with_roles(self, roles: Mapping[str, Role]) -> VectorContract:
        """The same columns with the roles of the named ones changed.

        Raises
        ------
        ContractError
            If a name is not in the vector.
        """
        for name in roles:
            self[name]
        return VectorContract(tuple(replace(c, role=roles.get(c.name, c.role)) for c in self.columns))

    def check_names(self, names: Iterable[str]) -> None:
        """Refuse a table that lacks a basis column or has a column that the contract does not know.

        Raises
        ------
        ContractError
            With the difference between the expected columns and those found.
        """
        columns = list(names)
        missing = [column.name for column in self.basis if column.name not in columns]
        unknown = [name for name in columns if name not in self.names]
        if missing or unknown:
            differences = chain(
                (f"- {name} (missing: {self[name].expected})" for name in missing),
                (f"+ {name} (unknown{self._remedy(name)})" for name in unknown),
            )
            listed = [*islice(differences, MOST_LISTED)]
            if rest := len(missing) + len(unknown) - len(listed):
                listed.append(f"and {counted(rest, 'more difference')}")
            raise ContractError(
                f"the columns are not those of the vector. Expected {counted(len(self.basis), 'basis column')} "
                f"({', '.join(column.name for column in self.basis)}), found {len(columns)}: {'; '.join(listed)}"
            )

    def _remedy(self, unknown: str) -> str:
        """What to do about a column that the contract does not have."""
        hint = nearest_word(unknown, self.names)
        return f".{hint}" if hint else ": leave it out"

    def to_json(self) -> list[dict[str, Any]]:
        """Plain values for a JSON file."""
        return [asdict(column) for column in self.columns]

    @classmethod
    def from_json(cls, columns: Iterable[Mapping[str, Any]]) -> VectorContract:
        """The contract that `to_json` wrote.

        Raises
        ------
        ContractError
            If a column has an unknown field, kind or role.
        """
        try:
            return cls(tuple(Column(**{**c, "kind": Kind(c["kind"]), "role": Role(c["role"])}) for c in columns))
        except (TypeError, KeyError, ValueError) as error:
            raise ContractError(f"the stored contract cannot be read: {error}") from error
