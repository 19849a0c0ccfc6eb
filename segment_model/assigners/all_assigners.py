"""The registry of assigners, from which saved models, `GET /model`, the OpenAPI document and the docs derive."""

from __future__ import annotations

from segment_model.assigners.assigner import Assigner
from segment_model.assigners.gaussian_mixture import GaussianMixture
from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.assigners.nearest_core import NearestCore
from segment_model.errors import ArtefactError, nearest_word

ASSIGNERS: tuple[type[Assigner], ...] = (NearestCentroid, NearestCore, GaussianMixture)


def assigner_of_kind(kind: str) -> type[Assigner]:
    """The assigner that saved models name `kind`.

    Raises
    ------
    ArtefactError
        If there is no such assigner.
    """
    by_kind = {assigner.KIND: assigner for assigner in ASSIGNERS}
    if kind not in by_kind:
        hint = nearest_word(kind, by_kind)
        raise ArtefactError(
            f"the model has an assigner of kind {kind!r}; this version knows {', '.join(by_kind)}.{hint} "
            "Upgrade to read the model."
        )
    return by_kind[kind]


def algorithms() -> tuple[str, ...]:
    """The algorithms whose models can be saved, served and explained, by the names that settings use."""
    return tuple(assigner.ALGORITHM for assigner in ASSIGNERS)
