"""Jobs: each connects the packages below for one task, such as a discovery or a sweep; one file a job."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "features", "registry", "reporting", "serving", "training")
