"""A segment model: frozen, complete in itself, and the only thing that ever assigns a customer to a segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segments import storage
from segments.assigners import NearestCentroid
from segments.contract import VectorContract
from segments.core_explanation import CoreExplainer
from segments.encoder import Encoder, Flags, Floats, Indices, RawCustomers
from segments.errors import ArtefactError, ContractError, nearest_word
from segments.explanation import CentroidExplainer, Explanations
from segments.nearest_core import NearestCore
from segments.novelty import NoveltyRule
from segments.profiles import SegmentCard, SegmentLabel
from segments.reading import CustomerReader, Record

if TYPE_CHECKING:
    import pyarrow as pa
    import shap

Policy = Literal["unassigned", "nearest"]
CHUNK = 8192  # customers at a time: their distances fit the processor's cache


@dataclass(frozen=True)
class Assignments:
    """The segments of n customers, as arrays (n,); `nearest` and `runner_up` are positions in the model's cards.

    strength : 0 on the border between the two nearest segments, 1 in the heart of the nearest.
    distance : to the nearest segment, in encoded units. unassigned : the customer belongs to no segment (never under
    the policy "nearest"). novel : a number lies far outside what training saw. unseen : for each customer the
    category columns whose value training never saw.
    """

    nearest: Indices
    runner_up: Indices
    strength: Floats
    distance: Floats
    unassigned: Flags
    novel: Flags
    unseen: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class SegmentModel:
    """Assigns customers to segments and explains why. Safe to use from many threads.

    contract : the columns of a customer; encoder, assigner, explainer, novelty : what was learned; discovered_cards :
    one a segment, in the assigner's order; provenance : what made the model, plain JSON values; overlay : the names
    and notes that people gave since, by segment id, which are not part of the saved model.
    """

    contract: VectorContract
    encoder: Encoder
    assigner: NearestCentroid | NearestCore
    explainer: CentroidExplainer | CoreExplainer
    novelty: NoveltyRule
    discovered_cards: tuple[SegmentCard, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    overlay: Mapping[str, SegmentLabel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.discovered_cards) != self.assigner.size:
            raise ArtefactError(f"the model has {self.assigner.size} segments and {len(self.discovered_cards)} cards")

    @cached_property
    def _reader(self) -> CustomerReader:
        return CustomerReader(self.contract, self.encoder)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The segments' ids, in order."""
        return tuple(card.id for card in self.discovered_cards)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The segments' names, in order, as people have last named them."""
        return tuple(card.name for card in self.cards)

    @cached_property
    def cards(self) -> tuple[SegmentCard, ...]:
        """One card a segment, in the assigner's order, under the name and notes of the overlay."""
        return tuple(
            card.labelled(self.overlay[card.id]) if card.id in self.overlay else card for card in self.discovered_cards
        )

    def with_overlay(self, overlay: Mapping[str, SegmentLabel]) -> SegmentModel:
        """The same model with segments renamed; ids of other models are ignored, the digest stays."""
        return replace(self, overlay=dict(overlay))

    # -- assigning ---------------------------------------------------------------------------------------------

    def assign(
        self, customers: pd.DataFrame | pa.Table | Sequence[Record], policy: Policy = "unassigned"
    ) -> pd.DataFrame:
        """Assign customers: one row each, index kept.

        Columns: segment_id and segment_name (null where unassigned), strength, runner_up_id (null where there is
        only one segment), unassigned, novel.

        Raises
        ------
        ContractError, InputError
            If the customers do not follow the model's contract.
        """
        found = self._assign(self._reader.read(customers), policy)
        return self.frame_of(found, index=_index_of(customers))

    def assign_records(self, records: Sequence[Record], policy: Policy = "unassigned") -> Assignments:
        """Assign customers given as dicts; the fast path for one or a few.

        Raises
        ------
        InputError
            If a customer does not follow the model's contract.
        """
        return self._assign(self._reader.records(records), policy)

    def explain_records(
        self, records: Sequence[Record], policy: Policy = "unassigned"
    ) -> tuple[Assignments, Explanations]:
        """Assign customers given as dicts and explain each: nearest segment against the runner-up."""
        raw = self._reader.records(records)
        found = self._assign(raw, policy)
        return found, self.explainer.explain(self.encoder.encode(raw), found.nearest, found.runner_up)

    def _assign(self, raw: RawCustomers, policy: Policy) -> Assignments:
        parts = [
            self.assigner.nearest(self.encoder.encode(raw.slice(start, start + CHUNK)))
            for start in range(0, max(raw.size, 1), CHUNK)
        ]
        outside: Flags = np.concatenate([part.outside for part in parts])
        names = [category.name for category in self.encoder.categories]
        nobody: tuple[str, ...] = ()
        unseen = (
            tuple(tuple(name for name, flag in zip(names, flags, strict=True) if flag) for flags in raw.unseen.T)
            if raw.unseen.any()
            else (nobody,) * raw.size
        )
        return Assignments(
            nearest=np.concatenate([part.segment for part in parts]),
            runner_up=np.concatenate([part.runner_up for part in parts]),
            strength=np.concatenate([part.strength for part in parts]),
            distance=np.concatenate([part.distance for part in parts]),
            unassigned=outside if policy == "unassigned" else np.zeros_like(outside),
            novel=self.novelty.flags(raw.numbers),
            unseen=unseen,
        )

    def frame_of(self, found: Assignments, index: pd.Index[Any] | None = None) -> pd.DataFrame:
        """Assignments as the table that `assign` returns."""
        ids = np.array([*self.ids, None], dtype=object)  # the last place answers position -1: nobody
        names = np.array([*self.names, None], dtype=object)
        segment = np.where(found.unassigned, -1, found.nearest)
        return pd.DataFrame(
            {
                "segment_id": pd.array(ids[segment], dtype="str"),
                "segment_name": pd.array(names[segment], dtype="str"),
                "strength": found.strength,
                "runner_up_id": pd.array(ids[found.runner_up], dtype="str"),
                "unassigned": found.unassigned,
                "novel": found.novel,
            },
            index=index,
        )

    # -- explaining --------------------------------------------------------------------------------------------

    def explain_table(
        self, customers: pd.DataFrame | pa.Table | Sequence[Record], against: str | None = None
    ) -> Explanations:
        """Explain each customer's nearest segment against the runner-up, or against the segment named by its id.

        Where the named segment is itself the nearest, the runner-up is what it is compared with.

        Raises
        ------
        ContractError, InputError
            If the customers do not follow the contract, or the model has no such segment.
        """
        raw = self._reader.read(customers)
        points = self.encoder.encode(raw)
        near = self.assigner.nearest(points)
        other = near.runner_up
        if against is not None:
            other = np.where(near.segment == self.position(against), near.runner_up, self.position(against))
        return self.explainer.explain(points, near.segment, other)

    def explain(
        self, customers: pd.DataFrame | pa.Table | Sequence[Record], against: str | None = None
    ) -> shap.Explanation:
        """As `explain_table`, as a `shap.Explanation` that shap's own plots take; `data` is in the user's units."""
        import shap  # imports numba, which takes seconds; assignments never wait for it

        found = self.explain_table(customers, against)
        frame = customers if isinstance(customers, pd.DataFrame) else pd.DataFrame(_plain_rows(customers))
        return shap.Explanation(
            values=np.ascontiguousarray(found.contributions),
            base_values=found.base,
            data=frame[list(found.columns)].to_numpy(dtype=object),
            feature_names=list(found.columns),
        )

    def position(self, segment_id: str) -> int:
        """Where the segment stands in `cards`.

        Raises
        ------
        ContractError
            If the model has no such segment.
        """
        try:
            return self.ids.index(segment_id)
        except ValueError:
            hint = nearest_word(segment_id, self.ids)
            raise ContractError(f"no segment {segment_id!r}; the model has {', '.join(self.ids)}.{hint}") from None

    # -- saving ------------------------------------------------------------------------------------------------

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        encoder, encoder_arrays = self.encoder.to_state()
        novelty, novelty_arrays = self.novelty.to_state()
        document = {
            "contract": self.contract.to_json(),
            "encoder": encoder,
            "assigner": self.assigner.KIND,
            "novelty": novelty,
            "cards": [card.to_json() for card in self.discovered_cards],
            "provenance": dict(self.provenance),
        }
        arrays = {
            **{f"encoder_{name}": array for name, array in encoder_arrays.items()},
            **{f"novelty_{name}": array for name, array in novelty_arrays.items()},
            **{f"assigner_{name}": array for name, array in self.assigner.arrays().items()},
            **{f"explainer_{name}": array for name, array in self.explainer.arrays().items()},
        }
        return storage.contents_of(document, arrays)

    @cached_property
    def digest(self) -> str:
        """sha256 over every byte of the saved model, the overlay apart."""
        return storage.digest_of(self._contents)

    def save(self, path: str | Path) -> None:
        """Write the model as a directory of JSON and arrays; the overlay is not part of it."""
        storage.write(Path(path), self._contents)

    @classmethod
    def load(cls, path: str | Path) -> SegmentModel:
        """Read a saved model; its digest is verified before anything is made of it.

        Raises
        ------
        ArtefactError
            If it is missing, changed, of a newer format or not complete.
        """
        document, arrays, _ = storage.read(Path(path))

        def of(part: str) -> dict[str, Any]:
            return {k.removeprefix(f"{part}_"): array for k, array in arrays.items() if k.startswith(f"{part}_")}

        try:
            assigner_class = {kind.KIND: kind for kind in (NearestCentroid, NearestCore)}[document["assigner"]]
            encoder = Encoder.from_state(document["encoder"], of("encoder"))
            assigner = assigner_class.from_arrays(of("assigner"))
            return cls(
                contract=VectorContract.from_json(document["contract"]),
                encoder=encoder,
                assigner=assigner,
                explainer=_explainer(encoder, assigner, of("explainer")),
                novelty=NoveltyRule.from_state(document["novelty"], of("novelty")),
                discovered_cards=tuple(SegmentCard.from_json(card) for card in document["cards"]),
                provenance=document["provenance"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError(f"the model in {path} is not complete: {error!r}") from error


def _explainer(
    encoder: Encoder, assigner: NearestCentroid | NearestCore, arrays: Mapping[str, NDArray[Any]]
) -> CentroidExplainer | CoreExplainer:
    """The explainer that belongs to the assigner."""
    if isinstance(assigner, NearestCentroid):
        return CentroidExplainer(encoder, assigner, arrays["mean"])
    return CoreExplainer(encoder, assigner, arrays["background"], arrays["weights"])


def _index_of(customers: Any) -> pd.Index[Any] | None:
    return customers.index if isinstance(customers, pd.DataFrame) else None


def _plain_rows(customers: Any) -> Any:
    return customers.to_pandas() if hasattr(customers, "to_pandas") else list(customers)
