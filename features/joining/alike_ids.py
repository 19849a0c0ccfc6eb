"""Different ids that are equal but for case, zeros or letters that look alike, in words: whoever looked for them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from features.joining.id_rules import rewritten
from features.notices import Notice
from segment_model.errors import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class AlikeIds:
    """Pairs of different ids that are one under another writing: their number, the least pair, and how any differ.

    in_sight : whether ids differ in characters that a person does not tell apart.
    """

    count: int
    first: str
    second: str
    in_case: bool
    in_zeros: bool
    in_sight: bool

    @classmethod
    def of(cls, first: pd.Index, second: pd.Index) -> Self | None:
        """Of (pairs,) ids each, one beside the other; None without any."""
        if not len(first):
            return None
        in_case = (rewritten(first, fold=False) != rewritten(second, fold=False)).any()
        in_zeros = (rewritten(first, strip=False) != rewritten(second, strip=False)).any()
        in_sight = (rewritten(first, see=False) != rewritten(second, see=False)).any()
        example = min(zip(first, second, strict=True))
        return cls(len(first), *example, bool(in_case), bool(in_zeros), bool(in_sight))

    def with_more(self, other: Self | None) -> AlikeIds:
        """Of all pairs, these and other ones."""
        if other is None:
            return self
        return AlikeIds(
            self.count + other.count,
            *min((self.first, self.second), (other.first, other.second)),
            self.in_case or other.in_case,
            self.in_zeros or other.in_zeros,
            self.in_sight or other.in_sight,
        )

    @property
    def difference(self) -> str:
        """By what the ids differ."""
        words = {
            "upper and lower case": self.in_case,
            "leading zeros": self.in_zeros,
            "characters that look alike or are not seen": self.in_sight,
        }
        return " and ".join(name for name, differs in words.items() if differs)

    @property
    def remedy(self) -> str:
        """What makes the ids one: settings, or another export."""
        settings = ["case: fold"] * self.in_case + ["leading_zeros: strip"] * self.in_zeros
        ways = ["one way of writing them in your tables"] * self.in_sight
        return " with ".join([*ways, *([f"`features: {{ids: {{{', '.join(settings)}}}}}`"] if settings else [])])


@dataclass(frozen=True)
class AlikeInTables:
    """Alike ids within a table, by its name; and between two, where the tables do not share both, by their names."""

    within: Mapping[str, AlikeIds] = field(default_factory=dict)
    between: Mapping[tuple[str, str], AlikeIds] = field(default_factory=dict)


def within_notice(table: str, alike: AlikeIds) -> Notice:
    """That ids of one table are alike; they may be two customers."""
    return Notice(
        table,
        f"{counted(alike.count, 'id')} {'differs' if alike.count == 1 else 'differ'} from another by "
        f"{alike.difference} alone, such as {_shown(alike.first)} and {_shown(alike.second)}; "
        f"{alike.remedy} makes them one customer",
    )


def between_notice(table: str, other: str, alike: AlikeIds) -> Notice:
    """A warning that ids of two tables would meet."""
    return Notice(
        table,
        f"{counted(alike.count, 'id')} would meet {'another' if alike.count == 1 else 'others'} in {other} "
        f"but for {alike.difference}, such as {_shown(alike.first)} here and {_shown(alike.second)} there; "
        f"{alike.remedy} makes them one customer",
        True,
    )


def _shown(name: str) -> str:
    """An id in quotes; characters that are not seen, or are two for one letter, in their code."""
    return repr(name) if unicodedata.is_normalized("NFKC", name) else ascii(name)
