"""Settings for files that nobody has described yet: look at the files, propose, and check what is proposed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from features.inspection.looks.column_profile import ColumnType
from features.inspection.looks.table_look import TableLook, look_at
from features.inspection.looks.text_forms import is_missing
from features.inspection.proposal import EVER, Proposal, propose
from features.inspection.roles.table_proposal import TableProposal
from features.inspection.settings_text import checks_of, content_of, settings_text
from features.notices import Notice
from features.reading.needed_settings import NeededSettingError, SettingNotice
from features.reading.typed_files.json_lines import not_read
from features.settings import TableSource
from features.sources import Engines
from features.tables.chosen_rows import chosen_rows
from segment_model.errors import SettingsError, SourceError, counted, percent
from training.settings import parse_settings

MOST_NAMED = 2  # files in a title
NEARLY_ALL = 0.98  # of the rows have a customer


@dataclass(frozen=True, slots=True)
class InitialSettings:
    """The text of a settings file, the proposal that it states, what a person should check, and how files were read."""

    text: str
    proposal: Proposal
    checks: tuple[str, ...]
    notices: tuple[Notice, ...] = ()


def initial_settings(
    files: Sequence[Path], out: Path, as_of: date | datetime | None = None, today: date = EVER
) -> InitialSettings:
    """Look at files and propose the settings file `out` for them; nothing is written.

    today : by default no row is of a day to come.

    Raises
    ------
    SettingsError
        If no file is named.
    SourceError
        If a file is absent, is a folder or cannot be read, or the files are no tables of customers that go together.
    """
    if not files:
        raise SettingsError("name the files to look at, such as: segments init orders.csv customers.csv")
    base = out.parent
    with Engines(base, "UTC") as engines:
        looks = [_look(engines, _relative(file, base), file) for file in dict.fromkeys(files)]
        looks = [_whole(engines, parts, base) for parts in _tables(looks)]
        read = (notice for notice in engines.notices if not isinstance(notice, SettingNotice))
        notices = (*read, *(notice for look in looks for notice in _not_read(look)))
        try:
            proposal = propose(looks, as_of, today)
        except SourceError as error:  # how the files were read may be the cause
            raise type(error)(f"{error} ({'; '.join(map(_shown, notices))})" if notices else str(error)) from error
    notices = (*notices, *(notice for table in proposal.tables for notice in _without_customer(table)))
    named = " ".join(shlex.quote(str(file)) for file in files)
    text = settings_text(proposal, _title(list(dict.fromkeys(file.name for file in files))), f"segments init {named}")
    parse_settings(content_of(text), str(out))
    return InitialSettings(text, proposal, checks_of(proposal), notices)


def _not_read(look: TableLook) -> Iterator[Notice]:
    """What of a table is neither text, number nor date."""
    if names := [column.name for column in look.columns if column.type is ColumnType.OTHER]:
        yield Notice(look.file, not_read(names, "objects, lists or bytes"))


def _without_customer(table: TableProposal) -> Iterator[Notice]:
    """That rows have no customer; and what to do where ids stand in the first row of each group, as merged cells do."""
    if "customer_id" not in table.columns or "customer_id" in table.checks:
        return
    customer = table.look[table.columns["customer_id"]]
    if customer.present >= NEARLY_ALL:
        return
    ids = [cell for cell in table.look.sample[customer.name] if cell is not None and not is_missing(str(cell))]
    once = len({*ids}) == len(ids)
    down = ": where each stands in the first row of its group only, fill it down" if once else ""
    left_out = f"{percent(1 - customer.present)} of the rows have no {customer.name} and are left out{down}"
    yield Notice(table.look.file, left_out, warning=once)


def _shown(notice: Notice) -> str:
    """A notice with the name of its file once."""
    named = notice.text.startswith(notice.table)
    return f"warning: {notice.text}" if named and notice.warning else notice.text if named else notice.line


def _title(names: Sequence[str]) -> str:
    """The headline of reports, short enough for one."""
    if len(names) <= MOST_NAMED:
        return f"Customers in {' and '.join(names)}"
    return f"Customers in {names[0]} and {counted(len(names) - 1, 'other file')}"


def _look(engines: Engines, source: str, file: Path) -> TableLook:
    """Look at a file, read with the settings that it asks for."""
    if file.is_dir():
        raise SourceError(f"{file} is a folder; name its files, such as: segments init {file}/*")
    if not file.exists():
        raise SourceError(f"there is no file {file}")
    return _read(engines, source, file.name, {}, {})


def _read(engines: Engines, source: str, name: str, options: Mapping[str, Any], doubts: Mapping[str, str]) -> TableLook:
    """Look at a table, with these options of its source and those that its files ask for beside them.

    Raises
    ------
    SourceError
        If it cannot be read with them either.
    """
    settings = TableSource(file=source, **options)
    try:
        table = engines.open(settings, name)
    except NeededSettingError as error:
        if error.settings.keys() <= options.keys():
            raise
        return _read(engines, source, name, *_with(options, doubts, error))
    for notice in engines.notices:
        if isinstance(notice, SettingNotice) and notice.table == name and not notice.settings.keys() <= options.keys():
            return _read(engines, source, name, *_with(options, doubts, notice))
    chosen = chosen_rows(table, settings, name)
    return replace(look_at(engines.keep(chosen), source), options=options, doubts=doubts)


def _with(
    options: Mapping[str, Any], doubts: Mapping[str, str], needed: NeededSettingError | SettingNotice
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """The options and doubts with those that a file asks for."""
    return {**options, **needed.settings}, {**doubts, **dict.fromkeys(needed.settings, needed.reason)}


def _tables(looks: Sequence[TableLook]) -> list[list[TableLook]]:
    """The files that are parts of one table together: those with the same columns, in any order."""
    tables: dict[frozenset[str], list[TableLook]] = {}
    for look in looks:
        tables.setdefault(frozenset(column.name for column in look.columns), []).append(look)
    return list(tables.values())


def _whole(engines: Engines, parts: Sequence[TableLook], base: Path) -> TableLook:
    """The look at a table of one file, or of several that a pattern names.

    Raises
    ------
    SourceError
        If no pattern names these files alone.
    """
    if len(parts) == 1:
        return parts[0]
    names = sorted(part.file for part in parts)
    begin = _common_beginning(names)
    end = _common_beginning([name[len(begin) :][::-1] for name in names])[::-1]
    patterns = (f"{begin.rstrip('0123456789')}*{end}", f"{begin}*{end}")
    pattern = next((pattern for pattern in patterns if _matching(base, pattern) == names), None)
    if pattern is None:
        raise SourceError(
            f"{', '.join(names[:3])} have the same columns, so they are parts of one table, and no pattern such as "
            f"{patterns[1]} names them alone; put them into a folder of their own, with names that begin alike"
        )
    options = {name: setting for part in parts for name, setting in part.options.items()}
    return _read(engines, pattern, pattern, options, {name: why for part in parts for name, why in part.doubts.items()})


def _common_beginning(names: Sequence[str]) -> str:
    """The longest text with which all of the names begin."""
    first, last = min(names), max(names)
    alike = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:alike]


def _matching(base: Path, pattern: str) -> list[str]:
    """The files that a pattern names, as the settings file names them."""
    folder, _, name = pattern.rpartition("/")
    return sorted(f"{folder}/{path.name}" if folder else path.name for path in (base / folder).glob(name))


def _relative(file: Path, base: Path) -> str:
    """The path of a file as the settings file names it."""
    try:
        return Path(os.path.relpath(file, base)).as_posix()
    except ValueError:  # another drive
        return file.resolve().as_posix()


def _nothing_to_check(proposal: Proposal) -> str:
    """What is left where no line is marked: the time zone of what has dates, and the files that are not used."""
    left = ["the time zone"] * (proposal.as_of is not None) + ["the files that are not used"] * bool(proposal.unused)
    return f"nothing is left to check{' but ' if left else ''}{' and '.join(left)}"


def _currency(proposal: Proposal) -> str:
    if proposal.currency_from:
        return f"currency {proposal.currency}, by {proposal.currency_from}"
    return f"currency {proposal.currency}, which nothing in the files says: write yours as features.currency"


def describe_proposal(proposed: InitialSettings) -> str:
    """What was decided in a few lines: the role of each table with its columns, and what to check."""
    lines = []
    for table in proposed.proposal.tables:
        mapped = ", ".join(f"{ours} = {theirs}" for ours, theirs in table.columns.items()) or "numbered rows"
        attributes = f"; {counted(len(table.attributes), 'attribute')}" if table.attributes else ""
        lines.append(f"{table.role}: {table.look.file} ({counted(table.look.rows, 'row')}): {mapped}{attributes}")
    lines += [f"not used: {unused.file}: {unused.reason}" for unused in proposed.proposal.unused]
    if proposed.proposal.as_of is not None:
        lines.append(f"as of {proposed.proposal.as_of.isoformat()}")
    if proposed.proposal.has_money:
        lines.append(_currency(proposed.proposal))
    lines += map(_shown, proposed.notices)
    lines += [f"check {check}" for check in proposed.checks] or [_nothing_to_check(proposed.proposal)]
    return "\n".join(lines)
