"""The keys of the settings file, from the pydantic models that read it."""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Iterator
from datetime import date, datetime
from enum import EnumMeta
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from reference.markdown import code, table
from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.all_candidates import registered_algorithms
from training.settings import Settings

HEADER = ("key", "takes", "default", "meaning")
PLAIN_TYPES = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true | false",
    date: "date",
    datetime: "time",
    Any: "value",
}


def blocks() -> dict[str, str]:
    """One table for each model of the settings, and the sections of all algorithms."""
    tables = {
        f"settings {model.__name__}": model_table(model) for model in models_in(Settings) - models_in(AlgorithmSettings)
    }
    sections = [algorithm_section(algorithm) for algorithm in registered_algorithms().values()]
    return tables | {"algorithms": "\n\n".join(sections)}


def algorithm_section(model: type[BaseModel]) -> str:
    """The heading, the purpose and the keys of one algorithm, then those of the blocks inside it."""
    name = model.model_fields["algorithm"].default
    heading = f"### `discovery.algorithms` with `algorithm: {name}`"
    parts = [heading, inspect.cleandoc(model.__doc__ or ""), model_table(model)]
    for key, field in model.model_fields.items():
        for inner in sorted(models_in(field.annotation), key=lambda block: block.__name__):
            parts += [f"#### `{key}`", inspect.cleandoc(inner.__doc__ or ""), model_table(inner)]
    return "\n\n".join(parts)


def model_table(model: type[BaseModel]) -> str:
    """A row for each key that the block itself declares, or declares again; other inherited keys are left out."""
    inherited = {name for base in model.__bases__ for name in getattr(base, "model_fields", {})}
    inherited -= inspect.get_annotations(model).keys()
    rows = [
        (code(name), takes(field.annotation), default(field), field.description or "")
        for name, field in model.model_fields.items()
        if name not in inherited
    ]
    return table(HEADER, rows)


def takes(annotation: Any) -> str:
    """The type of a key's value, in a word or two."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(map(str, inner))
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(takes(choice) for choice in inner if choice is not type(None)))
    if origin is dict:
        return f"name: {takes(inner[1])}"
    if origin is tuple:
        return f"[{takes(inner[0])}, ...]" if inner[-1] is Ellipsis else f"[{', '.join(map(takes, inner))}]"
    if origin is not None:  # Annotated
        return takes(inner[0])
    if isinstance(annotation, EnumMeta):
        return " | ".join(map(str, annotation.__members__.values()))
    return PLAIN_TYPES.get(annotation, "block")


def default(field: FieldInfo) -> str:
    """The default as it stands in YAML; `below` where it is a block with a table of its own."""
    declared = field.get_default(call_default_factory=True)
    if declared is PydanticUndefined:
        return "required"
    if isinstance(declared, BaseModel) or (isinstance(declared, tuple) and declared and _is_model(declared[0])):
        return "below"
    if declared is None or declared in ("", (), {}):
        return ""
    if isinstance(declared, bool | tuple):
        return code(json.dumps(declared))
    return code(f"{declared:g}" if isinstance(declared, float) else str(declared))


def models_in(annotation: Any) -> set[type[BaseModel]]:
    """Every block inside an annotation, at any depth."""
    return set(_walk(annotation))


def _walk(annotation: Any) -> Iterator[type[BaseModel]]:
    if annotation is AlgorithmSettings:
        for algorithm in registered_algorithms().values():
            yield from _walk(algorithm)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _walk(field.annotation)
    else:
        for part in get_args(annotation):
            yield from _walk(part)


def _is_model(candidate: object) -> bool:
    return isinstance(candidate, BaseModel)
