"""Rows that Spark wrote, and the places where they lie: a folder, or a table of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class StoredRows:
    """A Spark DataFrame of rows that were written, and what is said of them.

    version : which writing of the place they are. where : in words.
    """

    frame: Any
    story: Mapping[str, Any]
    version: str
    where: str


class Place(Protocol):
    """Where rows are written whole: whoever reads sees those of before, or the new ones."""

    @property
    def in_catalogue(self) -> bool:
        """Whether it is a table of Spark's catalogue."""
        ...

    def write(self, session: Any, frame: Any, as_of: datetime | None, story: Mapping[str, Any]) -> StoredRows:
        """Write a Spark DataFrame.

        as_of : on the wall clock of the business. story : plain JSON values that are said of the rows.
        """

    def read(self, session: Any) -> StoredRows:
        """The rows that were written last."""
