"""Training: from customer vectors to a judged and named SegmentModel."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "features", "registry")
