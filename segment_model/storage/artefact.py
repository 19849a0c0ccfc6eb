"""A model's parts as plain values and arrays, and back; `directory` writes them to disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from segment_model.assigners.all_assigners import assigner_of_kind
from segment_model.assigners.assigner import Assigner
from segment_model.cards import SegmentCard
from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Encoder
from segment_model.encoding.novelty import NoveltyRule
from segment_model.errors import ArtefactError
from segment_model.explanation.explainer import Explainer

DOCUMENT_PARTS = frozenset({"contract", "encoder", "assigner", "cards", "provenance"})
LEARNED_PARTS = ("contract", "encoder", "assigner")
ARRAY_PARTS = frozenset({"encoder", "novelty", "assigner", "explainer"})

Document = dict[str, Any]
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Parts:
    """Everything of a segment model that is saved, by the names of its fields."""

    contract: VectorContract
    encoder: Encoder
    assigner: Assigner
    explainer: Explainer
    novelty: NoveltyRule
    discovered_cards: tuple[SegmentCard, ...]
    provenance: Mapping[str, Any]


def write_parts(parts: Parts) -> tuple[Document, Arrays]:
    """The document and the arrays of a model."""
    encoder, encoder_arrays = parts.encoder.to_state()
    document = {
        "contract": parts.contract.to_json(),
        "encoder": encoder,
        "assigner": parts.assigner.KIND,
        "cards": [card.to_json() for card in parts.discovered_cards],
        "provenance": dict(parts.provenance),
    }
    by_part = {
        "encoder": encoder_arrays,
        "novelty": parts.novelty.arrays(),
        "assigner": parts.assigner.arrays(),
        "explainer": parts.explainer.arrays(),
    }
    return document, {f"{part}_{name}": array for part, arrays in by_part.items() for name, array in arrays.items()}


def learned_document(document: Mapping[str, Any]) -> Document:
    """The parts of a document that were learned and decide an answer; all arrays do, so they need no selection."""
    return {name: document[name] for name in LEARNED_PARTS}


def read_parts(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Parts:
    """The parts that `write_parts` wrote.

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

    def arrays_of(part: str) -> Arrays:
        return {name.removeprefix(f"{part}_"): array for name, array in arrays.items() if name.startswith(f"{part}_")}

    encoder = Encoder.from_state(document["encoder"], arrays_of("encoder"))
    assigner = assigner_of_kind(document["assigner"]).from_arrays(arrays_of("assigner"))
    return Parts(
        contract=VectorContract.from_json(document["contract"]),
        encoder=encoder,
        assigner=assigner,
        explainer=assigner.stored_explainer(encoder, arrays_of("explainer")),
        novelty=NoveltyRule.from_arrays(arrays_of("novelty")),
        discovered_cards=tuple(SegmentCard.from_json(card) for card in document["cards"]),
        provenance=document["provenance"],
    )
