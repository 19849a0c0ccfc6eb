"""The tables of a discovery: one row a segment, one row a candidate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from segment_model.cards import SegmentCard
from segment_model.contract import Column, Kind
from segment_model.language.wording import is_year, plain_value
from training.discovery.discovery import Discovery


def shown_columns(discovery: Discovery) -> tuple[Column, ...]:
    """The columns that readers may see, in the contract's order: those of the cards, which leave sensitive ones out."""
    cards = discovery.model.cards
    return tuple(column for column in discovery.contract.columns if column.name in cards[0].medians)


def money_columns(discovery: Discovery) -> tuple[Column, ...]:
    """The shown columns of money whose total a segment can have a share of."""
    return tuple(column for column in shown_columns(discovery) if column.name in discovery.profile.totals)


def money_of(discovery: Discovery, column: Column, position: int) -> tuple[float, float]:
    """The total of a money column over the customers of a segment (-1: the unassigned), and its share of all."""
    totals = discovery.profile.totals[column.name]
    return totals.of_segments[position], totals.share(position)


def segment_table(discovery: Discovery) -> pd.DataFrame:
    """One row a segment, in the model's order; the unassigned have none, so shares may add up to less than 1.

    Columns: segment_id, name, size, share; for each amount of money its total and its share of everyone's; the median
    of each number and the commonest level of each category, with the unit in the heading; distinguished_by, in words.
    """
    money = money_columns(discovery)
    rows = []
    for position, card in enumerate(discovery.model.cards):
        row: dict[str, Any] = {"segment_id": card.id, "name": card.name, "size": card.size, "share": card.share}
        for column in money:
            total, share = money_of(discovery, column, position)
            row[f"total {heading(column)}"] = total
            row[f"share of {column.name}"] = share
        for column in shown_columns(discovery):
            row[f"{'commonest' if column.is_category else 'median'} {heading(column)}"] = card.medians[column.name]
        rows.append({**row, "distinguished_by": distinguished_by(card)})
    return pd.DataFrame(rows)


def candidate_table(discovery: Discovery) -> pd.DataFrame:
    """One row a candidate, in the order in which they were tried.

    Columns: candidate (its name), parameters, its scores (missing where it was not judged), chosen, and the remark.
    """
    rows = []
    for position, candidate in enumerate(discovery.candidates):
        parameters = ", ".join(f"{name}={value}" for name, value in candidate.spec.parameters.items())
        metrics = {
            **(candidate.judgement.metrics if candidate.judgement else candidate.facts),
            **(candidate.fit.facts if candidate.fit else {}),
        }
        rows.append(
            {
                "candidate": candidate.spec.name,
                "parameters": parameters,
                **metrics,
                "chosen": position == discovery.choice.chosen,
                "remark": discovery.choice.remarks[position],
            }
        )
    # pandas orders columns by the first row that has them, and the first candidate may have no scores
    ends = ["chosen", "remark"]
    table = pd.DataFrame(rows)
    return table[[*(name for name in table.columns if name not in ends), *ends]]


def heading(column: Column) -> str:
    """A column's name with its unit: "recency_days (days)"."""
    return f"{column.name} ({column.unit})" if column.unit else column.name


def distinguished_by(card: SegmentCard) -> str:
    """The differences of a segment from all customers, strongest first: "frequent; high spend"."""
    return "; ".join(difference.words for difference in card.differences) or "close to the average in everything"


def titled(column: Column) -> str:
    """A column's title with its unit, unless the title or the value holds the unit: "frequency (orders)"."""
    needless = column.kind in (Kind.SHARE, Kind.FLAG) or column.unit.split(" ")[0] in column.title.split(" ")
    return column.title if needless or not column.unit else f"{column.title} ({column.unit})"


def bare_value(amount: float | str | None, column: Column) -> str:
    """A value in words, without the unit, which the title names."""
    return plain_value(amount, column if is_year(column) else replace(column, unit=""))
