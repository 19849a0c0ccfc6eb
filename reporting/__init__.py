"""Pages, pictures and tables of a discovery, made of finished numbers."""

from segment_model.hidden_packages import require_packages

require_packages(__file__, "analytics", "features", "training")
