"""Events: when, what happened, with which feature and device."""

from __future__ import annotations

from features.inspection.looks.column_profile import ColumnProfile
from features.inspection.looks.table_look import TableLook
from features.inspection.names.meanings import DEVICE_OF, EVENT_NAME, FEATURE_OF, LIMIT_OF, OCCURRED_AT, QUANTITY_OF
from features.inspection.names.name_words import concepts_of
from features.inspection.names.vocabulary import Concept
from features.inspection.roles.table_proposal import (
    CERTAIN,
    TableProposal,
    best,
    best_moment,
    is_number,
    is_text,
)
from features.inspection.shared_keys import CustomerKey

MOST_NAMES = 1_000  # different names of events or features
GUESS = 0.3  # the least score of a name that only may say the feature


def propose_events(look: TableLook, key: CustomerKey) -> TableProposal | None:
    """The table as events; None without a moment."""
    columns = {"customer_id": key.column}
    dated, occurred_at = best_moment(look, OCCURRED_AT, set(columns.values()))
    if occurred_at is None:
        return None
    columns["occurred_at"] = occurred_at
    checks = {} if dated >= CERTAIN else {"occurred_at": "its name does not say that the event happened then"}
    scores = {}
    for ours, meaning, fits, least in (
        ("device", DEVICE_OF, _is_level, CERTAIN),
        ("name", EVENT_NAME, _is_level, GUESS),
        ("feature", FEATURE_OF, _is_level, GUESS),
        ("allowed", LIMIT_OF, is_number, CERTAIN),
        ("quantity", QUANTITY_OF, is_number, CERTAIN),
    ):
        scores[ours], column = best(look, meaning, fits, set(columns.values()), least)
        if column is not None:
            columns[ours] = column
            if scores[ours] < CERTAIN:
                checks[ours] = f"is {column} the {ours} of an event?"
    if look[key.column].is_unique:
        dated -= 0.5
    stem = 0.7 if Concept.EVENT in concepts_of(look.stem) else 0.0
    if "name" not in columns and "feature" not in columns and not stem:
        checks["occurred_at"] = "no column says what happened then: is each row an event?"
    score = dated + 0.7 * scores["name"] + 0.3 * scores["feature"] + 0.4 * scores["device"] + stem
    return TableProposal("events", look, columns, score, checks=checks)


def _is_level(column: ColumnProfile) -> bool:
    return is_text(column) and 0 < column.distinct <= MOST_NAMES and not (column.is_unique and column.rows > MOST_NAMES)
