"""What is proposed for one table: its role, our column for each of theirs, and what was not certain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from features.inspection.looks.column_profile import ColumnProfile, ColumnType
from features.inspection.looks.table_look import TableLook, sampled_moments
from features.inspection.names.meanings import Meaning
from features.inspection.names.name_words import concepts_of, says_nothing
from features.inspection.names.vocabulary import Concept

SAYS_NOTHING = 0.2  # score of a column of the right type whose name is in no list
ONLY_ONE = 0.1  # score of the only column of its type, whose name says another meaning
CERTAIN = 0.5  # the least score of a name that is not marked
ALIKE = 0.01  # difference of the scores of names that say the same


@dataclass(frozen=True, slots=True)
class AttributeProposal:
    """An attribute of a customer: its settings, and the column that it comes from."""

    name: str
    column: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TableProposal:
    """A table in one role.

    `columns` maps our names to theirs, `options` are further settings of the source, `features` those of the block
    `features`; `checks` say by our column or option why it is not certain; `left_out` are their columns that are not
    used, with the reason; `score` says how well the table fits the role.
    """

    role: str
    look: TableLook
    columns: Mapping[str, str]
    score: float
    options: Mapping[str, Any] = field(default_factory=dict)
    features: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    attributes: tuple[AttributeProposal, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


def ranked(
    look: TableLook,
    meaning: Meaning,
    fits: Callable[[ColumnProfile], bool],
    taken: Collection[str],
    gaps_count: bool = True,
) -> list[tuple[float, ColumnProfile]]:
    """The columns that fit a meaning by type and name, best first; those with gaps come later, if gaps count."""
    scored = []
    for column in look.columns:
        if column.name in taken or not fits(column):
            continue
        score = meaning.score(column.name) or (SAYS_NOTHING if says_nothing(column.name) else 0.0)
        if score:
            scored.append((score * (0.5 + 0.5 * column.present if gaps_count else 1.0), column))
    return sorted(scored, key=_rank)


def _rank(scored: tuple[float, ColumnProfile]) -> tuple[float, bool, bool, str]:
    """Of equal names: "ended" before "cancelled", and what may be money before the number of a row."""
    score, column = scored
    return (
        -score,
        Concept.CHANGED in concepts_of(column.name),
        column.is_whole and says_nothing(column.name),
        column.name,
    )


def best(
    look: TableLook,
    meaning: Meaning,
    fits: Callable[[ColumnProfile], bool],
    taken: Collection[str],
    least: float = CERTAIN,
    gaps_count: bool = True,
) -> tuple[float, str | None]:
    """The best such column with its score; (0, None) where none reaches the least score."""
    for score, column in ranked(look, meaning, fits, taken, gaps_count):
        if score >= least:
            return score, column.name
    return 0.0, None


def best_moment(look: TableLook, meaning: Meaning, taken: Collection[str]) -> tuple[float, str | None]:
    """The best column of moments, with its score; a single one is taken whatever it is called, except a birthday.

    All rows of one day may have been loaded then: where another column says the meaning too, and has several days, it
    is taken instead.
    """
    score, name = best(look, meaning, is_moment, taken, least=SAYS_NOTHING / 2)
    if name is not None and _is_one_day(look, name):
        of_one_day = [column.name for column in look.columns if is_moment(column) and _is_one_day(look, column.name)]
        varied, instead = best(look, meaning, is_moment, {*taken, *of_one_day}, least=CERTAIN)
        score, name = (varied, instead) if instead is not None else (score, name)
    if name is not None and score < CERTAIN and sum(map(is_moment, look.columns)) == 1 and says_nothing(name):
        return CERTAIN, name
    if name is not None:
        return score, name
    others = [
        column.name
        for column in look.columns
        if is_moment(column) and column.name not in taken and Concept.SENSITIVE not in concepts_of(column.name)
    ]
    return (ONLY_ONE, others[0]) if len(others) == 1 else (0.0, None)


def _is_one_day(look: TableLook, name: str) -> bool:
    """Whether all moments of the sample are of one day."""
    moments = sampled_moments(look, name, len(look.sample[name]))
    return len({moment.date() for moment in moments if moment is not None}) == 1


def is_moment(column: ColumnProfile) -> bool:
    """Whether a column holds dates or times."""
    return column.type is ColumnType.MOMENT


def is_number(column: ColumnProfile) -> bool:
    """Whether a column holds numbers."""
    return column.type is ColumnType.NUMBER


def is_text(column: ColumnProfile) -> bool:
    """Whether a column holds levels or other short text."""
    return column.type in (ColumnType.TEXT, ColumnType.FLAG)


def is_key(column: ColumnProfile) -> bool:
    """Whether a column can identify rows."""
    return column.is_key_like
