"""A segment model: frozen, complete in itself, and the only thing that ever assigns a customer to a segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.assigners.nearest_core import NearestCore
from segment_model.cards import SegmentCard, SegmentLabel
from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Encoder
from segment_model.encoding.novelty import NoveltyRule
from segment_model.encoding.reader import Record, tabular
from segment_model.errors import ArtefactError, ContractError, nearest_word
from segment_model.explanation.centroid import CentroidExplainer, Explanations
from segment_model.explanation.core import CoreExplainer
from segment_model.interruption import Check, go_on
from segment_model.scoring import hysteresis
from segment_model.scoring.answers import Assignment, Assignments, Explanation
from segment_model.scoring.scoring import Policy, Scorer
from segment_model.storage import artefact, directory

if TYPE_CHECKING:
    import shap

    from segment_model.counterfactual.what_would_change import WhatWouldChange
    from segment_model.encoding.reader import AnyTable, Table


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
    def scorer(self) -> Scorer:
        """What was learned, at work: it answers in positions, to which this class gives ids and names."""
        return Scorer(self.contract, self.encoder, self.assigner, self.explainer, self.novelty)

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
        return replace(self, overlay=dict(overlay))._bearing(self.digest)

    def assign(
        self,
        customers: AnyTable,
        policy: Policy = "unassigned",
        previous: Sequence[str | None] | pd.Series[str] | None = None,
        margin: float = hysteresis.MARGIN,
    ) -> pd.DataFrame:
        """Assign customers: one row each, index kept.

        Columns: segment_id and segment_name (null where unassigned), strength, runner_up_id (null where there is
        only one segment), unassigned, novel.

        previous : the ids of the segments that the customers were in, in order or as a Series by customer. Then those
        on the border stay, as `scoring.hysteresis` says, and two columns more tell of it: kept_by_hysteresis, and
        previous_segment_id, null where the model does not know it.

        Raises
        ------
        ContractError, InputError
            If the customers do not follow the model's contract, or `previous` does not fit them.
        """
        index = customers.index if isinstance(customers, pd.DataFrame) else None
        found = self.assign_records(tabular(customers), policy)
        table = self.frame_of(found, index)
        if previous is None:
            return table
        settled = hysteresis.settle(self, found, hysteresis.in_order(previous, index), margin)
        return hysteresis.told(self, table, settled)

    def assign_record(self, record: Record, policy: Policy = "unassigned") -> Assignment:
        """Assign one customer given as a dict: the quickest way.

        Raises
        ------
        InputError
            If the customer does not follow the model's contract.
        """
        single = self.scorer.single
        found = single.assign(record) if single else None
        if found:
            return Assignment.of_single(found, self.ids, self.names)
        return Assignment.of_first(self.scorer.assign_in_chunks([record], policy), self.ids, self.names)

    def explain_record(
        self, record: Record, policy: Policy = "unassigned", against: str | None = None
    ) -> tuple[Assignment, Explanation]:
        """Assign one customer given as a dict, and say why: the nearest segment against the runner-up, or a named one.

        Raises
        ------
        ContractError, InputError
            If the customer does not follow the model's contract, or the model has no such segment.
        """
        single = self.scorer.single
        quick = single.assign(record) if single and against is None else None
        if quick and single:
            said = Assignment.of_single(quick, self.ids, self.names)
            base, contributions, score = single.reasons(quick)
            by_column = dict(zip(self.encoder.columns, contributions, strict=True))
            return said, Explanation(said.nearest_id, said.runner_up_id, base, by_column, score)
        other = None if against is None else self.position(against)
        found, why = self.scorer.explain_in_chunks([record], policy, other)
        return Assignment.of_first(found, self.ids, self.names), Explanation.of_first(why, self.ids)

    def assign_records(self, customers: Table, policy: Policy = "unassigned") -> Assignments:
        """As `assign`, as plain arrays: the fast path for a few dicts; refuses what `assign` does."""
        return self.scorer.assign(customers, policy)

    def explain_records(
        self, customers: Table, policy: Policy = "unassigned", against: str | None = None
    ) -> tuple[Assignments, Explanations]:
        """As `explain_record`, of many; a named segment that is itself the nearest is compared with the runner-up."""
        return self.scorer.explain(customers, policy, None if against is None else self.position(against))

    def frame_of(self, found: Assignments, index: pd.Index[Any] | None = None) -> pd.DataFrame:
        """Assignments as the table that `assign` returns."""
        return found.table(self.ids, self.names, index)

    def explain_table(self, customers: AnyTable, against: str | None = None) -> Explanations:
        """The explanations of `explain_records`, of any form of table."""
        return self.explain_records(tabular(customers), against=against)[1]

    def explain(self, customers: AnyTable, against: str | None = None) -> shap.Explanation:
        """As `explain_table`, as a `shap.Explanation` that shap's own plots take; `data` is in the user's units."""
        table = tabular(customers)
        found = self.explain_table(table, against)
        frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(list(table))
        return found.to_shap(frame[list(found.columns)].to_numpy(dtype=object))

    def what_would_change(
        self, record: Record, to: str, changeable: Sequence[str], check: Check = go_on
    ) -> WhatWouldChange:
        """The smallest change of the `changeable` basis columns that moves a customer to the segment `to` (its id).

        `counterfactual.what_would_change` lists what is refused. What `check` raises ends the search.
        """
        from segment_model.counterfactual.what_would_change import what_would_change  # it builds on this module

        return what_would_change(self, record, to, changeable, check=check)

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

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        return directory.contents_of(*artefact.written(self))

    @cached_property
    def digest(self) -> str:
        """sha256 over every byte of the saved model, the overlay apart."""
        return directory.digest_of(self._contents)

    @property
    def artefact_digest(self) -> str:
        """`digest`, where it must be told from `learned_digest`."""
        return self.digest

    @cached_property
    def learned_digest(self) -> str:
        """sha256 over what decides an answer: the same settings, data, seed and incumbent always learn the same.

        Cards, and so ids and names, provenance and overlay are not part of it.
        """
        document, arrays = artefact.written(self)
        return directory.digest_of(directory.contents_of(artefact.learned(document), arrays))

    def _bearing(self, digest: str) -> SegmentModel:
        """The same model under the digest of the files it was read from, which a newer format would write anew."""
        self.__dict__["digest"] = digest  # where the cached property keeps it
        return self

    def save(self, path: str | Path) -> None:
        """Write the model as a directory of JSON and arrays; the overlay is not part of it."""
        directory.write(Path(path), self._contents)

    @classmethod
    def load(cls, path: str | Path, digest: str | None = None) -> SegmentModel:
        """Read a saved model; its digest is verified, also against a known one, before anything is made of it.

        Raises
        ------
        ArtefactError
            If it is missing, changed, another one, of a newer format or not complete.
        """
        document, arrays, found = directory.read(Path(path), digest)
        try:
            model = cls(**artefact.parts(document, arrays))
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError(
                f"the model in {path} is whole but this version cannot read it ({type(error).__name__}: {error}); "
                "it was made by a development version. Discover anew."
            ) from error
        return model._bearing(found)
