"""Every column that the features can compute: for the documentation, and for people who write `roles`."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.groups import rfm, subscriptions, usage
from features.scores.score_columns import score_columns
from features.settings import FeatureSettings
from features.tables.raw_tables import EVENTS, SUBSCRIPTIONS, RawTable, RawType
from segment_model.contract import Column


def every_column(settings: FeatureSettings | None = None) -> tuple[Column, ...]:
    """The columns of all groups when the raw tables have all their columns; attributes are the user's own."""
    chosen = settings or FeatureSettings()
    events, terms = _full(EVENTS), _full(SUBSCRIPTIONS)
    return (
        *rfm.columns(chosen.rfm, chosen.currency, discounted=True),
        *score_columns(chosen.rfm.score_edges),
        *rfm.cdnow_columns(chosen.rfm, chosen.currency),
        *usage.columns(events, chosen.usage),
        *usage.session_columns(),
        *usage.top_feature_columns(),
        *usage.main_device_columns(),
        *subscriptions.columns(terms, chosen.currency),
        *subscriptions.plan_columns(),
    )


def _full(contract: RawTable) -> ir.Table:
    """A table of no engine with every column of the contract."""
    types = {RawType.NUMBER: "float64", RawType.MOMENT: "timestamp"}
    return ibis.table({column.name: types.get(column.type, "string") for column in contract.columns}, contract.name)
