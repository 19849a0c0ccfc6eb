"""Settles the columns of a user's own vectors: which are taken, under which name, and as which kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from features.grammar.serial_days import serial_days
from features.notices import Notice
from features.own_vectors.column_names import LONGEST, is_usable, plain_names
from features.own_vectors.vector_columns import LISTED, VectorColumn, VectorColumns, shortened
from features.source_settings import VectorsSource
from segment_model.contract import Kind, Role
from segment_model.errors import SourceError, nearest_word
from segment_model.inference.kind_inference import ColumnFacts, LeftOut, infer_kind

CUSTOMER = "customer_id"
TABLE = "vectors"
MOST_CODES = 10
FEWEST_DAYS = 3  # different numbers that may be days
MOST_DAYS = 3_660  # between them: other numbers of this size spread wider
Look = Callable[[Sequence[str]], Iterable[ColumnFacts]]


@dataclass(frozen=True)
class Settled:
    """The columns that are taken, and what a person should know of it."""

    columns: VectorColumns
    notices: tuple[Notice, ...] = ()


def settle_columns(available: Sequence[str], source: VectorsSource, look: Look) -> Settled:
    """Settle the columns of a table.

    available : the names of its columns. look : the facts of the named columns, in their order.

    Raises
    ------
    SourceError
        If a setting names a column that the table does not have, a column that is to be a basis cannot be a feature, or
        no column is left.
    """
    _check_named(available, source)
    wanted = _wanted(available, source)
    unknown = [name for name in wanted if name not in source.kinds]
    facts = dict(zip(unknown, look(unknown), strict=True))
    looked_at = [of_column for of_column in facts.values() if not of_column.moments and not of_column.type_name]
    if looked_at and not any(of_column.rows for of_column in looked_at):
        none_meets = f"no row meets {source.where!r:.200}; see how the values are written"
        raise SourceError(f"{TABLE}: {'the table has no rows' if source.where is None else none_meets}")
    kinds: dict[str, Kind | LeftOut] = {
        name: source.kinds[name] if name in source.kinds else infer_kind(name, facts[name]) for name in wanted
    }
    taken = {name: kind for name, kind in kinds.items() if isinstance(kind, Kind)}
    left_out = {name: kind.reason for name, kind in kinds.items() if isinstance(kind, LeftOut)}
    wanted_basis = {name: why for name, why in left_out.items() if source.roles.get(name) is Role.BASIS}
    if wanted_basis:
        raise SourceError(f"{TABLE}: a basis column cannot be a feature: {_reasons(wanted_basis)}")
    if not taken:
        raise SourceError(f"{TABLE}: no column can be a feature: {_reasons(left_out) or 'there is none but the ids'}")
    renamed = {theirs: ours for ours, theirs in source.columns.items() if ours != CUSTOMER and theirs in taken}
    names = plain_names([name for name in taken if name not in renamed], renamed.values()) | renamed
    columns = VectorColumns(tuple(VectorColumn(names[name], name, kind) for name, kind in taken.items()))
    return Settled(columns, tuple(_notices(columns, facts, left_out, source)))


def columns_not_in_training(
    available: Sequence[str], source: VectorsSource, columns: VectorColumns
) -> tuple[Notice, ...]:
    """A notice that names the columns that the table has and the training did not take."""
    known = {name for column in columns for name in (column.theirs, column.name)}
    others = [name for name in _wanted(available, source) if name not in known]
    return (Notice(TABLE, f"not taken, as in training: {shortened(others)}"),) if others else ()


def _check_named(available: Sequence[str], source: VectorsSource) -> None:
    named = {
        "include": source.include or (),
        "exclude": source.exclude,
        "kinds": source.kinds,
        "roles": source.roles,
        "units": source.units,
        "groups": source.groups,
        "sensitive": source.sensitive,
        "columns": source.columns.values(),
    }
    for key, names in named.items():
        for name in names:
            if name not in available:
                hint = nearest_word(name, available)
                raise SourceError(f"{TABLE}: {key}: no column {name!r}.{hint} The table has {shortened(available)}")
    for ours, theirs in source.columns.items():
        if ours != CUSTOMER and not is_usable(ours):
            raise SourceError(
                f"{TABLE}: columns: {ours!r} cannot be a name: write up to {LONGEST} letters of a to z, digits and _, "
                "without a digit in front, and none that the readers use themselves, such as customer_id"
            )
        if others := [name for name, column in source.columns.items() if column == theirs and name != ours]:
            raise SourceError(f"{TABLE}: columns: both {ours} and {others[0]} are {theirs!r}; name it once")


def _wanted(available: Sequence[str], source: VectorsSource) -> list[str]:
    customer = source.columns.get(CUSTOMER, CUSTOMER)
    chosen = available if source.include is None else source.include
    return [name for name in available if name in chosen and name not in source.exclude and name != customer]


def _notices(
    columns: VectorColumns, facts: Mapping[str, ColumnFacts], left_out: Mapping[str, str], source: VectorsSource
) -> Iterator[Notice]:
    inferred = [column for column in columns if column.theirs in facts]
    if inferred:
        kinds = "; ".join(
            f"{kind}: {shortened([column.theirs for column in inferred if column.kind is kind])}"
            for kind in Kind
            if any(column.kind is kind for column in inferred)
        )
        yield Notice(TABLE, f"kinds inferred from the values: {kinds}. Another one: `kinds: {{COLUMN: KIND}}`")
    if left_out:
        yield Notice(TABLE, f"left out {_reasons(left_out)}. To take one, write its kind: `kinds: {{COLUMN: KIND}}`")
    renamed = [
        column for column in columns if column.name != column.theirs and column.theirs not in source.columns.values()
    ]
    if renamed:
        pairs = [f"{column.theirs!r:.60} is {column.name}" for column in renamed]
        more = f" and {len(pairs) - LISTED:,} more" if len(pairs) > LISTED else ""
        yield Notice(TABLE, f"renamed: {', '.join(pairs[:LISTED])}{more}")
    yield from _doubts(inferred, facts, left_out)


def _doubts(
    inferred: Sequence[VectorColumn], facts: Mapping[str, ColumnFacts], left_out: Mapping[str, str]
) -> Iterator[Notice]:
    codes = [column.theirs for column in inferred if column.kind is Kind.COUNT and _may_be_codes(facts[column.theirs])]
    if codes:
        yield Notice(
            TABLE,
            f"{shortened(codes)}: whole numbers from 1 to at most {MOST_CODES}; where these are codes, write "
            f"`kinds: {{{codes[0]}: category}}`",
        )
    for column in inferred:
        numbers = facts[column.theirs].numbers
        if column.kind not in (Kind.COUNT, Kind.NUMBER) or numbers is None or len(numbers) < FEWEST_DAYS:
            continue
        if (days := serial_days(numbers[0], numbers[-1])) and numbers[-1] - numbers[0] <= MOST_DAYS:
            yield Notice(
                TABLE,
                f"{column.theirs!r}: numbers from {numbers[0]:,.0f} to {numbers[-1]:,.0f}, as spreadsheets write the "
                f"days from {days.first} to {days.last}; where these are dates, write the days since then, or leave "
                f"the column out, such as by `exclude: [{column.theirs!r}]`",
                True,
            )
    for name in [*(column.theirs for column in inferred), *left_out]:
        if words := facts[name].no_numbers:
            yield Notice(
                TABLE,
                f"{name!r} is not taken as numbers, since some of its values are none, such as {shortened(words[:3])}: "
                f"where these mean missing, write them into `null_values`",
                True,
            )


def _may_be_codes(facts: ColumnFacts) -> bool:
    numbers = facts.numbers
    return numbers is not None and numbers[0] == 1 and len(numbers) == numbers[-1] <= MOST_CODES


def _reasons(left_out: Mapping[str, str]) -> str:
    """The columns that are left out, by reason."""
    reasons = dict.fromkeys(left_out.values())
    return "; ".join(
        f"{shortened([n for n, why in left_out.items() if why == reason])} ({reason})" for reason in reasons
    )
