"""What a segment model is: assign a customer to a segment, and explain why."""

from __future__ import annotations

from segments.contract import Column, Kind, Role, VectorContract
from segments.errors import SegmentsError

__all__ = ["Column", "Kind", "Role", "SegmentsError", "VectorContract"]
