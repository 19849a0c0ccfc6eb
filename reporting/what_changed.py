"""The page `what_changed.html` of a retrain: which segments go on, how large they are, who moves and why."""

from __future__ import annotations

from typing import Any

from reporting.colours import colour_of
from reporting.rendering import percent, render, short_amount
from segment_model.errors import counted
from training.succession.what_changed import SegmentChange, WhatChanged

FLOWS_SHOWN = 15


def what_changed_page(change: WhatChanged, title: str) -> str:
    """The page as HTML that needs nothing from outside."""
    moves = change.flow[change.flow["from"] != change.flow["to"]]
    money = change.money
    return render(
        "what_changed.html",
        title=title,
        sentences=_sentences(change),
        money="" if money is None else f"{money.title}, {money.unit}",
        rows=[_row(position, segment) for position, segment in enumerate(change.segments)],
        moves=[
            {"from": row["from"], "to": row["to"], "customers": row["customers"], "share": row["share_of_from"]}
            for row in moves.head(FLOWS_SHOWN).to_dict(orient="records")
        ],
        more=max(0, len(moves) - FLOWS_SHOWN),
        asked=not change.objection,
    )


def _sentences(change: WhatChanged) -> list[str]:
    fates = [segment.fate for segment in change.segments if segment.id]
    counts = ", ".join(f"{fates.count(fate)} {fate}" for fate in dict.fromkeys(fates))
    lines = [f"Of the champion's and the new version's segments: {counts}."]
    if change.objection:
        return [*lines, f"Customers are not compared: the champion cannot be asked, because {change.objection}."]
    share = percent(change.stayed / change.compared) if change.compared else "none"
    compared = counted(change.compared, "customer")
    lines.append(
        f"{change.stayed:,} of {compared} ({share}) keep their segment; the model moves {change.moved:,}, whose values "
        "are the same."
    )
    if left_out := change.customers - change.compared:
        lines.append(
            f"{counted(left_out, 'customer')} cannot be compared: a value that one of the models needs is missing."
        )
    return lines


def _row(position: int, segment: SegmentChange) -> dict[str, Any]:
    before, after = segment.before, segment.after
    return {
        "id": segment.id,
        "name": segment.name,
        "fate": segment.fate,
        "colour": colour_of(position if segment.id and segment.after is not None else -1),
        "trained": _count(segment.trained),
        "before": _count(before),
        "after": _count(after),
        "difference": "" if before is None or after is None or before == after else f"{after - before:+,}",
        "money_before": _amount(segment.money_before),
        "money_after": _amount(segment.money_after),
    }


def _count(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"


def _amount(amount: float | None) -> str:
    return "–" if amount is None else short_amount(amount)
