"""A model's parts as plain values and arrays, and back; `storage.py` knows how these lie on disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.assigners.nearest_core import NearestCore
from segment_model.cards import SegmentCard
from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Encoder
from segment_model.encoding.novelty import NoveltyRule
from segment_model.errors import ArtefactError
from segment_model.explanation.centroid import CentroidExplainer
from segment_model.explanation.core import CoreExplainer

if TYPE_CHECKING:
    from segment_model.model import SegmentModel

ASSIGNERS: Mapping[str, type[NearestCentroid] | type[NearestCore]] = {
    kind.KIND: kind for kind in (NearestCentroid, NearestCore)
}
DOCUMENT_PARTS = frozenset({"contract", "encoder", "assigner", "cards", "provenance"})
LEARNED_PARTS = ("contract", "encoder", "assigner")
ARRAY_PARTS = frozenset({"encoder", "novelty", "assigner", "explainer"})


def written(model: SegmentModel) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The document and the arrays of a model; the overlay is not part of it."""
    encoder, encoder_arrays = model.encoder.to_state()
    document = {
        "contract": model.contract.to_json(),
        "encoder": encoder,
        "assigner": model.assigner.KIND,
        "cards": [card.to_json() for card in model.discovered_cards],
        "provenance": dict(model.provenance),
    }
    parts = {
        "encoder": encoder_arrays,
        "novelty": model.novelty.arrays(),
        "assigner": model.assigner.arrays(),
        "explainer": model.explainer.arrays(),
    }
    return document, {f"{part}_{name}": array for part, arrays in parts.items() for name, array in arrays.items()}


def learned(document: Mapping[str, Any]) -> dict[str, Any]:
    """What of a document was learned from customers and decides an answer; every array is of that kind."""
    return {name: document[name] for name in LEARNED_PARTS}


def parts(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """The fields of a SegmentModel that `written` described.

    Raises
    ------
    ArtefactError
        If there is something that this version does not know.
    KeyError, TypeError, ValueError
        If something is missing or of another form.
    """
    strange = [name for name in arrays if name.partition("_")[0] not in ARRAY_PARTS]
    unknown = sorted(document.keys() - DOCUMENT_PARTS) + strange
    if unknown:
        raise ArtefactError(f"the model holds {', '.join(unknown)}, which this version does not know")

    def of(part: str) -> dict[str, NDArray[Any]]:
        return {name.removeprefix(f"{part}_"): array for name, array in arrays.items() if name.startswith(f"{part}_")}

    encoder = Encoder.from_state(document["encoder"], of("encoder"))
    assigner = ASSIGNERS[document["assigner"]].from_arrays(of("assigner"))
    return {
        "contract": VectorContract.from_json(document["contract"]),
        "encoder": encoder,
        "assigner": assigner,
        "explainer": _explainer(encoder, assigner, of("explainer")),
        "novelty": NoveltyRule.from_arrays(of("novelty")),
        "discovered_cards": tuple(SegmentCard.from_json(card) for card in document["cards"]),
        "provenance": document["provenance"],
    }


def _explainer(
    encoder: Encoder, assigner: NearestCentroid | NearestCore, arrays: Mapping[str, NDArray[Any]]
) -> CentroidExplainer | CoreExplainer:
    """The explainer that belongs to the assigner."""
    if isinstance(assigner, NearestCentroid):
        return CentroidExplainer(encoder, assigner, arrays["mean"])
    return CoreExplainer(encoder, assigner, arrays["background"], arrays["weights"])
