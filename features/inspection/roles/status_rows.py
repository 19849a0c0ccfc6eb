"""Rows that do not count, such as cancelled orders: found by a column of states."""

from __future__ import annotations

import re
from dataclasses import dataclass

from features.inspection.looks.table_look import TableLook
from features.inspection.names.meanings import STATUS_OF
from features.inspection.names.name_words import words_of
from features.inspection.roles.table_proposal import best, is_text

MOST_STATES = 20
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
    text = f"{identifier(name)} not in ({listed})"
    gaps = look[name].present < 1.0  # SQL leaves out a row whose state is missing
    return RowCondition(f"({text} or {identifier(name)} is null)" if gaps else text, f"counts {kept}")


def cancelled_ids(look: TableLook, order_id: str | None) -> RowCondition | None:
    """The condition that leaves out orders whose id is a number behind the letter C; None without such ids."""
    ids = [] if order_id is None else [str(order) for order in look.sample[order_id] if order is not None]
    cancelled = sum(bool(CANCELLED_ID.fullmatch(order)) for order in ids)
    if order_id is None or not 0 < cancelled < MOST_CANCELLED * len(ids):
        return None
    if sum(order.isdigit() for order in ids) + cancelled < PLAIN_IDS * len(ids):
        return None
    return RowCondition(f"{identifier(order_id)} not like 'C%'", "an id such as C1234 is taken for a cancellation")


def quoted(text: str) -> str:
    """A text as the grammar of `where` writes it."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A column's name as the grammar of `where` writes it."""
    return name if name.isidentifier() and name.isascii() and name.islower() else '"' + name.replace('"', '""') + '"'


def _partly(state: str) -> bool:
    return bool({"partially", "partial", "not", "teilweise", "un"} & set(words_of(state)))
