"""Rows that do not count, such as cancelled orders: found by a column of states or of kinds of rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from features.conditions.written import written_name
from features.grammar.numbers import read_number
from features.inspection.looks.column_profile import ColumnProfile, ColumnType
from features.inspection.looks.table_look import TableLook
from features.inspection.looks.text_forms import is_missing
from features.inspection.names.meanings import KIND_OF, STATUS_OF
from features.inspection.names.name_words import concepts_of, words_of
from features.inspection.names.vocabulary import Concept
from features.inspection.roles.table_proposal import best, is_text
from segment_model.sql_text import quoted

MOST_STATES = 20
WON = frozenset(["won", "gewonnen", "gagne", "gagnee", "ganado", "ganada"])  # of a deal, which is no purchase before
_COUNTED = """
    paid captured success successful succeeded completed complete valid bezahlt erfolgreich payee paye pagado pagada
    pagato betaald
"""
COUNTED = WON | frozenset(_COUNTED.split())
CANCELLED_ID = re.compile(r"C\d+", re.ASCII)
MOST_CANCELLED, PLAIN_IDS = 0.4, 0.95  # shares of the ids
_WORDS = """
    cancelled canceled cancel void voided failed failure declined rejected refused expired abandoned draft
    pending unpaid refunded returned incomplete uncollectible chargeback error test open disputed storniert
    storno abgebrochen offen entwurf fehlgeschlagen erstattet abgelehnt mahnung annule annulee echouee
    remboursee rembourse cancelado cancelada anulado anulada pendiente reembolsado annullato annullata
    rimborsato geannuleerd mislukt terugbetaald cancellata lost verloren perdu perdue perdido perdida due overdue
    unbezahlt return returns refund refunds reversal retoure retouren ruckgabe rueckgabe retour retours devolucion
    rimborso reso
"""
NOT_COUNTED = frozenset(_WORDS.split())
_SOLD = """
    sale sales sold purchase purchases order orders verkauf verkaufe verkaeufe kauf vente ventes achat venta ventas
    compra compras vendita vendite acquisto verkoop aankoop
"""
SOLD = frozenset(_SOLD.split())  # of a kind of row beside returns; a state such as "order" says nothing of its payment
GROUPING = frozenset(
    ["category", "categories", "kategorie", "categoria", "group", "class", "klasse", "band", "bracket"]
)  # no kind of row
DIRECTIONS = frozenset(
    frozenset(pair.split())
    for pair in (
        *("d c", "dr cr", "db cr", "debit credit", "debet credit", "s h", "soll haben", "in out", "af bij"),
        *("incoming outgoing", "eingang ausgang", "earn burn", "earned spent", "deposit withdrawal", "+ -"),
    )
)
CANCELLED = frozenset(
    ["cancelled", "canceled", "void", "voided", "storniert", "storno", "annule", "annulee", "cancelado", "anulado"]
)
REGIONS = frozenset(["state", "estado", "stato"])  # may be one of a country
NEGATIONS = frozenset(["not", "un", "non", "nicht", "no"])


@dataclass(frozen=True, slots=True)
class RowCondition:
    """A condition in the grammar of `where`, and why it is proposed."""

    text: str
    reason: str


def row_conditions(look: TableLook, money: str) -> tuple[list[RowCondition], str]:
    """The conditions that leave out the rows whose state or kind says that they do not count; and a doubt.

    money : the column of the money. The doubt says that the rows of every state, or of every kind, count, where no
    word of them is known; it is empty without such a column.
    """
    state, kind = status_column(look), _kind_column(look)
    columns = [*([] if state is None else [state]), *filter(_tells_both, look.columns)]
    named = next((condition for column in columns if (condition := _condition_on(look, column, money))), None)
    conditions = flag_conditions(look) if named is None else [named]
    if state is not None and (conditions or REGIONS & set(words_of(state.name))):
        state = None
    if kind is not None and (of_kind := _condition_on(look, kind, money)):
        return [*conditions, *([] if of_kind in conditions else [of_kind])], _all_count(state)
    return conditions, _all_count(state if kind is None else kind)


def _all_count(column: ColumnProfile | None) -> str:
    """That the rows of every level of a column count; empty without one."""
    return f"every {column.name} counts: {', '.join(sorted(state for state, _ in column.levels))}" if column else ""


def status_column(look: TableLook) -> ColumnProfile | None:
    """The column of few states, by its name; None without one."""
    _, name = best(look, STATUS_OF, is_text, ())
    return look[name] if name is not None and 1 < len(look[name].levels) <= MOST_STATES else None


def _kind_column(look: TableLook) -> ColumnProfile | None:
    """The column that says of each row what it is, such as a transaction type, or debit or credit; None without one."""
    for column in look.columns:
        levels = frozenset(level.strip().lower() for level, _ in column.levels)
        if is_text(column) and levels in DIRECTIONS:
            return column
    _, name = best(look, KIND_OF, is_text, ())
    return look[name] if name is not None and _names_kinds(look[name]) else None


def _names_kinds(column: ColumnProfile) -> bool:
    """Whether a column of few levels says a kind of row; not a way of paying, or a group of what is sold."""
    is_of_rows = Concept.PAID not in concepts_of(column.name) and not GROUPING & set(words_of(column.name))
    return is_of_rows and 1 < len(column.levels) <= MOST_STATES


def _tells_both(column: ColumnProfile) -> bool:
    """Whether the states of a column say of rows that they count and of others that they do not, whatever its name."""
    states = [state for state, _ in column.levels]
    if not is_text(column) or len(states) > MOST_STATES or not any(map(_is_bad, states)):
        return False
    return any(_counts(state) or SOLD & set(words_of(state)) for state in states)


def _condition_on(look: TableLook, column: ColumnProfile, money: str) -> RowCondition | None:
    """The condition on a column of states; None where they all count, or the sign of the money says it as well."""
    states = [state for state, _ in column.levels]
    name = written_name(column.name)
    if won := sorted(state for state in states if WON & set(words_of(state)) and _counts(state)):
        return RowCondition(f"{name} in ({', '.join(map(quoted, won))})", f"counts {', '.join(won)}")
    bad = sorted(state for state in filter(_is_bad, states) if not _is_negative(look, column.name, state, money))
    if not bad or len(bad) == len(states):
        return None
    kept = ", ".join(sorted(set(states) - set(bad)))
    return RowCondition(without_states(column, bad), f"counts {kept}")


def _is_negative(look: TableLook, column: str, state: str, money: str) -> bool:
    """Whether all money beside a state is negative: then a convention for refunds decides on it."""
    if not look[money].negative:
        return False
    beside = zip(look.sample[column], look.sample[money], strict=True)
    return all(
        is_missing(text := str(cell)) or (read_number(text, look.decimal) or 0) <= 0
        for own, cell in beside
        if str(own).strip() == state
    )


def without_states(column: ColumnProfile, states: Sequence[str]) -> str:
    """The condition that leaves out states; SQL leaves out a row whose state is missing, too."""
    name = written_name(column.name)
    text = f"{name} not in ({', '.join(map(quoted, states))})"
    return f"({text} or {name} is null)" if column.present < 1.0 else text


def flag_conditions(look: TableLook) -> list[RowCondition]:
    """For columns such as is_cancelled, is_paid or cancelled_at, the conditions that keep the rows that count."""
    conditions = []
    for column in look.columns:
        words = set(words_of(column.name))
        if CANCELLED & words and _marks_rows(column):
            text = f"{written_name(column.name)} is null"
            conditions.append(RowCondition(text, f"leaves out the rows in which {column.name} is filled"))
        if not _is_mixed_flag(column) or Concept.MOMENT in concepts_of(column.name):
            continue
        name = written_name(column.name)
        gaps = f" or {name} is null" if column.present < 1.0 else ""
        if NOT_COUNTED & words:
            text = f"(not {name}{gaps})" if gaps else f"not {name}"
            conditions.append(RowCondition(text, f"leaves out the rows of {column.name}"))
        elif COUNTED & words:
            conditions.append(RowCondition(f"({name}{gaps})" if gaps else name, f"counts the rows of {column.name}"))
    return conditions


def _marks_rows(column: ColumnProfile) -> bool:
    """Whether a column holds dates, or one mark such as X, in a part of the rows."""
    is_mark = is_text(column) and column.distinct == 1
    return 0.0 < column.present < 1.0 and (is_mark or column.type is ColumnType.MOMENT)


def _is_mixed_flag(column: ColumnProfile) -> bool:
    """Whether a column holds yes and no, and both of them."""
    numbers = column.type is ColumnType.NUMBER and set(column.numbers) == {0.0, 1.0}
    return numbers or (column.type is ColumnType.FLAG and column.distinct > 1)


def cancelled_ids(look: TableLook, order_id: str | None) -> RowCondition | None:
    """The condition that leaves out orders whose id is a number behind the letter C; None without such ids."""
    ids = [] if order_id is None else [str(order) for order in look.sample[order_id] if order is not None]
    cancelled = sum(bool(CANCELLED_ID.fullmatch(order)) for order in ids)
    if order_id is None or not 0 < cancelled < MOST_CANCELLED * len(ids):
        return None
    if sum(order.isdigit() for order in ids) + cancelled < PLAIN_IDS * len(ids):
        return None
    return RowCondition(f"{written_name(order_id)} not like 'C%'", "an id such as C1234 is taken for a cancellation")


def _counts(state: str) -> bool:
    """Whether a state says that money came in."""
    return bool(COUNTED & set(words_of(state))) and not NEGATIONS & set(words_of(state))


def _is_bad(state: str) -> bool:
    """Whether a state says that a row does not count: cancelled, or not paid."""
    words = set(words_of(state))
    if NEGATIONS & words:
        return bool(COUNTED & words)
    return bool(NOT_COUNTED & words) and not {"partially", "partial", "teilweise"} & words
