"""Customer vectors to a judged, named SegmentModel."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "features", "registry")
