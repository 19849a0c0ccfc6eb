"""Settings of a source that say how its text is written: date format and decimal mark, where they are not plain."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from features.conditions.parse import parse_condition
from features.conditions.tree import column_names
from features.grammar.date_formats import date_format
from features.grammar.null_words import NO_MOMENT
from features.grammar.numbers import COMMA, POINT, ambiguous_number, decimal_mark
from features.inspection.looks.column_profile import ColumnType
from features.inspection.looks.flag_words import other_flag_words
from features.inspection.looks.table_look import HEAD, TableLook
from features.inspection.roles.table_proposal import TableProposal

WHERE = "where"
NULLS = "null_values"
FEW_STEPS_BACK = 0.02  # of the rows of a file that is in the order of time
COMPARED = 1_000  # rows whose order is compared


def with_source_options(table: TableProposal) -> TableProposal:
    """The proposal with what its file needs to be read, date formats and decimal mark, marked where several fit."""
    formats, doubts = _formats(table)
    if "preset" in table.options:  # it says how moments are written
        formats, doubts = {}, ""
    options: dict[str, Any] = {}
    if formats:
        moments = [column for column in _used(table) if table.look[column].type is ColumnType.MOMENT]
        one_for_all = len(set(formats.values())) == 1 and len(formats) == len(moments)
        options["date_format"] = next(iter(formats.values())) if one_for_all else formats
    decimal, doubt = _decimal(table)
    options |= {"decimal": decimal} if decimal else {}
    yes, no = other_flag_words([level for name in _flags(table) for level, _ in table.look[name].levels])
    options |= {"true_values": yes} if yes else {}
    options |= {"false_values": no} if no else {}
    words = _words_for_no_moment(table)
    options |= {NULLS: words} if words else {}
    listed = ", ".join(sorted({word for own in words.values() for word in own}))
    stands = f"taken for no date: {listed}" if words else ""
    checks = {name: text for name, text in (("date_format", doubts), ("decimal", doubt), (NULLS, stands)) if text}
    look = table.look
    options = {**look.options, **options, **table.options}
    checks = {**look.doubts, **checks, **table.checks}
    if WHERE in look.options and WHERE in table.options:
        options[WHERE] = f"({look.options[WHERE]}) and {table.options[WHERE]}"
        checks[WHERE] = "; ".join(doubts[WHERE] for doubts in (look.doubts, table.checks) if WHERE in doubts)
    return replace(table, options=options, checks=checks)


def _used(table: TableProposal) -> tuple[str, ...]:
    return (*table.columns.values(), *(attribute.column for attribute in table.attributes))


def _flags(table: TableProposal) -> list[str]:
    """The columns of yes and no: attributes, and those by which rows are chosen."""
    named = [attribute.column for attribute in table.attributes] if table.role == "customers" else []
    asked = column_names(parse_condition(table.options[WHERE])) if WHERE in table.options else ()
    return [name for name in dict.fromkeys([*named, *asked]) if table.look[name].type is ColumnType.FLAG]


def _formats(table: TableProposal) -> tuple[dict[str, str], str]:
    """The format of each used column of moments that is not ISO, and what is not certain of them."""
    formats: dict[str, str] = {}
    doubts = []
    for name in _used(table):
        form = table.look[name].moment
        if form is None or not form.formats:
            continue
        formats[name], is_sure = _settled(table.look, name, form.formats)
        if not is_sure:
            other = next(text for text in form.formats if text != formats[name])
            doubts.append(f"{other} fits {name} as well")
    return formats, "; ".join(doubts)


def _words_for_no_moment(table: TableProposal) -> dict[str, list[str]]:
    """By used column of moments, the words for a missing one, where the grammar does not know them all."""
    words = {}
    for name in _used(table):
        column = table.look[name]
        if column.type is ColumnType.MOMENT and column.unreadable:
            known = {str(text).strip() for text in table.look.sample[name]} & NO_MOMENT
            words[name] = sorted({*column.unreadable, *known})
    return words


def _settled(look: TableLook, name: str, formats: Sequence[str]) -> tuple[str, bool]:
    """One of the formats that fit, and whether it is certain: a file in the order of time shows which is meant."""
    if len(formats) == 1:
        return formats[0], True
    texts = [str(text) for text in look.sample[name][:HEAD] if text is not None][:COMPARED]
    steps = {text: _steps_back(texts, text) for text in formats}
    first, second = sorted(formats, key=lambda text: steps[text])[:2]
    return (first, True) if steps[first] <= FEW_STEPS_BACK < steps[second] else (formats[0], False)


def _steps_back(texts: Sequence[str], form: str) -> float:
    """The share of steps from one text to the next that lead back in time, or forth: whichever are fewer."""
    moments = [moment for text in texts if (moment := _naive(date_format(form).read(text))) is not None]
    pairs = list(itertools.pairwise(moments))
    if len(pairs) < 10:
        return 1.0
    back, forth = sum(a > b for a, b in pairs), sum(a < b for a, b in pairs)
    return min(back, forth) / len(pairs) if back + forth else 1.0


def _naive(moment: date | datetime | None) -> datetime | None:
    if moment is None:
        return None
    return (
        moment.replace(tzinfo=None) if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)
    )


def _decimal(table: TableProposal) -> tuple[str, str]:
    """The decimal mark where it is a comma, or where the numbers do not show which it is."""
    numbers = [name for name in _used(table) if table.look[name].type is ColumnType.NUMBER and table.look[name].is_text]
    texts = [str(text) for name in numbers for text in table.look.sample[name] if text]
    if any(COMMA in text for text in texts) and table.look.decimal == COMMA:
        return COMMA, ""
    if not decimal_mark(texts) and (example := ambiguous_number(texts)) is not None:
        return POINT, f"{example} could be read either way"
    return "", ""
