"""Pages, pictures and tables of a discovery, made of finished numbers."""

from segment_model.rooms import require_rooms

require_rooms(__file__, "training", "features")
