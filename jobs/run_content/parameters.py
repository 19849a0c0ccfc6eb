"""The parameters of a run: the settings that a person set, by short names, so that two runs can be compared."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from training.settings import Settings

NO_PARAMETERS = {"title", "registry", "sweep"}  # they change nothing about the segments
ALGORITHMS = "discovery.algorithms"


def parameters_of(settings: Settings) -> dict[str, Any]:
    """The settings that stand in the file or the command, or differ from the defaults, as plain values.

    A block is flattened to dotted names; lists and mappings, such as the words of columns, are one value each.
    """
    values = {name: value for name, value in _set(settings).items() if name.partition(".")[0] not in NO_PARAMETERS}
    if ALGORITHMS in values:  # the name of an algorithm whose own settings alone were changed is not set, but needed
        values[ALGORITHMS] = [
            {"algorithm": entry.algorithm, **entry.model_dump(mode="json", exclude_unset=True)}
            for entry in settings.discovery.algorithms
        ]
    return values


def _set(block: BaseModel, prefix: str = "") -> dict[str, Any]:
    values: dict[str, Any] = {}
    changed = block.model_dump(mode="json", exclude_defaults=True) | block.model_dump(mode="json", exclude_unset=True)
    for name in type(block).model_fields:
        part = getattr(block, name)
        if isinstance(part, BaseModel):
            values.update(_set(part, f"{prefix}{name}."))
        elif name in changed:
            values[f"{prefix}{name}"] = changed[name]
    return values
