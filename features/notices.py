"""Notices: what a person should know of the tables that were read, such as an assumption or a warning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


class TableWarning(UserWarning):
    """What may be wrong with a table, or with how it was read; `segments.features` warns of it.

    Examples
    --------
    >>> import warnings
    >>> from segments import TableWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", TableWarning)  # where it is known
    """


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence on a raw table; a warning says what may be wrong, and the setting that corrects it."""

    table: str
    text: str
    warning: bool = False

    @property
    def line(self) -> str:
        """The notice as the commands print it."""
        return f"{'warning: ' if self.warning else ''}{self.table}: {self.text}"

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The notice that `to_json` wrote.

        Raises
        ------
        KeyError
            If a value is absent.
        """
        return cls(str(stored["table"]), str(stored["text"]), bool(stored["warning"]))
