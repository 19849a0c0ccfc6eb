"""Finds the column of each table that identifies the customer: by its name, and by the values that tables share."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from features.inspection.looks.column_profile import ColumnProfile, ColumnType
from features.inspection.looks.table_look import TableLook
from features.inspection.names.meanings import ANY_KEY, BEARER_KEY, CUSTOMER_KEY
from features.inspection.names.name_words import concepts_of, printable, says_nothing
from features.inspection.names.vocabulary import Concept
from features.joining.id_rules import CUSTOMER, under_id_rules
from features.settings import IdSettings
from features.sources import fetch
from features.tables.raw_tables import RawType
from features.tables.typed_columns import read_column
from features.text.rules import TextRules
from segment_model.errors import SourceError

MOST_CANDIDATES = 4  # of a table
BY_VALUES = 0.15  # score of a column whose name says nothing and whose values could be keys
FEW_LEVELS = 20  # different values, of which there are more customers
FEW_TABLES = 6  # of which every combination of candidates is tried
PLAIN_NAME = 0.8  # score of a name that hardly can mean anything else
LISTED = 12  # columns in a message
MEETING = 0.5  # how much shared ids count beside names: numbers from 1 on meet by chance
MOST_VALUES = 2_000_000  # of a column that are compared with those of other tables
OWN_ROWS = 1.25  # how much more a column counts that differs in each row of a file about customers,
OF_ROWS = 0.9  # and one that is only called "id" in another file: it may be that of the row
SHORTEST_NUMBER = 7  # digits of a telephone or a card
OVERLAP = 0.5  # the share of the smaller side from which tables are taken to meet

AS_WRITTEN = IdSettings()
OTHER_WRITINGS = (
    IdSettings(leading_zeros="strip"),
    IdSettings(case="fold"),
    IdSettings(case="fold", leading_zeros="strip"),
)

Pair = tuple[int, str, int, str]


@dataclass(frozen=True, slots=True)
class CustomerKey:
    """The customer column of a table; `shared` is the share of its ids that another table has, None without others."""

    column: str
    score: float
    shared: float | None = None


def meeting_keys(looks: Sequence[TableLook]) -> tuple[tuple[CustomerKey | None, ...], IdSettings]:
    """The customer columns, and the rules by which their ids meet: as they are written, else without zeros or case.

    Raises
    ------
    SourceError
        As `customer_keys`, if the ids of two tables meet under no rules.
    """
    try:
        return customer_keys(looks), AS_WRITTEN
    except SourceError as error:
        for ids in OTHER_WRITINGS:
            try:
                return customer_keys(looks, ids), ids
            except SourceError:
                continue  # the first error names the ids as they are written
        raise error


def customer_keys(looks: Sequence[TableLook], ids: IdSettings = AS_WRITTEN) -> tuple[CustomerKey | None, ...]:
    """The customer column of each table; None for one that has none, or none that other tables confirm.

    ids : the rules by which ids are one customer's.

    Raises
    ------
    SourceError
        If no table has such a column, or two tables have one and share no ids.
    """
    most = MOST_CANDIDATES if len(looks) <= FEW_TABLES else 2
    candidates = [_candidates(look, most) for look in looks]
    if not any(candidates):
        listed = ", ".join(column.name for look in looks for column in look.columns[:LISTED])
        raise SourceError(
            f"{looks[0].file}: no column says whose row it is, such as customer_id or email. Found {printable(listed)}"
        )
    shares = _shares(looks, candidates, ids)
    options: list[list[str | None]] = [[*sorted(names)] or [None] for names in candidates]
    chosen = max(itertools.product(*options), key=lambda names: _worth(names, candidates, shares))
    keys = tuple(_key(place, chosen, candidates, shares) for place in range(len(looks)))
    _check_shared(looks, keys)
    return tuple(None if key is not None and key.shared == 0 else key for key in keys)


def key_score(column: ColumnProfile, stem: str) -> float:
    """How well a column of a file could say whose row it is, from 0 to 1."""
    if not column.is_key_like:
        return 0.0
    score = CUSTOMER_KEY.score(column.name) * (OWN_ROWS if _has_own_rows(column, stem) else 1.0)
    if column.distinct < 2 and column.rows > 1:  # a single customer, where the name says so
        return score if score >= PLAIN_NAME else 0.0
    score = max(score, ANY_KEY.score(column.name) * _own_id(column, stem), _of_bearer(column))
    if not score and says_nothing(column.name) and column.distinct >= min(FEW_LEVELS, max(3, 0.1 * column.rows)):
        score = _by_values(column)
    if not score and concepts_of(column.name) == {Concept.NAME} and column.distinct == column.rows:
        score = BY_VALUES  # a name that nobody else has
    few = column.distinct < FEW_LEVELS and column.distinct < 0.05 * column.rows
    return score * (0.3 if few else 1.0)


def _by_values(column: ColumnProfile) -> float:
    """The score of a column whose name says nothing: repeated texts, then what differs in each row, then numbers."""
    repeats = column.distinct < 0.9 * column.rows
    if column.type is ColumnType.NUMBER:
        return BY_VALUES / 2 if repeats or column.distinct == column.rows else 0.0
    return BY_VALUES * (1.0 if repeats else 0.9 if column.distinct == column.rows else 0.8)


def _of_bearer(column: ColumnProfile) -> float:
    """The score of the number of a card or telephone; a short number such as that of calls counts something."""
    is_number = column.longest >= SHORTEST_NUMBER or Concept.KEY in concepts_of(column.name)
    return BEARER_KEY.score(column.name) if is_number else 0.0


def _own_id(column: ColumnProfile, stem: str) -> float:
    """How much a column that is only called "id" counts, by what the file is about and whether it repeats."""
    concepts = concepts_of(stem)
    if Concept.CUSTOMER in concepts:
        return 2.0 * (OWN_ROWS if _has_own_rows(column, stem) else 1.0)
    of_what_customers_do = column.is_unique and {Concept.ORDER, Concept.EVENT} & concepts
    if {Concept.PRODUCT, Concept.LINE} & concepts or of_what_customers_do:
        return 0.0
    return OF_ROWS if column.is_unique else 1.0


def _has_own_rows(column: ColumnProfile, stem: str) -> bool:
    """Whether each customer has one row, in a file that is about customers."""
    return column.is_unique and Concept.CUSTOMER in concepts_of(stem)


def _candidates(look: TableLook, most: int) -> dict[str, float]:
    scored = {column.name: score for column in look.columns if (score := key_score(column, look.stem))}
    best = sorted(scored.items(), key=lambda entry: (-entry[1], -look[entry[0]].distinct, entry[0]))
    return dict(best[:most])


def _check_shared(looks: Sequence[TableLook], keys: Sequence[CustomerKey | None]) -> None:
    """Refuse a table whose name of the customer column is plain, and whose ids no other table has."""
    for look, key in zip(looks, keys, strict=True):
        if key is not None and key.shared == 0 and key.score > BY_VALUES:
            file, column = next((o.file, k.column) for o, k in zip(looks, keys, strict=True) if o is not look and k)
            raise SourceError(
                f"{look.file} ({key.column}) and {file} ({column}) share no ids: name files about the same customers, "
                "or one of them alone"
            )


def _shares(
    looks: Sequence[TableLook], candidates: Sequence[Mapping[str, float]], ids: IdSettings
) -> dict[Pair, float]:
    """For each pair of candidate columns of two tables, how many of the smaller one's values both have."""
    if len(looks) < 2:
        return {}
    step = (
        1
        + max(look[name].distinct for look, names in zip(looks, candidates, strict=True) for name in names)
        // MOST_VALUES
    )
    values = {
        (place, name): _values(look, name, step, ids)
        for place, (look, names) in enumerate(zip(looks, candidates, strict=True))
        for name in names
    }
    shares: dict[Pair, float] = {}
    for (a, mine), (b, theirs) in itertools.combinations(values, 2):
        if a != b:
            shares[a, mine, b, theirs] = _share(values[a, mine], values[b, theirs])
    return shares


def _values(look: TableLook, name: str, step: int, ids: IdSettings) -> pa.Array:
    """The different values of a column as text; of very many, the same part in every table."""
    reading = read_column(look.table[name], RawType.KEY, TextRules(), name, look.file)
    written = look.table.select(**{CUSTOMER: reading.column.cast("string")})
    keys = under_id_rules(written, ids).rename(key=CUSTOMER)
    keys = keys.filter(keys.key.notnull()).distinct()
    if step > 1:
        keys = keys.filter(keys.key.hash() % step == 0)
    return fetch(keys, look.file).column("key").combine_chunks()


def _share(a: pa.Array, b: pa.Array) -> float:
    smaller, larger = sorted((a, b), key=len)
    return pc.sum(pc.is_in(smaller, value_set=larger)).as_py() / len(smaller) if len(smaller) else 0.0


def _share_of(shares: Mapping[Pair, float], a: int, mine: str | None, b: int, theirs: str | None) -> float:
    if mine is None or theirs is None:
        return 0.0
    return shares[a, mine, b, theirs] if a < b else shares[b, theirs, a, mine]


def _worth(
    names: Sequence[str | None], candidates: Sequence[Mapping[str, float]], shares: Mapping[Pair, float]
) -> float:
    own = sum(candidates[place][name] for place, name in enumerate(names) if name is not None)
    pairs = itertools.combinations(range(len(names)), 2)
    return own + MEETING * sum(_share_of(shares, a, names[a], b, names[b]) for a, b in pairs)


def _key(
    place: int, names: Sequence[str | None], candidates: Sequence[Mapping[str, float]], shares: Mapping[Pair, float]
) -> CustomerKey | None:
    name = names[place]
    if name is None:
        return None
    others = [other for other, theirs in enumerate(names) if other != place and theirs is not None]
    shared = max((_share_of(shares, place, name, other, names[other]) for other in others), default=None)
    return CustomerKey(name, candidates[place][name], shared)
