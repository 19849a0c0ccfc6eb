"""All presets, and a source with what its preset says filled in."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from features.notices import Notice
from features.presets import chargebee, shopify, stripe_charges, stripe_invoices, woocommerce
from features.presets.preset import Layout, Preset
from features.source_settings import TableSource
from segment_model.errors import SettingsError, SourceError, nearest_word

PRESETS: Mapping[str, Preset] = {
    module.PRESET.name: module.PRESET for module in (shopify, woocommerce, stripe_charges, stripe_invoices, chargebee)
}


def with_preset(source: TableSource, table: str, available: Collection[str]) -> tuple[TableSource, tuple[Notice, ...]]:
    """The source with the keys of its preset where it sets none of its own, and which form of the export it is.

    available : the columns of the user's table, which tell the form.

    Raises
    ------
    SettingsError
        If the preset is of another table.
    SourceError
        If the table lacks a column of the preset.
    """
    if source.preset is None:
        return source, ()
    preset = PRESETS[source.preset]
    if preset.table != table:
        raise SettingsError(f"sources.{table}: the preset {preset.name} is for {preset.table}; write the source there")
    layout = min(preset.layouts, key=lambda form: len(_absent(form, source, available)))
    if absent := _absent(layout, source, available):
        ours, theirs = next(iter(absent.items()))
        raise SourceError(
            f"{table}: preset {preset.name}: no column {theirs!r} for {ours}.{nearest_word(theirs, available)} "
            f"If it has another name, write columns: {{{ours}: your_name}}; if there is none, write the source without "
            f"the preset. Found {', '.join(available)}"
        )
    left_out = source.not_read
    filled = {
        "columns": {n: theirs for n, theirs in {**layout.columns, **source.columns}.items() if n not in left_out},
        "where": layout.where if source.where is None else source.where,
        "date_format": source.date_format or dict(layout.date_format) or None,
        "utc": layout.utc if source.utc is None else source.utc,
        "minor_units": layout.minor_units if source.minor_units is None else source.minor_units,
    }
    form = f"preset {preset.name}: the {layout.title}, where {filled['where']}"
    return source.model_copy(update=filled), (Notice(table, form),)


def _absent(layout: Layout, source: TableSource, available: Collection[str]) -> dict[str, str]:
    """The columns of a form that the table lacks, and that the source does not call otherwise."""
    return {
        ours: theirs
        for ours, theirs in layout.columns.items()
        if ours not in (*source.columns, *source.not_read) and theirs not in available
    }
