"""The analyst's record: what segments are worth and how they change, from raw tables and past assignments."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "features", "segment_model")
