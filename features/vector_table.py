"""The table of customer vectors: values, schema and digest.

This module imports no engine, so that reading a vector file needs none.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pandera

from features.learned import LearnedFeatures
from features.notices import Notice
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SourceError, counted, shown

Moment = date | datetime
DIGESTED = 100_000  # rows whose ids are text for the digest at a time
NO_FAULTS = frozenset({"rows", "used", "not_before_as_of", "left_out_by_where"})  # counts of a raw table
PLURAL = re.compile(r"\b(row|refund|amount|duplicate|value|customer|guest|id|moment|number)s\b")  # nouns of counts
REMEDIES = {
    Kind.SHARE: ". What is no share of a whole is declared as `kind: number`",
    Kind.COUNT: ". What may be negative is declared as `kind: number`",
    Kind.FLAG: ". More than two answers are declared as `kind: category`",
}


class IdType(StrEnum):
    """What customer ids are in the table that they come from."""

    TEXT = "text"
    INTEGER = "integer"


@dataclass(frozen=True, slots=True)
class CustomerVectors:
    """One row a customer.

    `frame` is indexed by `customer_id` (unique, sorted text) with the contract's columns in order; `report` counts, by
    raw table, the rows read, left out (and why) and used; `columns` lists which of our columns each raw table has;
    `notices` are assumptions and warnings; `id_type` is the type in which ids are written. `as_of` is None where no
    table has dates.
    """

    frame: pd.DataFrame
    contract: VectorContract
    learned: LearnedFeatures
    as_of: Moment | None
    digest: str
    report: Mapping[str, Mapping[str, int]]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    id_type: IdType = IdType.TEXT

    @property
    def customers(self) -> int:
        """Their number."""
        return len(self.frame)

    @property
    def moment(self) -> str:
        """The as-of moment in words, such as " as of 2026-07-01"; empty where no table has dates."""
        return "" if self.as_of is None else f" as of {self.as_of.isoformat()}"

    @property
    def doubts(self) -> tuple[str, ...]:
        """What may be wrong with the raw tables, in sentences."""
        return tuple(f"{notice.table}: {notice.text}" for notice in self.notices if notice.warning)

    @property
    def notes(self) -> tuple[str, ...]:
        """How many rows and numbers of the raw tables do not count, and the notices, in sentences."""
        return (*read_with_faults(self.report), *(notice.line for notice in self.notices))


def counts_in_words(counts: Mapping[str, int]) -> str:
    """The counts of a raw table's rows: "1,200 rows, 1 refund dropped, 1,199 used"."""
    words = {kind: kind.replace("_", " ") for kind in counts}
    return ", ".join(counted(count, PLURAL.sub(r"\1", words[kind]), words[kind]) for kind, count in counts.items())


def no_customer_error(
    as_of: Moment | None, report: Mapping[str, Mapping[str, int]], notices: Iterable[Notice]
) -> SourceError:
    """That no row makes a customer, with the counts of the raw tables and the warnings among the notices."""
    before = "" if as_of is None else f" before {as_of}"
    counts = "; ".join(f"{table}: {counts_in_words(of_table)}" for table, of_table in report.items())
    warnings = "".join(f". {notice.line}" for notice in notices if notice.warning)
    return SourceError(f"no customer has a usable row{before}. {counts}{warnings}")


def read_with_faults(report: Mapping[str, Mapping[str, int]]) -> tuple[str, ...]:
    """A sentence a raw table of which rows, or numbers in them, do not count: "orders: of 9 rows, 1 refund dropped".

    report : row counts of each raw table. Rows that a person left out, and those of later, are no fault.
    """
    sentences = []
    for table, counts in report.items():
        faults = {kind: count for kind, count in counts.items() if count and kind not in NO_FAULTS}
        if faults and "rows" in counts:
            sentences.append(f"{table}: of {counted(counts['rows'], 'row')}, {counts_in_words(faults)}")
    return tuple(sentences)


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
        return schema(contract).validate(frame, inplace=True)  # nothing is changed; else all values are copied
    except (pandera.errors.SchemaError, pandera.errors.SchemaErrors) as error:
        column = getattr(error.schema, "name", None)
        if column not in contract.names:
            raise SourceError(f"the vectors break their contract: {_fault_of_table(frame, contract)}") from error
        raise SourceError(f"{column}: {_fault(error.failure_cases, contract[column])}") from error


def _fault_of_table(frame: pd.DataFrame, contract: VectorContract) -> str:
    """What is wrong with the ids or the set of columns."""
    if twice := sorted({shown(name) for name in frame.index[frame.index.duplicated()]}):
        return f"{counted(len(twice), 'customer has', 'customers have')} more than one row, such as {twice[0]}"
    if list(map(str, frame.columns)) != list(contract.names):
        return f"they have the columns {', '.join(map(str, frame.columns))}; expected {', '.join(contract.names)}"
    return "expected text as customer_id in every row"


def _fault(cases: object, column: Column) -> str:
    """What was expected of a column, the first of the values that came instead, and the remedy."""
    if not isinstance(cases, pd.DataFrame):  # the type of the whole column is wrong
        return f"expected {column.expected}, which is not what the column holds"
    refused, mend = cases["failure_case"].iloc[0], REMEDIES.get(column.kind, "")
    holds = counted(len(cases), "other value")
    return f"expected {column.expected_instead_of(refused)}; it holds {holds}, such as {shown(refused)}{mend}"


def digest(frame: pd.DataFrame) -> str:
    """ "sha256:..." of names, customers and values; the order of the rows does not matter."""
    rows = frame.sort_index()
    starts = range(0, max(len(rows), 1), DIGESTED)
    ids = (rows.index[start : start + DIGESTED] for start in starts)
    columns = ((rows[name].iloc[start : start + DIGESTED] for start in starts) for name in rows.columns)
    return digest_of_parts([*rows.columns], ids, columns)


def digest_of_parts(names: Sequence[str], ids: Iterable[pd.Index], columns: Iterable[Iterable[pd.Series[Any]]]) -> str:
    """The `digest` of rows that come in parts and in the order of their ids: first all ids, then column by column.

    Few rows are in memory as text at a time, however many there are.
    """
    total = hashlib.sha256(_json(names).encode())
    _add_list(total, (part.tolist() for part in ids))
    for parts in columns:
        first = next(iterator := iter(parts), None)
        if first is None:
            continue
        whole = chain([first], iterator)
        if pd.api.types.is_float_dtype(first.dtype):
            for part in whole:
                numbers = part.to_numpy(dtype="<f8") + 0.0  # -0.0 is 0.0
                total.update(np.where(np.isnan(numbers), np.nan, numbers).tobytes())
        else:
            _add_list(total, ([None if pd.isna(v) else v for v in part] for part in whole))
    return f"sha256:{total.hexdigest()}"


def _add_list(total: hashlib._Hash, parts: Iterable[list[Any]]) -> None:
    """The JSON of the list of all parts."""
    total.update(b"[")
    separator = b""
    for part in parts:
        if part:
            total.update(separator + _json(part)[1:-1].encode())
            separator = b", "
    total.update(b"]")


def _json(values: Sequence[Any]) -> str:
    return json.dumps(values, ensure_ascii=False)
