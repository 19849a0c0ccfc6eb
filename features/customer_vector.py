"""Joins the feature groups to one row a customer; owns the names, order, types and null rules of the vector.

The population is every customer with at least one usable row before the as-of moment in any of the tables. Each group
is computed in the engine that holds its table; only its result, one row a customer, comes to Python and is joined here.
A customer without rows in a table has 0 where that is the truth (no orders: frequency 0), and null elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pandera.pandas as pandera

from features import firmographics, rfm, subscriptions, usage
from features.as_of import AsOf
from features.canonical import CanonicalTable, canonical
from features.learned import LearnedFeatures, score_columns
from features.raw_tables import EVENTS, ORDERS, SUBSCRIPTIONS, RawTable
from features.settings import FeatureSettings, Sources, TableSource
from features.sources import Engines, fetch
from segments.contract import Column, Kind, VectorContract
from segments.errors import SettingsError, SourceError, nearest_word

Moment = date | datetime


@dataclass(frozen=True, slots=True)
class CustomerVectors:
    """One row a customer.

    `frame` is indexed by `customer_id` (unique, sorted text) with the contract's columns in order; `report` counts, by
    raw table, the rows read, left out (and why) and used.
    """

    frame: pd.DataFrame
    contract: VectorContract
    learned: LearnedFeatures
    as_of: Moment
    digest: str
    report: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Part:
    """One result of a feature group: an expression with `customer_id`, and the definitions of its other columns."""

    table: ir.Table
    columns: tuple[Column, ...]


def build_vectors(
    sources: Sources,
    settings: FeatureSettings,
    as_of: Moment,
    base: str | Path,
    learned: LearnedFeatures | None = None,
) -> CustomerVectors:
    """Compute the vectors of all customers as of a moment.

    Parameters
    ----------
    as_of
        Only rows strictly before it count; a date is the midnight at which it starts.
    base
        The folder that relative file names count from.
    learned
        Score edges and category names of an earlier build, applied as they are; None learns them from this one.

    Raises
    ------
    SourceError
        If a table cannot be read, breaks its contract, holds a customer twice where one row is promised, or if there
        is no customer at all.
    SettingsError
        If `roles` or `words` name a column that the vector does not have.
    """
    moment = AsOf.at(as_of, settings.time_zone)
    report: dict[str, Mapping[str, int]] = {}
    with Engines(Path(base), settings.time_zone) as engines:
        parts = list(_parts(engines, sources, settings, moment, report))
        frames = [_frame(part) for part in parts]
    contract = _contract(parts, settings)
    frame = _join(frames, contract)
    if frame.empty:
        raise SourceError(f"no customer has a usable row before {as_of}. {_told(report)}")
    rules = learned if learned is not None else LearnedFeatures.learn(frame, contract, settings)
    frame = validated(rules.apply(frame, contract), contract)
    return CustomerVectors(frame, contract, rules, as_of, digest(frame), report)


def schema(contract: VectorContract) -> pandera.DataFrameSchema:
    """The pandera schema of a vector table: unique customers, and each column's type, range and nulls."""
    checks: dict[Kind, list[pandera.Check]] = {
        Kind.NUMBER: [pandera.Check(np.isfinite, name="finite")],
        Kind.COUNT: [pandera.Check.ge(0), pandera.Check(np.isfinite, name="finite")],
        Kind.SHARE: [pandera.Check.in_range(0, 1)],
        Kind.FLAG: [pandera.Check.isin([0.0, 1.0])],
        Kind.CATEGORY: [],
    }
    return pandera.DataFrameSchema(
        {
            c.name: pandera.Column("str" if c.is_category else float, checks[c.kind], nullable=c.nullable)
            for c in contract.columns
        },
        index=pandera.Index("str", unique=True, name="customer_id"),
        strict=True,
        ordered=True,
    )


def validated(frame: pd.DataFrame, contract: VectorContract) -> pd.DataFrame:
    """The frame, if it follows the contract.

    Raises
    ------
    SourceError
        Naming the first column that does not, what it holds and what was expected.
    """
    try:
        return schema(contract).validate(frame)
    except pandera.errors.SchemaError as error:
        column = getattr(error.schema, "name", None)
        if column not in contract.names:
            raise SourceError(f"the vectors break their contract: {str(error).splitlines()[0]}") from error
        cases = error.failure_cases
        example = f", such as {cases['failure_case'].iloc[0]!r}" if isinstance(cases, pd.DataFrame) else ""
        raise SourceError(f"{column}: expected {contract[column].expected}, found other values{example}") from error


def digest(frame: pd.DataFrame) -> str:
    """ "sha256:..." of names, customers and values; the order of the rows does not matter."""
    rows = frame.sort_index()
    total = hashlib.sha256(json.dumps([*rows.columns], ensure_ascii=False).encode())
    total.update(json.dumps(rows.index.tolist(), ensure_ascii=False).encode())
    for name in rows.columns:
        values = rows[name]
        if pd.api.types.is_float_dtype(values.dtype):
            numbers = values.to_numpy(dtype="<f8") + 0.0  # -0.0 is 0.0
            total.update(np.where(np.isnan(numbers), np.nan, numbers).tobytes())
        else:
            total.update(json.dumps([None if pd.isna(v) else v for v in values], ensure_ascii=False).encode())
    return f"sha256:{total.hexdigest()}"


def _parts(
    engines: Engines, sources: Sources, settings: FeatureSettings, as_of: AsOf, report: dict[str, Mapping[str, int]]
) -> Iterator[Part]:
    def read(
        source: TableSource, contract: RawTable, columns: Mapping[str, str], duplicates_dropped: bool = False
    ) -> CanonicalTable:
        table = canonical(engines.open(source, contract.name), contract, columns, as_of, duplicates_dropped)
        report[contract.name] = table.counts
        return table

    if source := sources.orders:
        table = read(source, ORDERS, source.columns, settings.rfm.duplicates == "dropped")
        prepared = rfm.prepare_orders(table, settings.rfm)
        report["orders"], orders = prepared.counts, prepared.table
        discounted = "discount" in orders.columns
        yield Part(rfm.rfm(orders, as_of, settings.rfm), rfm.columns(settings.rfm, settings.currency, discounted))
        if settings.rfm.cdnow_summary:
            yield Part(rfm.cdnow_summary(orders, as_of), rfm.cdnow_columns(settings.currency))
    if source := sources.events:
        events = read(source, EVENTS, source.columns).table
        yield Part(usage.usage(events, as_of), usage.columns(events))
        yield Part(usage.sessions(events, as_of, settings.usage), usage.session_columns())
        if usage.has_features(events):
            yield Part(usage.top_feature(events, as_of), usage.top_feature_columns())
        if "device" in events.columns:
            yield Part(usage.main_device(events, as_of), usage.main_device_columns())
    if source := sources.subscriptions:
        terms = read(source, SUBSCRIPTIONS, source.columns).table
        yield Part(subscriptions.subscriptions(terms, as_of), subscriptions.columns(terms, settings.currency))
        if "plan" in terms.columns:
            yield Part(subscriptions.plan(terms, as_of), subscriptions.plan_columns())
    if customers := sources.customers:
        attributes = customers.attributes
        contract = firmographics.contract(attributes)
        rows = read(customers, contract, firmographics.mapping(customers)).table
        yield Part(firmographics.firmographics(rows, attributes), firmographics.columns(attributes))


def _frame(part: Part) -> pd.DataFrame:
    """Compute a part; its rows by customer.

    Raises
    ------
    SourceError
        If a customer comes twice.
    """
    frame: pd.DataFrame = fetch(part.table, "features").to_pandas()
    frame.index = pd.Index(frame.pop("customer_id").astype("str"), name="customer_id")
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()].unique().sort_values()
        raise SourceError(
            f"customers: {len(twice)} customers have more than one row, such as {', '.join(twice[:3])}; "
            "keep one row each"
        )
    return frame


def _contract(parts: list[Part], settings: FeatureSettings) -> VectorContract:
    columns = [column for part in parts for column in part.columns]
    if settings.rfm.scores and any(column.name == "recency_days" for column in columns):
        columns += score_columns()
    contract = VectorContract(tuple(columns))
    for block, names in (("roles", settings.roles), ("words", settings.words)):
        for name in names:
            if name not in contract.names:
                raise SettingsError(
                    f"features.{block}: no column {name!r} in the vector.{nearest_word(name, contract.names)} "
                    f"It has {', '.join(contract.names)}"
                )
    own = {name: words.model_dump(exclude_none=True) for name, words in settings.words.items()}
    contract = VectorContract(tuple(replace(column, **own.get(column.name, {})) for column in contract.columns))
    return contract.with_roles(settings.roles)


def _join(frames: list[pd.DataFrame], contract: VectorContract) -> pd.DataFrame:
    """All customers of all parts, sorted, with the contract's columns and types."""
    joined = pd.concat(frames, axis=1).rename_axis("customer_id").sort_index().reindex(columns=list(contract.names))
    typed: dict[str, pd.Series[Any]] = {}
    for column in contract.columns:
        values = joined[column.name]
        if column.is_category:
            typed[column.name] = values.astype("str")
        else:
            numbers = values.astype(float)
            typed[column.name] = numbers if column.nullable else numbers.fillna(0.0)
    return pd.DataFrame(typed, index=joined.index.astype("str"), columns=list(contract.names))


def _told(report: Mapping[str, Mapping[str, int]]) -> str:
    """The counts of the raw tables in words."""
    return "; ".join(
        f"{table}: " + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
        for table, counts in report.items()
    )
