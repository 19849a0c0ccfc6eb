"""Joins the feature groups to one row a customer; owns the names, order, types and null rules of the vector.

The population is every customer with at least one usable row before the as-of moment in any of the tables. Each group
is computed in the engine that holds its table; only its result, one row a customer, comes to Python and is joined here.
A customer without rows in a table has 0 where that is the truth (no orders: frequency 0), and null elsewhere
(see `feature_groups`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pandera

from features.as_of import AsOf
from features.groups.all_groups import Part, contract_of, feature_groups, joined
from features.learned import LearnedFeatures
from features.settings import FeatureSettings, Sources
from features.sources import Engines, fetch
from features.tables.canonical import Tally
from segment_model.contract import Kind, VectorContract
from segment_model.errors import SourceError

Moment = date | datetime


@dataclass(frozen=True, slots=True)
class CustomerVectors:
    """One row a customer.

    `frame` is indexed by `customer_id` (unique, sorted text) with the contract's columns in order; `report` counts, by
    raw table, the rows read, left out (and why) and used; `columns` names those of ours that each raw table had.
    """

    frame: pd.DataFrame
    contract: VectorContract
    learned: LearnedFeatures
    as_of: Moment
    digest: str
    report: Mapping[str, Mapping[str, int]]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
    with Engines(Path(base), settings.time_zone) as engines:
        groups = feature_groups(engines.open, sources, settings, AsOf.at(as_of, settings.time_zone))
        report = {name: _counted(tallies) for name, tallies in groups.tallies.items()}
        frames = [_frame(part) for part in groups.parts]
    contract = contract_of(groups, settings)
    frame = joined(frames, contract)
    if frame.empty:
        raise SourceError(f"no customer has a usable row before {as_of}. {_told(report)}")
    rules = learned if learned is not None else LearnedFeatures.learn(frame, contract, settings)
    frame = validated(rules.apply(frame, contract), contract)
    return CustomerVectors(frame, contract, rules, as_of, digest(frame), report, groups.columns)


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


def _counted(tallies: Sequence[Tally]) -> dict[str, int]:
    """The rows read of a table, and those left out."""
    counts: dict[str, int] = {}
    for tally in tallies:
        counts = tally.told(fetch(tally.sums, tally.what).to_pylist()[0], counts)
    return counts


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


def _told(report: Mapping[str, Mapping[str, int]]) -> str:
    """The counts of the raw tables in words."""
    return "; ".join(
        f"{table}: " + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
        for table, counts in report.items()
    )
