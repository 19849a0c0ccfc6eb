"""`SegmentModel` under its former address.

Models that were logged to MLflow before the package `segment_model` had its name carry a file with the line
`from segments.model import SegmentModel`. A process that has imported this package and then loads such a model
resolves the line here.
"""

from __future__ import annotations

from segment_model.model import SegmentModel

__all__ = ["SegmentModel"]
