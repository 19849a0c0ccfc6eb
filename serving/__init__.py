"""A SegmentModel over HTTP: assign customers, explain, and say no clearly."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "features", "registry")
