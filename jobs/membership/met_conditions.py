"""Who meets the named conditions of the settings, as the record's tables hold it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analytics.history import MEETS, REST, condition_column
from features.conditions.on_vectors.named_conditions import NamedConditions, named_conditions
from features.conditions.on_vectors.vector_figures import VectorFigures
from segment_model.contract import VectorContract
from segment_model.errors import SettingsError
from training.settings import Settings


def conditions_of(settings: Settings, contract: VectorContract, vectors: VectorFigures) -> NamedConditions:
    """The conditions of the settings, read against vectors; ready-made ones take their numbers from `vectors`.

    Raises
    ------
    SettingsError
        If one cannot be evaluated on the vectors, or reads a sensitive column that the settings do not allow.
    """
    conditions = named_conditions(settings.conditions, contract, vectors)
    for name, columns in conditions.columns.items():
        refuse_sensitive(columns, contract, settings, f"conditions.{name}")
    return conditions


def refuse_sensitive(columns: Iterable[str], contract: VectorContract, settings: Settings, place: str) -> None:
    """Refuse sensitive columns of a condition, unless the settings allow them; place : begins the error.

    Raises
    ------
    SettingsError
        Naming the first of them.
    """
    sensitive = [column for column in sorted(columns) if contract[column].sensitive]
    if sensitive and not settings.discovery.allow_sensitive:
        raise SettingsError(f"{place}: {sensitive[0]!r} is sensitive: leave it out, or set discovery.allow_sensitive")


def condition_texts(frame: pd.DataFrame, conditions: NamedConditions) -> pd.DataFrame:
    """A column of MEETS and REST for each condition (`analytics.history.condition_column`), under the frame's index."""
    texts = {
        condition_column(name): np.where(condition.meets(frame), MEETS, REST)
        for name, condition in conditions.by_name.items()
    }
    return pd.DataFrame(texts, index=frame.index)
