"""What the numbers of ids that tables share say, however they were counted: in memory or in an engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from features.joining.alike_ids import AlikeInTables, between_notice, within_notice
from features.notices import Notice
from features.settings import IdSettings
from segment_model.errors import SourceError, counted

FEW = 0.5  # of the smaller table's ids; a smaller share is a warning


@dataclass(frozen=True)
class SharedIds:
    """Two tables with the number of ids of each, and of those that both have.

    examples : an id of each table that the other lacks, in words; empty without any.
    """

    first: str
    second: str
    first_size: int
    second_size: int
    shared: int
    examples: str


def notices_of_shared(
    sizes: Mapping[str, int], pairs: Sequence[SharedIds], alike: AlikeInTables, ids: IdSettings
) -> list[Notice]:
    """What a person should know of the ids that tables share, and of those that they would share.

    sizes : the number of ids of each table, in order. pairs : every pair of tables with ids, the earlier one first.

    Raises
    ------
    SourceError
        If tables share no id with the others, not even by way of a third one, and the settings do not allow it.
    """
    filled = [name for name, size in sizes.items() if size]
    if not ids.allow_disjoint and (lonely := _apart(filled, pairs)) is not None:
        raise SourceError(_disjoint_words(lonely, alike))
    notices = [
        _shared_notice(name, sizes[name], [pair for pair in pairs if pair.first == name]) for name in filled[:-1]
    ]
    notices += [within_notice(name, alike.within[name]) for name in filled if name in alike.within]
    for pair in pairs:
        notices += _hardly_notices(pair, ids)
        if (would_meet := alike.between.get((pair.first, pair.second))) is not None:
            notices.append(between_notice(pair.first, pair.second, would_meet))
    absent = [name for name, size in sizes.items() if not size] if len(sizes) > 1 else []
    return notices + [Notice(name, "no customer has a usable row before the as-of moment", True) for name in absent]


def _shared_notice(table: str, size: int, pairs: Sequence[SharedIds]) -> Notice:
    """How many ids of a table are in each of those that it is the first of a pair with."""
    parts = [
        f"{pair.shared:,} {'is' if pair.shared == 1 else 'are'} in {pair.second} ({counted(pair.second_size, 'id')})"
        for pair in pairs
    ]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return Notice(table, f"of its {counted(size, 'id')}, {listed}")


def _hardly_notices(pair: SharedIds, ids: IdSettings) -> Iterator[Notice]:
    """A warning where two tables share fewer than `FEW` of the smaller one's ids."""
    smaller = min(pair.first_size, pair.second_size)
    if pair.shared < FEW * smaller and not (ids.allow_disjoint and not pair.shared):
        yield Notice(
            pair.first,
            f"shares only {counted(pair.shared, 'id')} with {pair.second}, of {smaller:,} in the smaller of the two "
            f"({pair.examples}): is customer_id the same id in both?",
            True,
        )


def _apart(tables: Sequence[str], pairs: Sequence[SharedIds]) -> SharedIds | None:
    """The first table and one that shares no id with it, not even by way of others; None if all meet."""
    joined = set(tables[:1])
    meeting = [{pair.first, pair.second} for pair in pairs if pair.shared]
    while more := [names for names in meeting if joined & names and not names <= joined]:
        joined.update(*more)
    return next((pair for pair in pairs if pair.first == tables[0] and pair.second not in joined), None)


def _disjoint_words(pair: SharedIds, alike: AlikeInTables) -> str:
    """The refusal of two tables without a shared id."""
    would_meet = alike.between.get((pair.first, pair.second))
    meeting = f"; {counted(would_meet.count, 'id')} would meet under {would_meet.remedy}" if would_meet else ""
    return (
        f"{pair.first} ({counted(pair.first_size, 'id')}) and {pair.second} ({counted(pair.second_size, 'id')}) share "
        f"no customer id: {pair.examples}{meeting}. Map the same id in both by `columns: {{customer_id: your_name}}`, "
        "or go on without a shared customer by `features: {ids: {allow_disjoint: true}}`"
    )
