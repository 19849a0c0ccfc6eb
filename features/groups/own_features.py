"""Features of the user's own: one aggregate expression a feature, over the usable rows of one table."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from features.as_of import AnyAsOf
from features.conditions.aggregate_expression import figure_expression
from features.conditions.aggregate_parse import parse_aggregate
from features.settings import FeatureSettings, OwnFeature, Sources
from features.tables.raw_tables import EVENTS, RawTable
from segment_model.contract import Column, Kind
from segment_model.errors import SettingsError

CUSTOMER = "customer_id"


def check_tables(settings: FeatureSettings, sources: Sources) -> None:
    """Refuse an own feature, or a count of events, of a table that is not there.

    Raises
    ------
    SettingsError
        Naming the feature and its table.
    """
    wanted: dict[str, str] = {f"features.own.{name}": own.table for name, own in settings.own.items()}
    if settings.usage.counts:
        wanted["features.usage.counts"] = EVENTS.name
    for place, table in wanted.items():
        if getattr(sources, table) is None:
            raise SettingsError(
                f"{place} is made of {table}, and `sources` has no {table}; add it, or leave the feature out"
            )


def of_table(settings: FeatureSettings, table: str) -> dict[str, OwnFeature]:
    """The own features of one table, by name."""
    return {name: own for name, own in settings.own.items() if own.table == table}


def own_features(
    table: ir.Table, contract: RawTable, own: Mapping[str, OwnFeature], as_of: AnyAsOf, time_zone: str
) -> ir.Table:
    """One row a customer: the figure of each own feature; a count without anything to count is 0, else missing.

    Raises
    ------
    SettingsError
        If an expression names a column that the table does not have, or a part takes another kind than it gets.
    """
    columns = _columns_of(table, contract, as_of)
    figures = {
        name: figure_expression(parse_aggregate(feature.expression), table, columns, as_of, time_zone, name)
        for name, feature in own.items()
    }
    aggregates = {label: sum_ for figure in figures.values() for label, sum_ in figure.aggregates.items()}
    sums = table.group_by(CUSTOMER).aggregate(**aggregates)
    finished = {name: figure.finish(sums) for name, figure in figures.items()}
    return sums.select(
        CUSTOMER,
        **{
            name: number.fill_null(0.0) if own[name].kind is Kind.COUNT else number for name, number in finished.items()
        },
    )


def own_columns(own: Mapping[str, OwnFeature]) -> tuple[Column, ...]:
    """What `own_features` computes."""
    return tuple(
        Column(
            name,
            feature.kind,
            feature.role,
            feature.unit,
            feature.group,
            feature.description or f"{feature.expression} of {feature.table}",
            feature.kind is not Kind.COUNT,
            feature.sensitive,
            feature.low,
            feature.high,
            feature.label,
        )
        for name, feature in own.items()
    )


def _columns_of(table: ir.Table, contract: RawTable, as_of: AnyAsOf) -> dict[str, ir.Value]:
    """Our columns of the table; a moment at or after the as-of moment is missing, as it was not known before it."""
    names = [column.name for column in contract.columns if column.name in table.columns and column.name != CUSTOMER]
    columns = {name: table[name] for name in names}
    return {
        name: ibis.ifelse(column < as_of.clock(), column, None) if column.type().is_timestamp() else column
        for name, column in columns.items()
    }
