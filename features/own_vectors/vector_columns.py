"""The columns that a model takes from a user's own vectors, settled in training and kept with the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from segment_model.contract import Kind
from segment_model.errors import SourceError, nearest_word


@dataclass(frozen=True, slots=True)
class VectorColumn:
    """One column. name : in the vector. theirs : in the table of the training. kind : settled there."""

    name: str
    theirs: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class VectorColumns:
    """All columns, in the order of the table."""

    columns: tuple[VectorColumn, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.columns)

    def mapping(self, available: Sequence[str]) -> dict[str, str]:
        """Our names to those of a table, which has the names of the training throughout, or ours.

        Raises
        ------
        SourceError
            If the table lacks a column.
        """
        absent = [column.theirs for column in self if column.theirs not in available]
        if not absent:
            return {column.name: column.theirs for column in self}
        if all(column.name in available for column in self):
            return {column.name: column.name for column in self}
        hint = nearest_word(absent[0], available)
        raise SourceError(f"vectors: the table lacks {shortened(absent)}, which training had.{hint}")

    def under_our_names(self) -> Self:
        """The columns of a table that has our names."""
        return replace(self, columns=tuple(replace(column, theirs=column.name) for column in self))

    def __iter__(self) -> Iterator[VectorColumn]:
        return iter(self.columns)

    def to_json(self) -> dict[str, dict[str, str]]:
        """Plain values for a JSON file."""
        return {column.name: {"column": column.theirs, "kind": column.kind.value} for column in self.columns}

    @classmethod
    def from_json(cls, stored: Mapping[str, Mapping[str, str]]) -> Self:
        """What `to_json` wrote.

        Raises
        ------
        KeyError, ValueError
            If it is not that.
        """
        return cls(tuple(VectorColumn(str(n), str(c["column"]), Kind(c["kind"])) for n, c in stored.items()))


NO_COLUMNS = VectorColumns()
LISTED = 30


def shortened(names: Sequence[str]) -> str:
    """Names in quotes, the first of many."""
    quoted = ", ".join(repr(name if len(name) <= 60 else f"{name[:57]}...") for name in names[:LISTED])
    return quoted if len(names) <= LISTED else f"{quoted} and {len(names) - LISTED:,} more"
