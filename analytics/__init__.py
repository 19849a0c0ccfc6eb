"""The analyst's record: what segments are worth and how they change, from raw tables and past assignments."""

from segment_model.hidden_packages import require_packages

require_packages(__file__, "features")
