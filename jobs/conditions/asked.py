"""The condition that a person asks for: a name of the settings or of a ready-made one, or a text."""

from __future__ import annotations

import pandas as pd

from features.conditions.on_vectors.named_conditions import NamedConditions
from features.conditions.on_vectors.ready_made import ready_list
from features.conditions.on_vectors.vector_condition import VectorCondition
from features.conditions.on_vectors.vector_figures import FrameFigures
from features.conditions.written import READY
from jobs.membership.met_conditions import conditions_of, refuse_sensitive
from segment_model.contract import VectorContract
from segment_model.errors import SettingsError, nearest_word
from training.settings import Settings

ASKED = "asked"  # the name of a condition that has none


def asked_condition(
    settings: Settings, contract: VectorContract, frame: pd.DataFrame, condition: str
) -> NamedConditions:
    """The one condition, read against vectors; a ready-made one takes its numbers from `frame`.

    A name of the settings comes before that of a column, and that of a column before a ready-made one.

    Raises
    ------
    SettingsError
        If it is neither, cannot be evaluated on the vectors, or reads a sensitive column that the settings do not
        allow.
    """
    asked = condition.strip()
    usable = ready_list(contract, FrameFigures(frame)).usable
    if asked in settings.conditions:
        return _named(settings, contract, frame, asked, settings.conditions[asked])
    if asked in usable and asked not in contract.names:
        return _named(settings, contract, frame, asked, READY)
    if asked.isidentifier() and asked not in contract.names:
        known = [*settings.conditions, *usable]
        listed = f"It is none of {', '.join(known)}, and no column" if known else "There is none, and no such column"
        raise SettingsError(f"no condition {asked!r}.{nearest_word(asked, [*known, *contract.names])} {listed}")
    read = VectorCondition.read(asked, contract, "condition")
    refuse_sensitive(read.columns, contract, settings, "condition")
    return NamedConditions({ASKED: read}, {ASKED: asked})


def _named(settings: Settings, contract: VectorContract, frame: pd.DataFrame, name: str, text: str) -> NamedConditions:
    return conditions_of(settings.model_copy(update={"conditions": {name: text}}), contract, FrameFigures(frame))
