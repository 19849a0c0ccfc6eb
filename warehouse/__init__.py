"""A segment model as SQL: the statements by which a warehouse assigns and explains its own customers."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "features", "segment_model")
