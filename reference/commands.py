"""The commands and their options, from click's declarations."""

from __future__ import annotations

import inspect

import click

from cli import main
from reference.markdown import code, table


def blocks() -> dict[str, str]:
    """One table of all commands, and for each command its usage, its help and its options."""
    return {"commands": overview()} | {f"command {name}": command(name) for name in sorted(all_commands())}


def all_commands() -> dict[str, click.Command]:
    """Every command by its name; a group is followed by its own, such as `experiment run`."""
    declared: dict[str, click.Command] = {}
    for name, top in main.commands.items():
        declared[name] = top
        if isinstance(top, click.Group):
            declared |= {f"{name} {own}": member for own, member in top.commands.items()}
    return declared


def overview() -> str:
    """The table of all commands, each with the first paragraph of its help."""
    rows = [
        (f"[`segments {name}`](#segments-{name.replace(' ', '-')})", _paragraphs(declared)[0])
        for name, declared in all_commands().items()
    ]
    return table(("command", "purpose"), rows)


def command(name: str) -> str:
    """The usage, the help and the options of one command."""
    declared = all_commands()[name]
    parts = [code(usage(name)), *_paragraphs(declared)]
    options = [option for option in declared.params if isinstance(option, click.Option)]
    if options:
        parts.append(table(("option", "default", "meaning"), [_row(declared, option) for option in options]))
    return "\n\n".join(parts)


def usage(name: str) -> str:
    """The command with its arguments: `segments rename SEGMENT NAME`."""
    declared = all_commands()[name]
    pieces = declared.collect_usage_pieces(click.Context(declared))
    return " ".join(["segments", name, *(piece for piece in pieces if piece != "[OPTIONS]")])


def _row(declared: click.Command, option: click.Option) -> tuple[str, str, str]:
    metavar = "" if option.is_flag else " " + option.make_metavar(click.Context(declared)).split("[default")[0]
    default = code(str(option.default)) if option.show_default else ""
    return (
        code(", ".join(option.opts) + metavar),
        "required" if option.required else default,
        option.help or "",
    )


def _paragraphs(declared: click.Command) -> list[str]:
    text = inspect.cleandoc(declared.help or "")
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
