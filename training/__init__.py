"""Training: makes a SegmentModel of customer vectors, with a verdict on its segments and names for them."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "features", "registry")
