"""What a segment model is: assign a customer to a segment, and explain why."""

from __future__ import annotations

from segments.contract import Column, Kind, Role, VectorContract
from segments.errors import SegmentsError
from segments.model import Assignments, SegmentModel
from segments.profiles import SegmentCard, SegmentLabel

__all__ = [
    "Assignments",
    "Column",
    "Kind",
    "Role",
    "SegmentCard",
    "SegmentLabel",
    "SegmentModel",
    "SegmentsError",
    "VectorContract",
]
