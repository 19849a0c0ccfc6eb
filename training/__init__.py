"""Training: makes a SegmentModel of customer vectors, with a verdict on its segments and names for them."""

from segment_model.hidden_packages import require_packages

require_packages(__file__, "features", "registry")
