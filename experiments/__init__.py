"""Questions asked of the data, benchmarks, the demo, and the torture tests of the service."""

from segment_model.hidden_packages import require_packages

require_packages(__file__, "analytics", "features", "jobs", "registry", "serving", "training")
