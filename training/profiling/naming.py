"""Short, distinct names from what sets segments apart, in the business's own direction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from segment_model.cards import Difference
from segment_model.contract import Column, Role, VectorContract
from segment_model.encoding.encoder import Floats
from segment_model.language.wording import plain_value

WORDS_IN_A_NAME = 2
SAME_STORY = 0.75  # correlation of two columns' ranks; above it, one of them says it all


def name_segments(
    differences: Sequence[Sequence[Difference]],
    contract: VectorContract,
    ranks: Mapping[str, Floats],
    usual: Sequence[str] = (),
) -> list[str]:
    """A name a segment: its strongest differences in basis columns, as many as it takes to tell it from the others.

    Differences come strongest first; `ranks` are the standardised ranks of the number columns, (n,) each. usual : names
    that the field has for the segments ("" where it has none); then differences only tell those of one name apart.
    """
    stories = [_stories(found, contract, ranks) for found in differences]
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
            f"{name}, {_value(found, contract)}" if name in twice and found else name
            for name, found in zip(names, differences, strict=True)
        ]
    return _numbered(names)


def _stories(found: Sequence[Difference], contract: VectorContract, ranks: Mapping[str, Floats]) -> list[str]:
    """The words of differences that each say something new."""
    told: list[Difference] = []
    for difference in found:
        if contract[difference.column].role is not Role.BASIS:
            continue
        if not any(echoes(difference, other, ranks) for other in told):
            told.append(difference)
    return [difference.words for difference in told]


def echoes(one: Difference, other: Difference, ranks: Mapping[str, Floats]) -> bool:
    """Whether two differences say the same: in the same words, or in columns that move together."""
    if one.words == other.words or one.column == other.column:
        return True
    if one.column not in ranks or other.column not in ranks:
        return False
    return bool(abs(np.mean(ranks[one.column] * ranks[other.column])) > SAME_STORY)


def _value(found: Sequence[Difference], contract: VectorContract) -> str:
    strongest = found[0]
    return titled_value(strongest.typical, contract[strongest.column])


def titled_value(value: float | str | None, column: Column) -> str:
    """A column and its value, the unit said once: "spend 80 USD", but "upgrades 4" and "seat use 20 %".

    Where the title holds a number, the unit keeps the two apart: "active days of the last 30 12 days".
    """
    said = [word.removesuffix("s") for word in column.title.split()]
    unit = column.unit.split()[-1:]
    once = unit and unit[0].removesuffix("s") in said and not any(word.isdigit() for word in said)
    return f"{column.title} {unitless_value(value, column) if once else plain_value(value, column)}"


def unitless_value(value: float | str | None, column: Column) -> str:
    """A value whose unit was just said."""
    text = plain_value(value, column)
    if not column.unit or isinstance(value, str):
        return text
    return text.removesuffix(f" {column.unit}").removesuffix(f" {column.unit.removesuffix('s')}")


def _numbered(names: Sequence[str]) -> list[str]:
    result: list[str] = []
    for name in names:
        result.append(unlike(name, result))
    return result


def unlike(name: str, taken: Collection[str]) -> str:
    """The name, numbered where it is taken."""
    number, told = 1, name
    while told in taken:
        number += 1
        told = f"{name} ({number})"
    return told
