"""Questions asked of the data, benchmarks, the demo, and the torture tests of the service."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "analytics", "features", "jobs", "registry", "serving", "training")
