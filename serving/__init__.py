"""A SegmentModel over HTTP: it assigns customers, explains, and refuses invalid requests with reasons."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "features")
