"""The problems of refused settings as sentences: the key, what it takes, and the value that came instead.

pydantic reports where a problem is, by a path; its own texts speak of its types. So what a key takes is read off the
settings' own declarations, and one key has one sentence, also where pydantic tried several types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from features.settings_words import alternatives, bare, choices, is_block, type_words
from segment_model.errors import nearest_word, shown
from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.all_candidates import registered_algorithms

NAME_OF_A_KEY = "[key]"  # ends pydantic's path where the name in a block of names is wrong
OWN_WORDS = "value_error"  # the type of pydantic's errors that a validator of ours raised
TYPES_OF_PYDANTIC = frozenset(get_args(ErrorType))


def in_sentences(error: ValidationError, kind: type[BaseModel], content: Mapping[Any, Any]) -> str:
    """All problems of a block of settings; `content` is what was refused."""
    problems = error.errors()
    inner = {problem["loc"][:depth] for problem in problems for depth in range(len(problem["loc"]))}
    # pydantic also calls a list too short whose entries it refused
    own = [problem for problem in problems if problem["type"] != "too_short" or problem["loc"] not in inner]
    return "; ".join(dict.fromkeys(_sentence(problem, kind, content) for problem in own))


@dataclass(frozen=True)
class _Place:
    """A key of the settings: its path, what it takes, and what came."""

    path: tuple[str, ...]
    annotation: Any
    limits: tuple[Any, ...]
    refused: Any

    @property
    def name(self) -> str:
        return repr(".".join(self.path))

    @property
    def words(self) -> str:
        return type_words(self.annotation, self.limits)

    @property
    def known(self) -> list[str]:
        """The keys inside, where they are declared."""
        annotation, _ = bare(self.annotation)
        return sorted(annotation.model_fields) if is_block(annotation) else []

    def inside(self, part: int | str) -> _Place | None:
        """The place that one part of pydantic's path leads to; None where it names one of several types instead."""
        annotation, _ = bare(self.annotation)
        if annotation is AlgorithmSettings and part in registered_algorithms():
            return _Place((*self.path, str(part)), registered_algorithms()[str(part)], (), self.refused)
        if tagged := [choice for choice in alternatives(annotation) if Tag(str(part)) in get_args(choice)]:
            return _Place(self.path, tagged[0], (), self.refused)
        declared = _declared_inside(annotation, part)
        return declared and _Place((*self.path, str(part)), *declared, _content_at(self.refused, part))


def _sentence(problem: ErrorDetails, kind: type[BaseModel], content: Mapping[Any, Any]) -> str:
    """One problem, with the remedy and the refused value."""
    *before, last = problem["loc"] or ("",)
    if problem["type"] == "extra_forbidden":
        block = _locate(kind, before, content)
        where, known = ".".join([*block.path, str(last)]), block.known
        return f"unknown key {where!r}.{nearest_word(last, known)} Known here: {', '.join(known)}"
    if last == NAME_OF_A_KEY and (names := _names_in(block := _locate(kind, before[:-1], content))):
        return f"the name {before[-1]!r} in {block.name} must be {names}"
    place = _locate(kind, problem["loc"], content)
    if problem["type"] == "missing":
        return f"{place.name} is needed: {place.words}"
    if problem["type"].startswith("union_tag"):
        return _tag_fault(place, problem["ctx"])
    if problem["type"] == OWN_WORDS or problem["type"] not in TYPES_OF_PYDANTIC:
        return _own_sentence(place, problem["msg"].removeprefix("Value error, "))
    words = place.words.replace("a number", "a finite number") if problem["type"] == "finite_number" else place.words
    options = choices(place.annotation)
    hint = nearest_word(place.refused, options) if options else _quotes_hint(place)
    return f"{place.name} must be {words} (found {shown(place.refused)}).{hint}".removesuffix(".")


def _locate(kind: type[BaseModel], location: Sequence[int | str], content: Any) -> _Place:
    """The key that a path of pydantic leads to, or the last one before it names a type."""
    place = _Place((), kind, (), content)
    for part in location:
        inner = place.inside(part)
        if inner is None:
            break
        place = inner
    return place


def _declared_inside(annotation: Any, part: int | str) -> tuple[Any, tuple[Any, ...]] | None:
    """The type and the limits of a key in a block, of a name in a block of names, or of an entry in a list."""
    if is_block(annotation):
        field = annotation.model_fields.get(str(part))
        return field and (field.annotation, tuple(field.metadata))
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (dict, Mapping):
        return inner[1], ()
    if is_dataclass(annotation):
        hint = get_type_hints(annotation, include_extras=True).get(str(part))
        return None if hint is None else (hint, ())
    if origin in (tuple, list) and isinstance(part, int):
        several = origin is list or inner[-1] is Ellipsis
        return (inner[0], ()) if several else (inner[part], ()) if part < len(inner) else None
    return None


def _content_at(content: Any, part: int | str) -> Any:
    """What stands under a key; None where nothing does."""
    try:
        return content[part]
    except (KeyError, IndexError, TypeError):
        return None


def _own_sentence(place: _Place, sentence: str) -> str:
    """The words of a validator of ours, with the value where it is short."""
    if not place.path:
        return sentence
    text = shown(place.refused)
    value = (
        "" if isinstance(place.refused, dict) or (text.strip("'") != text and text in sentence) else f" (found {text})"
    )
    return f"{place.name}{'' if sentence.startswith('must ') else ':'} {sentence}{value}"


def _tag_fault(place: _Place, context: Mapping[str, Any]) -> str:
    """A block whose kind one of its keys names, such as an algorithm."""
    key, tags = str(context["discriminator"]).strip("'"), str(context.get("expected_tags", "")).replace("'", "")
    name, known = _content_at(place.refused, key), tags or ", ".join(registered_algorithms())
    if name is None:
        return f"{place.name} needs the key {key!r}: one of {known}"
    hint = nearest_word(name, known.split(", "))
    return f"{place.name}: unknown {key} {shown(name)}.{hint} Known here: {known}"


def _names_in(block: _Place) -> str:
    """What the names in a block of names must be; empty where the place may hold something else."""
    annotation, _ = bare(block.annotation)
    return type_words(get_args(annotation)[0]) if get_origin(annotation) in (dict, Mapping) else ""


def _quotes_hint(place: _Place) -> str:
    """YAML reads 2026 and yes as a number and a truth, where text was meant."""
    plain = isinstance(place.refused, bool | int | float) or hasattr(place.refused, "isoformat")
    return " Put it in quotes" if bare(place.annotation)[0] is str and plain else ""
