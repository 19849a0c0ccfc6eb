"""A statement in steps: each adds columns to those of the step before, and the planner may not merge them.

A planner that merges two steps writes the first one's expressions wherever the second names them. After ten steps they
exceed any memory: PostgreSQL took 23 GB for a model of six columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from segment_model.errors import ContractError, counted
from warehouse.dialects.dialect import Dialect


@dataclass(frozen=True)
class Step:
    """New columns, by name, computed of the columns of earlier steps."""

    name: str
    columns: Mapping[str, exp.Expression]


def render(source: str, steps: Sequence[Step], dialect: Dialect, remedy: str) -> str:
    """The statement that selects the columns of the last step, those of the first being read from `source`.

    A step passes on those columns alone that a later one reads; a column that none reads is not computed.

    Raises
    ------
    ContractError
        With the `remedy`, if a step has more columns than the dialect takes.
    """
    *inner, last = steps
    needed = _read_by(last.columns)
    listed: list[tuple[str, list[str]]] = []
    for step in reversed(inner):
        own = {name: made for name, made in step.columns.items() if name in needed}
        if not own:
            continue
        passed = [name for name in needed if name not in own]
        needed = dict.fromkeys([*passed, *_read_by(own)])
        listed.insert(0, (step.name, [*passed, *_lines(own, dialect)]))
    most = max(len(lines) for lines in (*(lines for _, lines in listed), last.columns))
    if dialect.most_columns is not None and most > dialect.most_columns:
        raise ContractError(
            f"the statement needs {counted(most, 'column')} in one SELECT, and {dialect.title} takes "
            f"{dialect.most_columns:,}: {remedy}"
        )
    fence = f"\n{dialect.fence}" if dialect.fence else ""
    tables = [source, *(name for name, _ in listed)]
    parts = [
        f"{name} AS {dialect.hint}(\n{_select(lines, before)}{fence}\n)"
        for (name, lines), before in zip(listed, tables, strict=False)
    ]
    return f"WITH {', '.join(parts)}\n{_select(_lines(last.columns, dialect), tables[-1])}"


def _select(lines: Sequence[str], source: str) -> str:
    listed = ",\n  ".join(lines)
    return f"SELECT\n  {listed}\nFROM {source}"


def _lines(columns: Mapping[str, exp.Expression], dialect: Dialect) -> list[str]:
    """Each column as SQL under its name."""
    made = {dialect.identifier(name).sql(dialect.name): dialect.sql(shown) for name, shown in columns.items()}
    return [name if shown == name else f"{shown} AS {name}" for name, shown in made.items()]


def _read_by(columns: Mapping[str, exp.Expression]) -> dict[str, None]:
    """The names of the columns that expressions read, in order."""
    return dict.fromkeys(read.name for made in columns.values() for read in made.find_all(exp.Column))
