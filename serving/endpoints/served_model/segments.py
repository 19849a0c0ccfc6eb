"""`GET /segments`: the segments' cards."""

from __future__ import annotations

from typing import Any

from segment_model.cards import SegmentCard
from serving.contracts.insights import SegmentInsight
from serving.contracts.responses import SegmentsResponse
from serving.model.served_model import ServedModel
from serving.routing.context import Context
from serving.routing.route import Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.strict_json import dump


def list_segments(served: ServedModel, finds_customers: bool = False) -> dict[str, Any]:
    """The cards, in the model's order."""
    insights = served.pages.insights
    return {
        "model_version": served.version,
        "has_report": served.pages.report is not None,
        "finds_customers": finds_customers,
        "segments": [_card(card, insights.get(card.id)) for card in served.model.cards],
    }


def _card(card: SegmentCard, insight: SegmentInsight | None) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "sentence": card.sentence,
        "notes": card.notes,
        "size": card.size,
        "share": card.share,
        "medians": dict(card.medians),
        "differences": [
            {"feature": d.column, "words": d.words, "effect": d.effect, "typical": d.typical, "overall": d.overall}
            for d in card.differences
        ],
        "insight": None if insight is None else insight.model_dump(),
    }


def _answer(context: Context, _: None, __: Deadline) -> Answer:
    return Answer(dump(list_segments(context.served(), context.settings.assignments is not None)))


ROUTE = Route("GET", "/segments", "The segments' cards", _answer, response=SegmentsResponse, refusals=(503,))
