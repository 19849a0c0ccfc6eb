"""What a key of the settings takes, in words: read off the key's type and limits, for messages on refused values."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import EnumMeta
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

A_MOMENT = "a date such as 2026-07-01 or a time such as 2026-07-01T12:00"
A_LIST, A_BLOCK = "a list", "a block of names"
PLAIN: Mapping[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    date: A_MOMENT,
    datetime: A_MOMENT,
}
# attributes of the limits that pydantic keeps beside a type, and their words
LIMITS = (("ge", "of at least"), ("gt", "above"), ("le", "of at most"), ("lt", "below"))


@dataclass(frozen=True, slots=True)
class Expected:
    """Annotates a key of the settings, or of a request: what it takes, where its type does not say it."""

    words: str


def field_words(field: FieldInfo) -> str:
    """What a key takes."""
    return type_words(field.annotation, field.metadata)


def type_words(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """What a type takes, such as "a whole number of at least 2"; `metadata` are the limits declared beside it."""
    annotation, metadata = bare(annotation, metadata)
    if declared := [mark.words for mark in metadata if isinstance(mark, Expected)]:
        return declared[0]
    words = PLAIN.get(annotation) or _structure_words(annotation)
    limits = [f"{text} {getattr(mark, name):.15g}" for name, text in LIMITS for mark in metadata if hasattr(mark, name)]
    full = " that is not empty" if words in (PLAIN[str], A_LIST, A_BLOCK) else ", at least one of them"
    least = full if any(getattr(mark, "min_length", 0) for mark in metadata) else ""
    return f"{' '.join([words, ' and '.join(limits)]).rstrip()}{least}"


def bare(annotation: Any, metadata: Iterable[Any] = ()) -> tuple[Any, tuple[Any, ...]]:
    """A type without `Annotated` and without None, and all that is declared beside it."""
    marks = [*metadata]
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            marks = [*more, *marks]
        elif len(others := alternatives(annotation)) == 1:
            annotation = others[0]
        else:
            break
    return annotation, tuple(limit for mark in marks for limit in (getattr(mark, "metadata", None) or (mark,)))


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The types of a union, None left out; nothing for any other type."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return ()
    return tuple(choice for choice in get_args(annotation) if choice is not type(None))


def choices(annotation: Any) -> tuple[str, ...]:
    """The words that a key takes, where they are listed."""
    annotation, _ = bare(annotation)
    if get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in get_args(annotation))
    return tuple(map(str, annotation.__members__.values())) if isinstance(annotation, EnumMeta) else ()


def is_block(annotation: Any) -> TypeGuard[type[BaseModel]]:
    """Whether a key takes a block of keys that are declared."""
    plain = get_origin(annotation) is None and isinstance(annotation, type)
    return plain and issubclass(annotation, BaseModel)


def truths_for_numbers(annotation: Any, entered: object) -> Iterator[tuple[str | int, ...]]:
    """The places of truths in the content of a key, wherever its type takes a number and nothing else."""
    annotation, _ = bare(annotation)
    parts = get_args(annotation)
    if isinstance(entered, bool):
        if set(alternatives(annotation) or (annotation,)) <= {int, float}:
            yield ()
    elif get_origin(annotation) is dict and isinstance(entered, Mapping):
        for name, value in entered.items():
            yield from ((str(name), *place) for place in truths_for_numbers(parts[1], value))
    elif get_origin(annotation) in (list, tuple) and isinstance(entered, list | tuple):
        for number, value in enumerate(entered):
            part = parts[min(number, len(parts) - 1)]
            part = parts[0] if part is Ellipsis else part
            yield from ((number, *place) for place in truths_for_numbers(part, value))


def _structure_words(annotation: Any) -> str:
    """What a type of several parts takes."""
    if listed := choices(annotation):
        return f"one of {', '.join(listed)}" if len(listed) > 1 else listed[0]
    if union := alternatives(annotation):
        kinds = [choice for choice in union if not (choice is int and float in union)]
        return " or ".join(dict.fromkeys(map(type_words, kinds)))
    if is_block(annotation):
        return f"a block of keys ({', '.join(annotation.model_fields)})"
    describe = COMPOUNDS.get(get_origin(annotation) or annotation)
    return describe(get_args(annotation)) if describe else "a value"


def _list_words(parts: tuple[Any, ...]) -> str:
    if len(parts) == 2 and parts[1] is not Ellipsis:
        return f"a list of two: {type_words(parts[0])}, then {type_words(parts[1])}"
    return f"a list, each entry {type_words(parts[0])}" if parts and parts[0] is not Any else A_LIST


def _block_words(parts: tuple[Any, ...]) -> str:
    return f"a block of names, each with {type_words(parts[1])}" if parts and parts[1] is not Any else A_BLOCK


COMPOUNDS: Mapping[Any, Callable[[tuple[Any, ...]], str]] = {
    tuple: _list_words,
    list: _list_words,
    dict: _block_words,
    Mapping: _block_words,
}
