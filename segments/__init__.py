"""The public Python API, for scripts and notebooks.

`segments.discover(frame)` finds segments, `segments.load(address)` fetches a model, `model.assign(frame)` uses it.
Names are imported on first use, so that `import segments` takes no time.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from features.notices import TableWarning
    from segment_model.assigners.nearest_centroid import NearestCentroid
    from segment_model.cards import SegmentCard, SegmentLabel
    from segment_model.contract import Column, Kind, Role, VectorContract
    from segment_model.errors import SegmentsError
    from segment_model.explanation.name_misfits import NameMisfit
    from segment_model.inference.frame_columns import ColumnsLeftOutWarning
    from segment_model.model import SegmentModel
    from segment_model.scoring.answers import Assignment, Assignments, Explanation
    from segments.discovering import discover, discover_from, features
    from segments.discovery import LoggedDiscovery, SegmentDiscovery
    from segments.estimators.clusterer import NoStructureWarning, SegmentClusterer
    from segments.estimators.scorer import stability_scorer
    from segments.estimators.transformer import SegmentTransformer
    from segments.loading import load
    from training.candidates.own import OwnAlgorithm

_MODULE_OF = {
    "Assignment": "segment_model.scoring.answers",
    "Assignments": "segment_model.scoring.answers",
    "Column": "segment_model.contract",
    "ColumnsLeftOutWarning": "segment_model.inference.frame_columns",
    "Explanation": "segment_model.scoring.answers",
    "Kind": "segment_model.contract",
    "LoggedDiscovery": "segments.discovery",
    "NameMisfit": "segment_model.explanation.name_misfits",
    "NearestCentroid": "segment_model.assigners.nearest_centroid",
    "NoStructureWarning": "segments.estimators.clusterer",
    "OwnAlgorithm": "training.candidates.own",
    "Role": "segment_model.contract",
    "SegmentCard": "segment_model.cards",
    "SegmentClusterer": "segments.estimators.clusterer",
    "SegmentDiscovery": "segments.discovery",
    "SegmentLabel": "segment_model.cards",
    "SegmentModel": "segment_model.model",
    "SegmentTransformer": "segments.estimators.transformer",
    "SegmentsError": "segment_model.errors",
    "TableWarning": "features.notices",
    "VectorContract": "segment_model.contract",
    "discover": "segments.discovering",
    "discover_from": "segments.discovering",
    "features": "segments.discovering",
    "load": "segments.loading",
    "stability_scorer": "segments.estimators.scorer",
}
_DISCOVERING = ("analytics", "features", "jobs", "registry", "reporting", "training")
_NEEDED_BY = {  # the packages that a module of the face imports, itself or by another one of the face
    "segments.discovering": _DISCOVERING,
    "segments.discovery": _DISCOVERING,
    "segments.estimators.clusterer": ("training",),
    "segments.estimators.scorer": ("training",),
    "segments.loading": ("registry",),
}
__all__ = [
    "Assignment",
    "Assignments",
    "Column",
    "ColumnsLeftOutWarning",
    "Explanation",
    "Kind",
    "LoggedDiscovery",
    "NameMisfit",
    "NearestCentroid",
    "NoStructureWarning",
    "OwnAlgorithm",
    "Role",
    "SegmentCard",
    "SegmentClusterer",
    "SegmentDiscovery",
    "SegmentLabel",
    "SegmentModel",
    "SegmentTransformer",
    "SegmentsError",
    "TableWarning",
    "VectorContract",
    "__version__",
    "discover",
    "discover_from",
    "features",
    "load",
    "stability_scorer",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name == "__version__":
        return version("customer-segments")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _MODULE_OF[name]
    _require(module.partition(".")[0], *_NEEDED_BY.get(module, ()))
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def _require(*packages: str) -> None:
    """Check that no module of the user hides a package that a public name needs."""
    try:
        from segment_model.hidden_packages import require_packages
    except ModuleNotFoundError as error:  # the package that holds the check is hidden itself
        hiding = find_spec("segment_model")
        if hiding is None:
            raise
        place = next(iter(hiding.submodule_search_locations or ()), hiding.origin)
        raise ImportError(
            f"{place} hides the package 'segment_model' of customer-segments, which 'segments' needs: "
            "rename it, or run Python from another folder"
        ) from error
    require_packages(__file__, *packages)
