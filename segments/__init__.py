"""What a segment model is: assign a customer to a segment, and explain why."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segments.answers import Assignment, Assignments, Explanation
    from segments.contract import Column, Kind, Role, VectorContract
    from segments.errors import SegmentsError
    from segments.model import SegmentModel
    from segments.profiles import SegmentCard, SegmentLabel

_HOMES = {
    "Assignment": "segments.answers",
    "Assignments": "segments.answers",
    "Column": "segments.contract",
    "Explanation": "segments.answers",
    "Kind": "segments.contract",
    "Role": "segments.contract",
    "SegmentCard": "segments.profiles",
    "SegmentLabel": "segments.profiles",
    "SegmentModel": "segments.model",
    "SegmentsError": "segments.errors",
    "VectorContract": "segments.contract",
}
__all__ = [
    "Assignment",
    "Assignments",
    "Column",
    "Explanation",
    "Kind",
    "Role",
    "SegmentCard",
    "SegmentLabel",
    "SegmentModel",
    "SegmentsError",
    "VectorContract",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: the command line needs the errors long before pandas."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
