"""The text of a settings file as plain values: safe YAML, in which no key of a block stands twice."""

from __future__ import annotations

from typing import Any

import yaml

from segment_model.errors import SettingsError, shown

# what YAML's own reason hints at, and what to write instead
REMEDIES = (
    ("mapping values are not allowed", "put text that holds a colon in quotes, such as title: 'My shop: the best'"),
    ("cannot start any token", "indent by spaces, and put text that begins with a special character in quotes"),
    ("block end>", "begin the keys of one block in one column"),
    ("constructor for the tag", "write the value without a tag that begins with !"),
    ("recursion depth", "nest blocks and lists less deeply"),
    ("undefined alias", "put text that begins with * in quotes"),
)
MERGE = "tag:yaml.org,2002:merge"


class UniqueKeys(yaml.SafeLoader):
    """Reads safe YAML; a key that stands twice in a block is an error, for one of the two would be ignored."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A block of keys."""
        lines: dict[Any, int] = {}
        for key, _ in node.value:
            name = None if key.tag == MERGE else self.construct_object(key, deep=True)
            if name is None or not name.__hash__:
                continue
            if name in lines:
                twice = f"lines {lines[name]} and {key.start_mark.line + 1}"
                raise SettingsError(f"the key {shown(name)} stands twice in one block, at {twice}: keep one")
            lines[name] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


def read_yaml(text: str, name: str) -> Any:
    """The plain values in a text; `name` says in the message where it comes from.

    Raises
    ------
    SettingsError
        If the text is not YAML, or a key of a block stands twice.
    """
    try:
        return yaml.load(text, UniqueKeys)  # noqa: S506  (a safe loader)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: of a date such as 2026-02-30
        raise SettingsError(f"{name} is not valid YAML{_fault(error)}") from error


def _fault(error: Exception) -> str:
    """The position and reason of an error, with the remedy where there is a usual one."""
    position, reason = "", " ".join(str(error).split())
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark, reason = error.problem_mark, error.problem or reason
        position = f" at line {mark.line + 1}, column {mark.column + 1}"
    remedies = [f"; {remedy}" for sign, remedy in REMEDIES if sign in reason]
    return f"{position}: {reason}{remedies[0] if remedies else ''}"
