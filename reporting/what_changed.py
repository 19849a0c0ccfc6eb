"""The page `what_changed.html` of a retrain: which segments go on, how large they are, who moves and why."""

from __future__ import annotations

from typing import Any

from reporting.colours import colour_of, colour_ranks
from reporting.content.report_content import SegmentChange, WhatChanged
from reporting.rendering import percent, render, short_amount
from segment_model.errors import counted

MOVES_SHOWN = 15
ABSENT = "–"


def what_changed_page(change: WhatChanged, title: str) -> str:
    """The page as HTML that needs nothing from outside."""
    moves = sorted(_moves(change), key=lambda move: -int(move["customers"]))
    own = [segment.id for segment in change.segments if segment.size_new is not None]
    ranks = dict(zip(own, colour_ranks(own), strict=True))
    return render(
        "what_changed.html",
        title=title,
        sentences=[*_sentences(change), *(f"{note[:1].upper()}{note[1:]}." for note in change.notes)],
        money=f"{change.money_title}, {change.money_unit}" if change.money_title else "",
        rows=[_row(segment, ranks) for segment in change.segments],
        moves=moves[:MOVES_SHOWN],
        more=max(0, len(moves) - MOVES_SHOWN),
        asked=change.reassigned is not None,
    )


def _sentences(change: WhatChanged) -> list[str]:
    fates = [segment.fate for segment in change.segments]
    counts = ", ".join(f"{fates.count(fate)} {fate}" for fate in dict.fromkeys(fates))
    lines = [f"Of the champion's and the new version's segments: {counts}."]
    if change.reassigned is None or not change.compared:
        return lines
    stayed = change.compared - change.reassigned
    return [
        *lines,
        f"{stayed:,} of {counted(change.compared, 'customer')} ({percent(stayed / change.compared)}) keep their "
        f"segment; the model moves {change.reassigned:,}, whose values are the same.",
    ]


def _moves(change: WhatChanged) -> list[dict[str, Any]]:
    """The customers whom the new model takes from another segment of the champion, a row for each pair of segments."""
    names = {segment.id: segment.name for segment in change.segments}
    return [
        {
            "source": names.get(arrival.source, "unassigned"),
            "target": segment.name,
            "customers": arrival.customers,
            "share": arrival.customers / segment.size_new if segment.size_new else 0.0,
        }
        for segment in change.segments
        for arrival in segment.arrivals
    ]


def _row(segment: SegmentChange, ranks: dict[str, int]) -> dict[str, Any]:
    before, after = segment.size_old, segment.size_new
    return {
        "id": segment.id,
        "name": segment.name,
        "fate": segment.fate,
        "colour": colour_of(ranks.get(segment.id, -1)),
        "trained": _count(segment.size_then),
        "before": _count(before),
        "after": _count(after),
        "difference": "" if before is None or after is None or before == after else f"{after - before:+,}",
        "money_before": _amount(segment.money_old),
        "money_after": _amount(segment.money_new),
    }


def _count(count: int | None) -> str:
    return ABSENT if count is None else f"{count:,}"


def _amount(amount: float | None) -> str:
    return ABSENT if amount is None else short_amount(amount)
