"""Whether the ids of several tables meet: how many are shared, and which would be under another writing.

Leading zeros and case are part of an id, so `00123` and `123` are two customers until the settings merge them. Where an
export has dropped them in one table, the tables do not meet, and every customer falls into two halves. So it does where
a program wrote one letter as two characters, or left one that nobody sees.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from features.joining.id_rules import rewritten
from features.joining.shared_ids import SharedIds, apart, disjoint_words, empty_notice, hardly_notices, shared_notice
from features.joining.table_customers import TableCustomers, in_order
from features.notices import Notice
from features.settings import IdSettings
from segment_model.errors import SourceError, counted


def overlap_notices(tables: Sequence[TableCustomers], ids: IdSettings) -> list[Notice]:
    """How many ids each table shares with the others, the ids that would meet, and pairs of tables that hardly meet.

    Raises
    ------
    SourceError
        If tables share no id with the others, not even by way of a third one, and the settings do not allow it.
    """
    ordered = in_order(tables)
    filled = [table for table in ordered if len(table.ids)]
    pairs = _pairs(filled)
    counts = [pair.counts for pair in pairs]
    if not ids.allow_disjoint:
        _check_connected(filled, pairs)
    notices = [
        shared_notice(table.name, len(table.ids), [pair for pair in counts if pair.first == table.name])
        for table in filled[:-1]
    ]
    for table in filled:
        notices += _within(table)
    for pair in pairs:
        notices += [*hardly_notices(pair.counts, ids), *_would_meet(pair)]
    absent = [table.name for table in ordered if not len(table.ids)] if len(ordered) > 1 else []
    return notices + [empty_notice(name) for name in absent]


@dataclass(frozen=True)
class Pair:
    """Two tables: the number of ids that they share, and the ids that only one of them has."""

    first: TableCustomers
    second: TableCustomers
    shared: int
    only_first: pd.Index
    only_second: pd.Index

    @property
    def counts(self) -> SharedIds:
        """How many ids there are, and are shared; with an id of each table that the other lacks."""
        lonely = ((self.only_first, self.first), (self.only_second, self.second))
        examples = ", ".join(f"{ids.min()!r} only in {table.name}" for ids, table in lonely if len(ids))
        sizes = len(self.first.ids), len(self.second.ids)
        return SharedIds(self.first.name, self.second.name, *sizes, self.shared, examples)


def _pairs(tables: Sequence[TableCustomers]) -> list[Pair]:
    """Every pair of tables, the earlier one first; all ids are compared as text once, and then by position."""
    if len(tables) < 2:
        return []
    codes, ids = pd.factorize(tables[0].ids.append([table.ids for table in tables[1:]]))
    holds = np.zeros((len(tables), len(ids)), dtype=np.bool_)
    for row, own in zip(holds, np.split(codes, np.cumsum([len(table.ids) for table in tables])[:-1]), strict=True):
        row[own] = True
    return [
        Pair(first, second, int((here & beside).sum()), ids[here & ~beside], ids[beside & ~here])
        for (first, here), (second, beside) in combinations(zip(tables, holds, strict=True), 2)
    ]


def _within(table: TableCustomers) -> Iterator[Notice]:
    """The ids of one table that are equal but for case, zeros or letters that look alike; they may be two customers."""
    if table.whole:
        return
    keys = rewritten(table.ids)
    if not keys.has_duplicates:
        return
    ids = pd.Series(table.ids, index=keys).sort_values()  # so that the example does not depend on the engine's order
    first_places = ids.groupby(level=0).transform("first")
    repeated = (first_places != ids).to_numpy()
    alike = pd.DataFrame({"first": first_places.to_numpy()[repeated], "second": ids.to_numpy()[repeated]})
    example = alike.iloc[0]
    yield Notice(
        table.name,
        f"{counted(len(alike), 'id')} {'differs' if len(alike) == 1 else 'differ'} from another by "
        f"{_difference(alike)} alone, such as {_shown(example['first'])} and {_shown(example['second'])}; "
        f"{_remedy(alike)} makes them one customer",
    )


def _would_meet(pair: Pair) -> Iterator[Notice]:
    alike = _alike(pair)
    if not len(alike):
        return
    example = alike.iloc[0]
    yield Notice(
        pair.first.name,
        f"{counted(len(alike), 'id')} would meet {'another' if len(alike) == 1 else 'others'} in {pair.second.name} "
        f"but for {_difference(alike)}, such as {_shown(example['first'])} here and {_shown(example['second'])} there; "
        f"{_remedy(alike)} makes them one customer",
        True,
    )


def _alike(pair: Pair) -> pd.DataFrame:
    """Different ids, `first` and `second`, that are equal but for such differences; one of them is not shared."""
    both_whole = pair.first.whole and pair.second.whole
    if both_whole or not (len(pair.only_first) or len(pair.only_second)):
        return pd.DataFrame(columns=["first", "second"])
    sides = [(pair.only_first, pair.second.ids), (pair.first.ids, pair.only_second)]
    merged = [_keyed(left, "first").merge(_keyed(right, "second"), on="key") for left, right in sides]
    alike = pd.concat(merged).drop_duplicates(["first", "second"])
    return alike[alike["first"] != alike["second"]].sort_values(["first", "second"])


def _keyed(ids: pd.Index, name: str) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(ids, dtype="str"), "key": pd.Series(rewritten(ids), dtype="str")})


def _needed(alike: pd.DataFrame) -> dict[str, str]:
    """The settings without which some of the ids do not meet."""
    first, second = pd.Index(alike["first"]), pd.Index(alike["second"])
    case = (rewritten(first, fold=False) != rewritten(second, fold=False)).any()
    zeros = (rewritten(first, strip=False) != rewritten(second, strip=False)).any()
    return {**({"case": "fold"} if case else {}), **({"leading_zeros": "strip"} if zeros else {})}


def _shown(name: str) -> str:
    """An id in quotes; characters that are not seen, or are two for one letter, in their code."""
    return repr(name) if unicodedata.is_normalized("NFKC", name) else ascii(name)


def _look_alike(alike: pd.DataFrame) -> bool:
    """Whether some of the ids differ in characters that a person does not tell apart."""
    first, second = pd.Index(alike["first"]), pd.Index(alike["second"])
    return bool((rewritten(first, see=False) != rewritten(second, see=False)).any())


def _difference(alike: pd.DataFrame) -> str:
    words = {"case": "upper and lower case", "leading_zeros": "leading zeros"}
    not_told_apart = ["characters that look alike or are not seen"] if _look_alike(alike) else []
    return " and ".join([*(words[name] for name in _needed(alike)), *not_told_apart])


def _remedy(alike: pd.DataFrame) -> str:
    """What makes the ids one: settings, or another export."""
    settings = ", ".join(f"{name}: {choice}" for name, choice in _needed(alike).items())
    ways = ["one way of writing them in your tables"] if _look_alike(alike) else []
    return " with ".join([*ways, *([f"`features: {{ids: {{{settings}}}}}`"] if settings else [])])


def _check_connected(tables: Sequence[TableCustomers], pairs: Sequence[Pair]) -> None:
    """Refuse tables that fall into parts without a shared id."""
    lonely = apart([table.name for table in tables], [pair.counts for pair in pairs])
    if lonely is None:
        return
    alike = next(_alike(pair) for pair in pairs if pair.counts == lonely)
    meeting = f"; {counted(len(alike), 'id')} would meet under {_remedy(alike)}" if len(alike) else ""
    raise SourceError(disjoint_words(lonely, meeting))
