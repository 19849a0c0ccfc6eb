"""Jobs: each connects the packages below for one task, such as a discovery or a sweep; one file a job."""

from segment_model.hidden_packages import require_packages

require_packages(__file__, "analytics", "features", "registry", "reporting", "serving", "training", "warehouse")
