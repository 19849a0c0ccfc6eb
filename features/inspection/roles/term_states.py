"""The states of subscriptions: terms for which nothing is paid, and those that are over without an end."""

from __future__ import annotations

from collections.abc import Collection

from features.inspection.looks.table_look import TableLook
from features.inspection.looks.text_forms import is_missing
from features.inspection.names.meanings import STATUS_OF
from features.inspection.names.name_words import words_of
from features.inspection.roles.status_rows import CANCELLED, COUNTED, RowCondition, status_column, without_states
from features.inspection.roles.table_proposal import best, is_number, is_text

UNPAID = frozenset(["trial", "trialing", "trialling", "testphase", "incomplete", "draft", "pending", "future"])
_OVER = """
    cancel expired ended terminated churned inactive beendet gekundigt gekuendigt abgelaufen resilie resiliee cancelada
    finalizado disdetto opgezegd
"""
LENGTHS = frozenset(
    ["duration", "length", "laufzeit", "dauer", "duree", "duracion", "durata", "looptijd", "term", "terms"]
)
_PAID = """
    active aktiv live current running laufend renewed renewal renewing renews actif activo activa attivo attiva actief
    enabled
"""
PAID = COUNTED | frozenset(_PAID.split())
OVER = CANCELLED | frozenset(_OVER.split())


def unpaid_terms(look: TableLook) -> RowCondition | None:
    """The condition that leaves out the terms whose state says that nothing is paid, such as trials; None without."""
    column = status_column(look)
    states = [] if column is None else [state for state, _ in column.levels]
    unpaid = _with_words(states, UNPAID)
    if column is None or not unpaid or len(unpaid) == len(states):
        return None
    return RowCondition(without_states(column, unpaid), f"counts {', '.join(sorted({*states} - {*unpaid}))}")


def other_terms(look: TableLook) -> str:
    """That the terms of a state count of which no word says that they are paid, such as paused; empty without one."""
    column = status_column(look)
    states = [] if column is None else [state for state, _ in column.levels]
    others = sorted({*states} - {*_with_words(states, PAID | OVER | UNPAID)})
    return (
        f"rows of {' or '.join(others)} count as well: if nothing is paid then, leave them out by `where`"
        if others
        else ""
    )


def endless_terms(look: TableLook, ended_at: str | None) -> str:
    """That terms are over by their state and have no end, or that neither a state nor a column says when terms end, and
    that they so run on; else empty.
    """
    column = status_column(look)
    if column is None:
        says_nothing = ended_at is None and best(look, STATUS_OF, is_text, ())[1] is None
        return _all_run_on(look) if says_nothing else ""
    states = [state for state, _ in column.levels]
    over = {*_with_words(states, OVER)} - {*_with_words(states, UNPAID)}
    written = [str(state).strip() for state in look.sample[column.name]]
    ends = [None] * len(written) if ended_at is None else look.sample[ended_at]
    pairs = zip(written, ends, strict=True)
    endless = sorted({state for state, end in pairs if state in over and is_missing(str(end))})
    if not endless:
        return ""
    return f"rows of {' or '.join(endless)} have no end, and so run on: write it, or leave them out by `where`"


def _all_run_on(look: TableLook) -> str:
    """That terms run on, as no column says when they end; with the column that may say how long they are."""
    lengths = [column.name for column in look.columns if is_number(column) and LENGTHS & {*words_of(column.name)}]
    remedy = f" {lengths[0]} may say how long they are: write when each ends into a column" if lengths else ""
    return f"no column says when terms end, so all of them run on.{remedy}".rstrip(".")


def _with_words(states: Collection[str], words: Collection[str]) -> list[str]:
    return sorted(state for state in states if {*words} & {*words_of(state)})
