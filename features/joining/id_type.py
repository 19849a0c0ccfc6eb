"""The type in which customer ids are written, so that a file joins with the table that they come from.

In memory an id is text, whatever the source has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.joining.table_customers import TableCustomers, in_order
from features.notices import Notice
from features.vector_table import IdType

WHOLE = re.compile("0|-?[1-9][0-9]{0,19}")  # as a whole number is written: no zeros before it, no sign of zero
WORDS = {IdType.INTEGER: "numbers", IdType.TEXT: "text"}


@dataclass(frozen=True)
class ChosenType:
    """The type of all ids, and what a person should know where the tables disagree."""

    type: IdType
    notices: tuple[Notice, ...] = ()


def choose_id_type(tables: Sequence[TableCustomers], ids: pd.Index) -> ChosenType:
    """The type of the ids in the first table; text where that is whole numbers, and some of all ids are none."""
    return choose_type(tables, lambda: are_whole_numbers(ids))


def choose_type(tables: Sequence[TableCustomers], are_whole: Callable[[], bool]) -> ChosenType:
    """As `choose_id_type`, where `are_whole` says whether all ids are whole numbers of 64 bits."""
    ordered = in_order(tables)
    types = {table.name: IdType.INTEGER if table.numeric else IdType.TEXT for table in ordered}
    first = ordered[0].name
    all_whole = all(table.whole for table in ordered)
    fits = types[first] is IdType.TEXT or all_whole or are_whole()
    if fits and len(set(types.values())) == 1:
        return ChosenType(types[first])
    chosen = types[first] if fits else IdType.TEXT
    having = "; ".join(f"{WORDS[type_]} in {name}" for name, type_ in types.items())
    why = f"as {first} has them" if fits else "since not every id is a whole number of 64 bits"
    return ChosenType(
        chosen, (Notice(first, f"customer ids are {having}; they are written as {WORDS[chosen]}, {why}"),)
    )


def typed_ids(ids: pd.Index, id_type: IdType) -> pd.Index:
    """Text ids in the type that was chosen for them."""
    return ids if id_type is IdType.TEXT else ids.astype("int64")


def are_whole_numbers(ids: pd.Index) -> bool:
    """Whether ids are the same again after they were whole numbers of 64 bits."""
    texts = pd.Series(ids, dtype="str")
    if not texts.str.fullmatch(WHOLE.pattern).all():
        return False
    limits = np.iinfo(np.int64)
    return all(limits.min <= int(name) <= limits.max for name in texts)
