"""Rows that do not count, such as cancelled orders: found by a column of states."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from features.conditions.written import written_name
from features.inspection.looks.column_profile import ColumnProfile, ColumnType
from features.inspection.looks.table_look import TableLook
from features.inspection.names.meanings import STATUS_OF
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
    unbezahlt
"""
NOT_COUNTED = frozenset(_WORDS.split())
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


def status_condition(look: TableLook) -> RowCondition | None:
    """The condition that leaves out the rows whose state says that they do not count; None without such rows."""
    named = status_column(look)
    columns = [*([] if named is None else [named]), *filter(_tells_both, look.columns)]
    return next((condition for column in columns if (condition := _condition_on(column))), None)


def all_states_count(look: TableLook) -> str:
    """That the rows of every state count, where no word of them is known; empty without a column of states."""
    column = status_column(look)
    if column is None or REGIONS & set(words_of(column.name)):
        return ""
    return f"every {column.name} counts: {', '.join(sorted(state for state, _ in column.levels))}"


def status_column(look: TableLook) -> ColumnProfile | None:
    """The column of few states, by its name; None without one."""
    _, name = best(look, STATUS_OF, is_text, ())
    return look[name] if name is not None and 1 < len(look[name].levels) <= MOST_STATES else None


def _tells_both(column: ColumnProfile) -> bool:
    """Whether the states of a column say of rows that they count and of others that they do not, whatever its name."""
    states = [state for state, _ in column.levels]
    return is_text(column) and len(states) <= MOST_STATES and any(map(_counts, states)) and any(map(_is_bad, states))


def _condition_on(column: ColumnProfile) -> RowCondition | None:
    states = [state for state, _ in column.levels]
    name = written_name(column.name)
    if won := sorted(state for state in states if WON & set(words_of(state)) and _counts(state)):
        return RowCondition(f"{name} in ({', '.join(map(quoted, won))})", f"counts {', '.join(won)}")
    bad = sorted(filter(_is_bad, states))
    if not bad or len(bad) == len(states):
        return None
    kept = ", ".join(sorted(set(states) - set(bad)))
    return RowCondition(without_states(column, bad), f"counts {kept}")


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
