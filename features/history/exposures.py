"""The rows of the table of experiments: which customer was exposed to which arm, and when."""

from __future__ import annotations

from dataclasses import replace

from features.as_of import AnyAsOf
from features.groups.opened_tables import Open
from features.joining.id_rules import under_id_rules
from features.presets.all_presets import with_preset
from features.settings import ExperimentsSource, FeatureSettings
from features.tables.canonical import CanonicalTable, Keep, canonical
from features.tables.chosen_rows import mark_rows
from features.tables.raw_tables import EXPERIMENTS
from features.text.rules import TextRules


def open_exposures(
    open_table: Open, source: ExperimentsSource, settings: FeatureSettings, until: AnyAsOf, keep: Keep
) -> CanonicalTable:
    """The exposures before a moment: `customer_id`, `experiment`, `arm`, `exposed_at` on the wall clock, and `day`.

    Customers and experiments may come several times; experiment and arm may be missing.

    Raises
    ------
    SourceError
        If the table cannot be opened, or lacks a column or has one of another type.
    """
    raw = open_table(source, EXPERIMENTS.name)
    with_preset(source, EXPERIMENTS.name, raw.columns)  # refuses every preset, as each is of another table
    contract = EXPERIMENTS.without(source.not_read)
    marked, tally_choice = mark_rows(raw, source, EXPERIMENTS.name, settings.time_zone)
    table = canonical(
        marked, contract, source.columns, until, rules=TextRules.of(source), keep=keep, tally_choice=tally_choice
    )
    return replace(table, table=under_id_rules(table.table, settings.ids))
