"""The raw tables of a company, opened and converted once: vectors as of any moment, and dated rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import ibis.expr.types as ir
import pandas as pd

from features.as_of import AnyAsOf, AsOf, LaterAsOf
from features.computed_parts import RowsRead, customers_of, part_frame, read_again, rows_read
from features.groups.all_groups import FeatureGroups, contract_of, groups_of, joined
from features.groups.opened_tables import OpenedTables, open_tables
from features.history.dated_rows import DATED, dated_rows
from features.history.exposures import open_exposures
from features.history.part_programs import PartPrograms
from features.history.temporary_tables import TemporaryTables
from features.joining.population import Early, left_out, who_is_left_out
from features.joining.table_customers import NO_IDS, TableCustomers
from features.learned import LearnedFeatures
from features.reading.spark_tables import SparkTables
from features.settings import FeatureSettings, Sources
from features.sources import Engines
from features.tables.canonical import CanonicalTable
from features.tables.raw_tables import CUSTOMERS, EXPERIMENTS
from segment_model.contract import VectorContract

KNOWN_AT = "known_at"
NO_CONDITIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class PastVectors:
    """The vectors as of a moment: `frame` is that of `features.vector_table.CustomerVectors`, and may be empty.

    report : row counts of each raw table, until the moment until which the tables were opened.
    """

    frame: pd.DataFrame
    contract: VectorContract
    report: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class TableHistory:
    """The usable rows before a moment, and what was counted of all rows.

    `temporary` makes tables beside them. exposures : the rows of the table of experiments, where they were asked for.
    """

    sources: Sources
    settings: FeatureSettings
    learned: LearnedFeatures
    opened: OpenedTables
    read: Mapping[str, RowsRead]
    exposures: ir.Table | None = None
    temporary: TemporaryTables = field(default_factory=TemporaryTables)

    @property
    def dated(self) -> tuple[str, ...]:
        """The tables that say when something happened."""
        return tuple(name for name in DATED if name in self.opened.rows)

    @cached_property
    def contract(self) -> VectorContract:
        """The contract of the vectors."""
        return contract_of(self._programs.groups, self.settings)

    @property
    def undated(self) -> Mapping[str, str]:
        """The columns of the vector that no date belongs to, each with a remark: past months have them as of today."""
        remarks: dict[str, str] = {}
        if self.sources.customers and KNOWN_AT not in self.opened.columns[CUSTOMERS.name]:
            remark = f"no {KNOWN_AT} says since when, so past months have what is true today"
            remarks |= dict.fromkeys(self.sources.customers.attributes, remark)
        remark = "without a date, so past months have what is true today"
        return remarks | {column.name: remark for column in self.opened.own}

    @property
    def oldest(self) -> Mapping[str, datetime]:
        """The first moment of each dated table, on the wall clock of the business."""
        moments = {name: self.read[name].oldest for name in self.dated}
        return {name: moment for name, moment in moments.items() if moment is not None}

    def vectors(self, as_of: AsOf) -> PastVectors:
        """The vectors as of a moment no later than that until which the tables were opened.

        They are those that `features.customer_vector.build_vectors` makes.

        Raises
        ------
        SourceError
            If an engine fails, or a table holds a customer twice where one row is promised.
        """
        groups = self._programs.groups
        computed = self._programs.tables(as_of)
        frames = [part_frame(part, rows) for part, rows in zip(groups.parts, computed, strict=True)]
        frame, early = joined(frames, self.contract), self._left_out(frames, as_of)
        frame = frame.drop(index=early) if len(early) else frame
        return self.past_of(self.learned.apply(frame, self.contract))

    def _left_out(self, frames: Sequence[pd.DataFrame], as_of: AsOf) -> pd.Index:
        """The customers who are none yet; ids of millions are put together only where there can be any."""
        groups = self._programs.groups
        rule = self.sources.customers.without_rows if self.sources.customers else "keep"
        moments = [(name, self.read[name].oldest, self.read[name].newest) for name in groups.columns]
        facts = [TableCustomers(name, NO_IDS, oldest=oldest, newest=newest) for name, oldest, newest in moments]
        if who_is_left_out(facts, as_of, rule) is Early.NOBODY:
            return NO_IDS
        tables = [customers_of(name, groups, frames, self.read[name]) for name in groups.columns]
        return left_out(tables, as_of, rule).ids

    def past_of(self, frame: pd.DataFrame) -> PastVectors:
        """Vectors that were made already."""
        report = {name: self.read[name].counts for name in self._programs.groups.columns}
        return PastVectors(frame, self.contract, report)

    def groups_as_of(self, as_of: AnyAsOf) -> FeatureGroups:
        """The parts of the vector as of a moment no later than that until which the tables were opened."""
        return groups_of(self.opened.before(as_of), self.sources, self.settings, as_of, self.learned.partial_use)

    @cached_property
    def _programs(self) -> PartPrograms:
        return PartPrograms.compiled(self.groups_as_of(LaterAsOf()), self.groups_as_of)

    def rows(self, name: str, observed_until: AsOf, conditions: Mapping[str, str] = NO_CONDITIONS) -> ir.Table:
        """The rows of a dated table for the analyst's figures (`features.history.dated_rows`)."""
        return dated_rows(self.opened, name, observed_until, conditions, self.settings.time_zone)


@contextmanager
def open_history(
    sources: Sources,
    settings: FeatureSettings,
    until: AnyAsOf,
    base: Path,
    learned: LearnedFeatures,
    with_exposures: bool = False,
    spark: SparkTables | None = None,
) -> Iterator[TableHistory]:
    """Open the tables until a moment; files are read once, and their connections are closed with the block.

    with_exposures : also those of experiments. spark : reads the tables instead, if it is not None; then `temporary`
    has no place for tables of its own.

    Raises
    ------
    SourceError
        If a table cannot be read or breaks its contract.
    SettingsError
        If a setting needs another table.
    """
    with Engines(base, settings.time_zone, spark) as engines:

        def open_all() -> tuple[OpenedTables, CanonicalTable | None]:
            opened = open_tables(engines.open_typed, sources, settings, until, learned.own, engines.keep_files)
            if sources.experiments is None or not with_exposures:
                return opened, None
            return opened, open_exposures(engines.open_typed, sources.experiments, settings, until, engines.keep_files)

        opened, exposures = read_again(engines, open_all)
        read = {name: rows_read(tallies) for name, tallies in opened.tallies.items()}
        if exposures is None:
            yield TableHistory(sources, settings, learned, opened, read)
        else:
            read[EXPERIMENTS.name] = rows_read(exposures.tallies)
            yield TableHistory(sources, settings, learned, opened, read, exposures.table)
