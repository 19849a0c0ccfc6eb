"""The proposal as a commented YAML file, and as the plain values that the file holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from features.inspection.names.name_words import printable
from features.inspection.proposal import Proposal
from features.inspection.roles.attribute_columns import money_units
from features.inspection.roles.table_proposal import TableProposal, is_number
from features.tables.raw_tables import RAW_TABLES
from segment_model.errors import counted

CHECK = "check"
OURS = {contract.name: tuple(column.name for column in contract.columns) for contract in RAW_TABLES}
LINE_BREAKS = "\n\r\x85\u2028\u2029"
LISTED = 8  # columns that are left out, named in a comment


@dataclass(frozen=True, slots=True)
class Line:
    """A key at a depth, with its value (None: a block follows), or a comment alone (no key)."""

    depth: int
    key: str
    value: Any = None
    comment: str = ""

    @property
    def text(self) -> str:
        """The line as YAML."""
        comment = f"# {printable(self.comment)}" if self.comment else ""
        entry = (
            "" if not self.key else f"{scalar(self.key)}:" + ("" if self.value is None else f" {scalar(self.value)}")
        )
        return ("  " * self.depth + "  ".join(part for part in (entry, comment) if part)).rstrip()


def settings_text(proposal: Proposal, title: str, command: str) -> str:
    """The YAML file: `title` stands in it, `command` is what made it."""
    lines = [
        Line(0, "", comment=f"Written by `{command}`; a line marked `# {CHECK}` was not certain."),
        Line(0, "title", title),
        *_as_of(proposal),
        Line(0, ""),
        Line(0, "sources"),
        *(line for table in proposal.tables for line in _table(table, proposal.currency)),
        *(Line(1, "", comment=f"not used: {unused.file}: {unused.reason}") for unused in proposal.unused),
        Line(0, ""),
        Line(0, "features"),
        Line(1, "currency", proposal.currency, _currency_comment(proposal)),
        Line(1, "time_zone", "UTC", _zone_comment(proposal)),
        *_features(proposal),
    ]
    return "\n".join(line.text for line in lines) + "\n"


def checks_of(proposal: Proposal) -> tuple[str, ...]:
    """What was not certain, one sentence a marked line."""
    of_tables = (f"{table.role}.{name}: {why}" for table in proposal.tables for name, why in table.checks.items())
    of_as_of = [f"as_of: {proposal.as_of_check}"] if proposal.as_of_check else []
    return (*of_as_of, *of_tables, *(f"features.{name}: {why}" for name, why in proposal.checks.items()))


class _OneLineDumper(yaml.SafeDumper):
    """Quotes text with line breaks in the style that escapes them."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """The node of a text."""
        broken = any(mark in text for mark in LINE_BREAKS)
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"' if broken else None)


_OneLineDumper.add_representer(str, _OneLineDumper.represent_text)


def scalar(value: Any) -> str:
    """A plain value as YAML on one line."""
    text: str = yaml.dump(
        value, Dumper=_OneLineDumper, default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _as_of(proposal: Proposal) -> Iterator[Line]:
    if proposal.as_of is not None:
        why = f"the day after the newest row ({proposal.newest})" if proposal.newest else "as asked for"
        comment = f"{CHECK}: {proposal.as_of_check}; {why}" if proposal.as_of_check else why
        yield Line(0, "as_of", proposal.as_of, comment)


def _table(table: TableProposal, currency: str) -> Iterator[Line]:
    yield Line(1, table.role, comment=counted(table.look.rows, "row"))
    yield Line(2, "file", table.look.file)
    for name, setting in table.options.items():
        yield Line(2, name, setting, _check(table, name))
    if "preset" in table.options:
        mapped = ", ".join(f"{ours} = {theirs}" for ours, theirs in table.columns.items())
        yield Line(2, "", comment=f"the preset says: {mapped}")
        for ours in table.columns.keys() & table.checks.keys():
            yield Line(2, "", comment=_check(table, ours))
        return
    if table.columns:
        yield Line(2, "columns", comment="our name: yours")
    for ours in OURS["customers" if table.role == "vectors" else table.role]:
        if ours in table.columns:
            yield Line(3, ours, table.columns[ours], _check(table, ours))
    yield from _vectors(table, currency) if table.role == "vectors" else _attributes(table)
    if table.left_out:
        listed = "; ".join(f"{name} ({reason})" for name, reason in table.left_out[:LISTED])
        more = len(table.left_out) - LISTED
        yield Line(2, "", comment=f"left out: {listed}{f'; and {more} more' if more > 0 else ''}")


def _attributes(table: TableProposal) -> Iterator[Line]:
    if table.attributes:
        yield Line(2, "attributes")
        for attribute in table.attributes:
            yield Line(3, attribute.name, dict(attribute.settings))


def _vectors(table: TableProposal, currency: str) -> Iterator[Line]:
    """What differs from the kinds that are inferred when the table is read."""
    codes = [a.column for a in table.attributes if a.settings["kind"] == "category" and is_number(table.look[a.column])]
    sensitive = [attribute.column for attribute in table.attributes if attribute.settings.get("sensitive")]
    if table.left_out:
        yield Line(2, "exclude", [name for name, _ in table.left_out])
    if codes:
        yield Line(2, "kinds", dict.fromkeys(codes, "category"))
    if units := money_units(table, currency):
        yield Line(2, "units", dict(units), "confirm: money, by its name; its total over customers has a meaning")
    if sensitive:
        yield Line(2, "sensitive", sensitive, "these may not shape segments")


def _check(table: TableProposal, name: str) -> str:
    return f"{CHECK}: {table.checks[name]}" if name in table.checks else ""


def _features(proposal: Proposal) -> Iterator[Line]:
    of_tables = {name: reason for table in proposal.tables for name, reason in table.checks.items()}
    checks = {**of_tables, **proposal.checks}
    for name, block in proposal.features.items():
        yield Line(1, name)
        for key, setting in block.items():
            yield Line(2, key, setting, f"{CHECK}: {checks[key]}" if key in checks else "")


def _currency_comment(proposal: Proposal) -> str:
    return (
        f"by {proposal.currency_from}; for display only"
        if proposal.currency_from
        else ("confirm: nothing in the files says the currency; for display only")
    )


def _zone_comment(proposal: Proposal) -> str:
    if proposal.zoned:
        return "confirm: whose days count, such as Europe/Berlin; the times in the files carry their zone"
    return "confirm: times without a zone are this zone's clock, such as Europe/Berlin"


def content_of(text: str) -> Mapping[str, Any]:
    """The plain values of a YAML file."""
    content: Mapping[str, Any] = yaml.safe_load(text)
    return content
