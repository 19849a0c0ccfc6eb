"""A SegmentModel over HTTP: it assigns customers, explains, and refuses invalid requests with reasons."""

from segment_model.hidden_packages import require_packages

require_packages(__file__, "features")
