"""The wiring of the rooms, one file a job."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "features", "registry", "reporting", "serving", "training")
