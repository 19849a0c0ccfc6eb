"""Who meets the named conditions of the settings, as the record's tables hold it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.history import MEETS, REST, condition_column
from features.conditions.on_vectors.named_conditions import NamedConditions, named_conditions
from segment_model.contract import VectorContract
from segment_model.errors import SettingsError
from training.settings import Settings


def conditions_of(settings: Settings, contract: VectorContract, frame: pd.DataFrame) -> NamedConditions:
    """The conditions of the settings, read against vectors; ready-made ones take their numbers from `frame`.

    Raises
    ------
    SettingsError
        If one cannot be evaluated on the vectors, or reads a sensitive column that the settings do not allow.
    """
    conditions = named_conditions(settings.conditions, contract, frame)
    if not settings.discovery.allow_sensitive:
        for name, columns in conditions.columns.items():
            for column in sorted(columns):
                if contract[column].sensitive:
                    raise SettingsError(
                        f"conditions.{name}: {column!r} is sensitive: leave it out, or set discovery.allow_sensitive"
                    )
    return conditions


def condition_texts(frame: pd.DataFrame, conditions: NamedConditions) -> pd.DataFrame:
    """A column of MEETS and REST for each condition (`analytics.history.condition_column`), under the frame's index."""
    texts = {
        condition_column(name): np.where(condition.meets(frame), MEETS, REST)
        for name, condition in conditions.by_name.items()
    }
    return pd.DataFrame(texts, index=frame.index)
