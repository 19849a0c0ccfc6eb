"""The preset of a vendor's export, recognised by its header."""

from __future__ import annotations

from dataclasses import replace

from features.conditions.parse import parse_condition
from features.conditions.tree import column_names
from features.inspection.looks.table_look import TableLook
from features.inspection.roles.order_conventions import Conventions, settle_currency
from features.inspection.roles.table_proposal import TableProposal
from features.presets.all_presets import PRESETS
from features.presets.preset import Layout

SURE = 10.0  # score of a table whose header is a vendor's


def propose_preset(look: TableLook) -> TableProposal | None:
    """The table by the preset whose columns it has, most of them first; None where no preset fits."""
    header = {column.name for column in look.columns}
    fitting = [
        (len(layout.columns), name, layout)
        for name, preset in PRESETS.items()
        for layout in preset.layouts
        if _needed(layout) <= header
    ]
    if not fitting:
        return None
    _, name, layout = max(fitting, key=lambda fit: fit[:2])
    proposal = TableProposal(PRESETS[name].table, look, dict(layout.columns), SURE, {"preset": name})
    return _with_currency(proposal, layout)


def _needed(layout: Layout) -> set[str]:
    return {*layout.columns.values(), *column_names(parse_condition(layout.where))}


def _with_currency(proposal: TableProposal, layout: Layout) -> TableProposal:
    """The proposal with the currency of its rows; of several, the most common and the condition that keeps it."""
    conventions = Conventions()
    condition = settle_currency(proposal.look, (), conventions, layout.columns["currency"])
    if condition is None:
        return replace(proposal, features=conventions.features)
    where = f"({layout.where}) and {condition.text}"
    options = {**proposal.options, "where": where}
    return replace(proposal, options=options, features=conventions.features, checks={"where": condition.reason})
