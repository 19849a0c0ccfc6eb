"""The search space of a sweep: the values that settings may take, by dotted path, and how to apply them to settings."""

from __future__ import annotations

import copy
import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel

from segment_model.contract import VectorContract
from segment_model.errors import SettingsError, nearest_word, shown
from segment_model.feature_groups import known_groups
from training.settings import parse_as
from training.sweep_settings import SweepRange

Values = Mapping[str, Any]  # dotted path -> plain value
Space = Mapping[str, tuple[Any, ...] | SweepRange]
Root = TypeVar("Root", bound=BaseModel)

CHANGES_NO_SEGMENTS = ("analytics", "registry", "sweep", "title")
GOLDEN = 0.381966  # a share between 0 and 1 that leads to no round number
NAMED_BY = "algorithm"  # entries of a list are found by their number or by this key


@dataclass(frozen=True)
class _Place:
    """A container in plain settings, and the key or number of one entry of it."""

    inside: Any
    key: Any


def changed(settings: Root, values: Values) -> Root:
    """The same settings with other values at these paths.

    The path `discovery.encoding.scale` is a key in nested blocks. In `discovery.algorithms.kmeans.starts`, `kmeans`
    selects the list's entry of this algorithm; a number, from 0, would do so too. A block that is absent is created. If
    one path leads into the value of another, the longer path is applied last.

    Raises
    ------
    SettingsError
        If there is no such path, or a value is not valid there; with the nearest known key.
    """
    plain = settings.model_dump(mode="json")
    for path in sorted(values, key=lambda path: path.count(".")):
        place = _find(plain, path)
        place.inside[place.key] = copy.deepcopy(values[path])
    return parse_as(type(settings), plain, "the swept settings")


def check_space(settings: BaseModel, space: Space) -> None:
    """Check every choice, and both ends and one number between of every range, before the first trial.

    A value passes if it is valid in the settings alone, or together with the first or the last values of all paths.

    Raises
    ------
    SettingsError
        If a path or value is not valid, naming it.
    """
    for path in space:
        if path.split(".")[0] in CHANGES_NO_SEGMENTS:
            raise SettingsError(f"sweep.space: {path!r} does not change segments, so it cannot be swept")
    companies: list[dict[str, Any]] = [
        {},
        {path: _samples(variation)[0] for path, variation in space.items()},
        {path: _samples(variation)[-1] for path, variation in space.items()},
    ]
    for path, variation in space.items():
        for choice in _samples(variation):
            first: SettingsError | None = None
            for others in companies:
                try:
                    changed(settings, {**others, path: choice})
                    break
                except SettingsError as error:
                    first = first or error
            else:
                reason = str(first).removeprefix("the swept settings: ")
                raise SettingsError(f"sweep.space: {path!r} cannot be {json.dumps(choice)}: {reason}") from first


def check_columns(space: Space, contract: VectorContract) -> None:
    """Check that paths to settings of a column or group name one that the vectors have.

    A path to any other would change nothing, and every trial would be the same.

    Raises
    ------
    SettingsError
        With the nearest known name.
    """
    known = {
        ("encoding", "weights"): [column.name for column in contract.basis],
        ("encoding", "transforms"): [column.name for column in contract.basis if not column.is_category],
        ("encoding", "group_weights"): known_groups(contract.basis),
        ("features", "roles"): list(contract.names),
        ("features", "words"): list(contract.names),
    }
    for path in space:
        parts = path.split(".")
        for first, second, name in zip(parts, parts[1:], parts[2:], strict=False):
            names = known.get((first, second), [name])
            if name not in names:
                raise SettingsError(
                    f"sweep.space: {path!r} names no column or group that {second} could be of."
                    f"{nearest_word(name, names)} Known here: {', '.join(names)}"
                )


def changed_content(content: Mapping[str, Any], settings: BaseModel, values: Values) -> dict[str, Any]:
    """The content of a settings file with these values in it; a path that leads into a list writes the whole list.

    settings : the file's settings, parsed. An empty `content` gives only the settings that the values change.
    """
    plain = changed(settings, values).model_dump(mode="json")
    merged: dict[str, Any] = copy.deepcopy(dict(content))
    for path in values:
        source, target = plain, merged
        *blocks, last = _up_to_a_list(plain, path)
        for block in blocks:
            source = source[block]
            if target.get(block) is None:
                target[block] = {}
            target = target[block]
        target[last] = source[last]
    return merged


def combinations(space: Space) -> int | None:
    """How many different settings the space holds; None where a range has any value between its ends."""
    counts = [count_of(variation) for variation in space.values()]
    return None if None in counts else math.prod(count for count in counts if count is not None)


def count_of(variation: tuple[Any, ...] | SweepRange) -> int | None:
    """How many values one path may take."""
    if not isinstance(variation, SweepRange):
        return len(variation)
    step = variation.step or (1 if variation.whole else None)
    return None if step is None else int((variation.high - variation.low) / step + 1e-9) + 1


def value_at(variation: SweepRange, number: int) -> int | float:
    """`low` plus `number` steps, as a person writes it: 0.3, not 0.30000000000000004."""
    step = variation.step or 1
    if variation.whole:
        return int(variation.low + number * step)
    return float(Decimal(str(variation.low)) + number * Decimal(str(step)))


def every_combination(space: Space) -> Iterator[dict[str, Any]]:
    """All combinations of a space without a continuous range."""
    every = [_every(variation) for variation in space.values()]
    return (dict(zip(space, values, strict=True)) for values in itertools.product(*every))


def _every(variation: tuple[Any, ...] | SweepRange) -> list[Any]:
    if not isinstance(variation, SweepRange):
        return list(variation)
    return [value_at(variation, number) for number in range(count_of(variation) or 0)]


def _samples(variation: tuple[Any, ...] | SweepRange) -> tuple[Any, ...]:
    """Every choice; of a range both ends and a number between, which a setting of whole numbers may refuse."""
    if not isinstance(variation, SweepRange):
        return variation
    count = count_of(variation)
    if count is None:
        return (variation.low, variation.low + GOLDEN * (variation.high - variation.low), variation.high)
    return tuple(value_at(variation, number) for number in (0, min(1, count - 1), count - 1))


def _find(plain: dict[str, Any], path: str) -> _Place:
    node: Any = plain
    *blocks, last = path.split(".")
    for depth, part in enumerate(blocks):
        where = ".".join(blocks[:depth])
        key = _key(node, part, where)
        if isinstance(node, dict) and node.get(key) is None:
            node[key] = {}
        node = node[key]
    return _Place(node, _key(node, last, ".".join(blocks)))


def _key(node: Any, part: str, where: str) -> Any:
    if isinstance(node, dict):
        return part
    if not isinstance(node, list):
        raise SettingsError(f"{where!r} is one value ({shown(node)}) and holds no key {part!r}")
    names = [str(entry.get(NAMED_BY, "")) if isinstance(entry, dict) else "" for entry in node]
    if part in names:
        return names.index(part)
    if part.isdecimal() and int(part) < len(node):
        return int(part)
    known = [name for name in names if name] or [str(number) for number in range(len(node))]
    raise SettingsError(f"{where!r} has no entry {part!r}.{nearest_word(part, known)} Known here: {', '.join(known)}")


def _up_to_a_list(plain: Any, path: str) -> list[str]:
    parts = []
    for part in path.split("."):
        parts.append(part)
        plain = plain.get(part) if isinstance(plain, dict) else None
        if isinstance(plain, list):
            break
    return parts
