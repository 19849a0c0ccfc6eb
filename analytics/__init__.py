"""The analyst's record: what segments are worth and how they change, out of raw tables and who was where, when."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "features", "segment_model")
