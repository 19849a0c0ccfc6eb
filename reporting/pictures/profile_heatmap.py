"""What is typical of segments, and why customers are in them: a heatmap and a beeswarm."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure

from reporting.pictures.drawing import FAINT, INK, NOBODY, blank, colour_of, lettering, quiet, swarm
from reporting.tables import bare_value, shown_columns, titled
from segment_model.contract import Column, Role
from segment_model.encoding.encoder import Indices
from training.discovery.discovery import Discovery
from training.profiling.cards import standardised_ranks, typical_value

MOST_EXPLAINED = 400  # explaining an HDBSCAN customer takes milliseconds
REASONS_SHOWN = 6
STRONGEST = 1.6  # standard deviations at which the heatmap's colours end
SEED = 0
LOW_TO_HIGH = LinearSegmentedColormap.from_list("low to high", ["#1E88E5", "#8E4FA8", "#E0245E"])


def profile_heatmap(discovery: Discovery) -> Figure:
    """Every shown column by every segment: coloured by how far its members stand from everyone, with typical values."""
    columns, cards = shown_columns(discovery), discovery.model.cards
    columns = tuple(sorted(columns, key=lambda column: column.role is Role.DESCRIPTOR))
    effects = np.array([[_effect(discovery, column, k) for k in range(len(cards))] for column in columns])
    width = 3.2 + 1.12 * (len(cards) + 1)
    figure = blank(
        max(7.0, width),
        1.9 + 0.34 * len(columns),
        "What is typical of each segment",
        "Medians, or the commonest level. Red: higher than most customers, or a level commoner here; blue: lower or "
        "rarer; white: like everyone." + (" Below the line: columns that only describe, and do not shape, segments."
        if any(c.role is Role.DESCRIPTOR for c in columns) and any(c.role is Role.BASIS for c in columns) else ""),
    )  # fmt: skip
    axes = quiet(figure.subplots())
    axes.imshow(effects, cmap="RdBu_r", vmin=-STRONGEST, vmax=STRONGEST, aspect="auto")
    for row, column in enumerate(columns):
        for place, card in enumerate(cards):
            dark = abs(effects[row, place]) > 1.0
            axes.text(place, row, _cell(card.medians[column.name], column), ha="center", va="center", fontsize=7.5,
                      color="white" if dark else INK)  # fmt: skip
        everyone = typical_value(discovery.frame[column.name], column)
        axes.text(len(cards), row, _cell(everyone, column), ha="center", va="center", fontsize=7.5, color=FAINT)
    bases = sum(column.role is Role.BASIS for column in columns)
    if 0 < bases < len(columns):
        axes.axhline(bases - 0.5, color=INK, linewidth=1.2)
    axes.set_xlim(-0.5, len(cards) + 0.5)
    axes.set_xticks(range(len(cards) + 1), [*(lettering(card.name, 15, 4) for card in cards), "everyone"])
    axes.xaxis.tick_top()
    for position, tick in enumerate(axes.get_xticklabels()):
        tick.set(fontsize=8, fontweight="bold", color=INK if position < len(cards) else FAINT)
        if position < len(cards):
            axes.plot([position - 0.46, position + 0.46], [-0.5, -0.5], color=colour_of(position), linewidth=5,
                      solid_capstyle="butt", clip_on=False, zorder=5)  # fmt: skip
    axes.set_yticks(range(len(columns)), [lettering(titled(column), 44, 1) for column in columns])
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks(np.arange(len(cards) + 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(columns)) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1)
    axes.tick_params(which="minor", length=0)
    return figure


def contributions_beeswarm(discovery: Discovery) -> Figure:
    """Why customers are in their segment and not in the next one: Shapley values of the chosen model, by segment."""
    cards = discovery.model.cards
    across = 2 if len(cards) > 1 else 1
    down = math.ceil(len(cards) / across)
    reasons = min(REASONS_SHOWN, sum(column.name in cards[0].medians for column in discovery.contract.basis))
    figure = blank(
        10.4,
        1.3 + down * (0.95 + 0.34 * max(reasons, 2)),
        "Why customers are in their segment",
        "Each dot is a customer. To the right, the column speaks for the segment, to the left for the runner-up; the "
        "strongest columns come first. Blue is a low value of the column among all customers, red a high one, grey a "
        "category or an unknown value.",
    )
    panels = figure.subplots(down, across, squeeze=False).ravel()
    generator = np.random.default_rng(SEED)
    for position, axes in enumerate(panels):
        if position >= len(cards):
            axes.set_axis_off()
            continue
        name = lettering(cards[position].name, 56, 2)
        quiet(axes).set_title(name, loc="left", fontsize=9.5, fontweight="bold", color=INK)
        axes.spines["bottom"].set(color=colour_of(position), linewidth=3)
        members = np.flatnonzero(discovery.labels == position)
        if not len(members):
            axes.set_axis_off()
            continue
        wanted = min(len(members), max(30, MOST_EXPLAINED // len(cards)))
        rows = np.sort(generator.choice(members, wanted, replace=False))
        _draw_reasons(axes, discovery, rows, reasons)
    return figure


def _effect(discovery: Discovery, column: Column, position: int) -> float:
    """How far the members stand from everyone, in standard deviations; of a category, in its commonest level here."""
    values, members = discovery.frame[column.name], discovery.labels == position
    if not members.any():
        return 0.0
    if not column.is_category:
        return float(standardised_ranks(values)[members].mean())
    level = discovery.model.cards[position].medians[column.name]
    known = values.notna().to_numpy()
    if level is None:
        return 0.0
    here, everywhere = float((values[members & known] == level).mean()), float((values[known] == level).mean())
    spread_of = math.sqrt(everywhere * (1 - everywhere))
    return (here - everywhere) / spread_of if spread_of else 0.0


def _draw_reasons(axes: Axes, discovery: Discovery, rows: Indices, most: int) -> None:
    """One line of dots for each of the columns that pull these customers most."""
    found = discovery.model.explain_table(discovery.frame.iloc[rows])
    shown = [j for j, name in enumerate(found.columns) if name in discovery.model.cards[0].medians]
    strength = np.abs(found.contributions).mean(axis=0)
    strongest = sorted(shown, key=lambda j: -strength[j])[:most]
    for line, j in enumerate(strongest):
        column = discovery.contract[found.columns[j]]
        pull = found.contributions[:, j]
        colours = np.full(len(rows), NOBODY, dtype=object)
        if not column.is_category:
            values = discovery.frame[column.name]
            known = values.iloc[rows].notna().to_numpy()
            ranks = values.rank(pct=True).iloc[rows].to_numpy()
            colours[known] = [to_hex(LOW_TO_HIGH(rank)) for rank in ranks[known]]
        axes.scatter(pull, line + swarm(pull, 0.38), s=9, c=list(colours), linewidths=0, zorder=3)
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
    axes.grid(axis="y", color="#ECEEF1")
    axes.set(ylim=(len(strongest) - 0.4, -0.6), yticks=range(len(strongest)))
    axes.set_yticklabels([lettering(discovery.contract[found.columns[j]].title, 26, 2) for j in strongest])
    axes.margins(x=0.05)
    axes.set_xlabel("◂ speaks for the runner-up      speaks for this segment ▸", fontsize=8, color=FAINT)


def _cell(value: float | str | None, column: Column) -> str:
    """A value as it fits a cell."""
    text = bare_value(value, column)
    return lettering(text if len(text) <= 15 else f"{text[:14]}…")
