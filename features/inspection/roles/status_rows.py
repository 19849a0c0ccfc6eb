"""Rows that do not count, such as cancelled orders: found by a column of states."""

from __future__ import annotations

import re
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
COUNTED = frozenset(
    ["paid", "captured", "success", "successful", "succeeded", "completed", "valid", "bezahlt", "erfolgreich"]
)
CANCELLED_ID = re.compile(r"C\d+", re.ASCII)
MOST_CANCELLED, PLAIN_IDS = 0.4, 0.95  # shares of the ids
_WORDS = """
    cancelled canceled cancel void voided failed failure declined rejected refused expired abandoned draft
    pending unpaid refunded returned incomplete uncollectible chargeback error test open disputed storniert
    storno abgebrochen offen entwurf fehlgeschlagen erstattet abgelehnt mahnung annule annulee echouee
    remboursee rembourse cancelado cancelada anulado anulada pendiente reembolsado annullato annullata
    rimborsato geannuleerd mislukt terugbetaald cancellata
"""
NOT_COUNTED = frozenset(_WORDS.split())


@dataclass(frozen=True, slots=True)
class RowCondition:
    """A condition in the grammar of `where`, and why it is proposed."""

    text: str
    reason: str


def status_condition(look: TableLook) -> RowCondition | None:
    """The condition that leaves out the rows whose state says that they do not count; None without such rows."""
    _, name = best(look, STATUS_OF, is_text, ())
    if name is None or not 1 < len(look[name].levels) <= MOST_STATES:
        return None
    states = [state for state, _ in look[name].levels]
    bad = sorted(state for state in states if NOT_COUNTED & set(words_of(state)) and not _partly(state))
    if not bad or len(bad) == len(states):
        return None
    listed = ", ".join(quoted(state) for state in bad)
    kept = ", ".join(sorted(set(states) - set(bad)))
    text = f"{written_name(name)} not in ({listed})"
    gaps = look[name].present < 1.0  # SQL leaves out a row whose state is missing
    return RowCondition(f"({text} or {written_name(name)} is null)" if gaps else text, f"counts {kept}")


def flag_conditions(look: TableLook) -> list[RowCondition]:
    """For columns such as is_cancelled or is_paid, the conditions that keep the rows that count."""
    conditions = []
    for column in look.columns:
        words = set(words_of(column.name))
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


def _partly(state: str) -> bool:
    return bool({"partially", "partial", "not", "teilweise", "un"} & set(words_of(state)))
