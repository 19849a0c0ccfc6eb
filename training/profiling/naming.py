"""Short, distinct names of segments: their strongest differences from all customers, in the words of the columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from segment_model.cards import Difference
from segment_model.contract import Column, Role, VectorContract
from segment_model.encoding.encoder import Floats
from segment_model.language.wording import plain_value

WORDS_IN_A_NAME = 2
SAME_STORY = 0.75  # correlation of two columns' ranks; above it, a second one adds nothing to a name


def name_segments(
    differences: Sequence[Sequence[Difference]],
    contract: VectorContract,
    ranks: Mapping[str, Floats],
    usual: Sequence[str] = (),
) -> list[str]:
    """A name for each segment: its two strongest differences in basis columns, or more to distinguish it from others.

    differences : of each segment, strongest first. ranks : the standardised ranks of the number columns, (n,) each.
    usual : the marketing names of the segments, "" for none; if each has one, differences only tell apart segments of
    the same name.
    """
    stories = [_words(own, contract, ranks) for own in differences]
    length = WORDS_IN_A_NAME
    if usual and all(usual):
        stories = [[name, *story] for name, story in zip(usual, stories, strict=True)]
        length = 1
    names = [", ".join(story[:length]) or "close to average" for story in stories]
    while len(set(names)) < len(names) and length < max(map(len, stories), default=0):
        length += 1
        twice = {name for name in names if names.count(name) > 1}
        names = [
            ", ".join(story[:length]) if name in twice else name for name, story in zip(names, stories, strict=True)
        ]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        names = [
            f"{name}, {_typical(own[0], contract)}" if name in twice and own else name
            for name, own in zip(names, differences, strict=True)
        ]
    return _numbered(names)


def _words(differences: Sequence[Difference], contract: VectorContract, ranks: Mapping[str, Floats]) -> list[str]:
    """The words of the basis differences that do not repeat a stronger one."""
    kept: list[Difference] = []
    for difference in differences:
        if contract[difference.column].role is not Role.BASIS:
            continue
        if not any(echoes(difference, stronger, ranks) for stronger in kept):
            kept.append(difference)
    return [difference.words for difference in kept]


def echoes(difference: Difference, other: Difference, ranks: Mapping[str, Floats]) -> bool:
    """Whether two differences say the same: in the same words or column, or in columns with correlated ranks."""
    if difference.words == other.words or difference.column == other.column:
        return True
    if difference.column not in ranks or other.column not in ranks:
        return False
    return bool(abs(np.mean(ranks[difference.column] * ranks[other.column])) > SAME_STORY)


def _typical(difference: Difference, contract: VectorContract) -> str:
    return titled_value(difference.typical, contract[difference.column])


def titled_value(value: float | str | None, column: Column) -> str:
    """A column's title and a value, without a unit that the title names: "spend 80 USD", but "upgrades 4".

    A title that holds a number keeps the unit, to separate the two numbers: "active days of the last 30 12 days".
    """
    title = [word.removesuffix("s") for word in column.title.split()]
    unit = column.unit.split()[-1:]
    in_title = unit and unit[0].removesuffix("s") in title and not any(word.isdigit() for word in title)
    return f"{column.title} {unitless_value(value, column) if in_title else plain_value(value, column)}"


def unitless_value(value: float | str | None, column: Column) -> str:
    """A value without its unit."""
    text = plain_value(value, column)
    if not column.unit or isinstance(value, str):
        return text
    return text.removesuffix(f" {column.unit}").removesuffix(f" {column.unit.removesuffix('s')}")


def _numbered(names: Sequence[str]) -> list[str]:
    numbered: list[str] = []
    for name in names:
        numbered.append(free_name(name, numbered))
    return numbered


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, with a number appended if it is taken: "loyal customers (2)"."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
