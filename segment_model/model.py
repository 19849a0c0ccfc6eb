"""A segment model: frozen, complete in itself, and the only thing that ever assigns a customer to a segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from segment_model.assigners.assigner import Assigner
from segment_model.cards import SegmentCard, SegmentLabel, checked_labels
from segment_model.centres import keeps_sites, typical_points
from segment_model.contract import VectorContract
from segment_model.display.shown_table import ShownTable, shown_as_table
from segment_model.encoding.any_frame import read_customers
from segment_model.encoding.encoder import Encoder, Floats
from segment_model.encoding.frames import is_frame
from segment_model.encoding.novelty import NoveltyRule
from segment_model.encoding.reader import Record
from segment_model.errors import ArtefactError, ContractError, counted, percent, shown
from segment_model.explanation.explainer import Explainer, Explanations
from segment_model.explanation.name_misfits import NAME_WORDS, Claims, NameMisfit, claims_of_segments, misfits
from segment_model.interruption import Check, go_on
from segment_model.language.segment_lookup import find_segment, listed_segments, nearest_segment
from segment_model.scoring import hysteresis
from segment_model.scoring.answers import Assignment, Assignments, Explanation
from segment_model.scoring.scoring import Policy, Scorer, check_policy
from segment_model.storage import artefact, directory
from segment_model.storage.user_path import user_path

if TYPE_CHECKING:
    import pandas as pd
    import shap

    from segment_model.counterfactual.what_would_change import WhatWouldChange
    from segment_model.encoding.reader import Table


@shown_as_table
@dataclass(frozen=True, eq=False)  # the arrays of two models do not compare to one truth
class SegmentModel:
    """Assigns customers to segments and explains why. Safe to use from many threads.

    Two models are equal if their saved files are, and their segments have the same names and notes.

    contract : the columns of a customer; encoder, assigner, explainer, novelty : what was learned; discovered_cards :
    one a segment, in the assigner's order; provenance : what made the model, plain JSON values; overlay : the names
    and notes that people gave since, by segment id, which are not part of the saved model.

    Examples
    --------
    With `model` and `customers` of the example of `segments.discover`:

    >>> sorted(model.assign(customers)["segment_id"].value_counts())
    [150, 150]
    """

    contract: VectorContract
    encoder: Encoder
    assigner: Assigner
    explainer: Explainer
    novelty: NoveltyRule
    discovered_cards: tuple[SegmentCard, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    overlay: Mapping[str, SegmentLabel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.discovered_cards) != self.assigner.size:
            cards = counted(len(self.discovered_cards), "card")
            raise ArtefactError(f"the model has {counted(self.assigner.size, 'segment')} and {cards}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SegmentModel):
            return NotImplemented
        return self is other or (self.digest == other.digest and self.cards == other.cards)

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def _shown(self) -> ShownTable:
        basis = counted(len(self.contract.basis), "column")
        title = f"Model of {counted(len(self.ids), 'segment')} by {self.assigner.ALGORITHM}, shaped by {basis}"
        rows = [(card.name, f"{card.size:,}", percent(card.share), card.id) for card in self.cards]
        return ShownTable(title, ("segment", "customers", "share", "id"), rows, notes=(self.digest,))

    @cached_property
    def scorer(self) -> Scorer:
        """Reads, assigns and explains customers; it answers in positions, to which this class gives ids and names."""
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

    @cached_property
    def name_claims(self) -> tuple[Claims | None, ...]:
        """What the words of each segment's name claim, in order; None where that is not known.

        Raises
        ------
        ArtefactError
            If this version cannot read what the model stores of it.
        """
        stored = self.provenance.get(NAME_WORDS, {})
        return claims_of_segments(stored, self.contract, self._discovered_names, self._names_by_id)

    @cached_property
    def previous_positions(self) -> Mapping[str, int]:
        """Positions by segment id: of the model's own segments, and of the heirs of retired ones by the retired ids."""
        return hysteresis.previous_positions(self.ids, self.provenance.get("lineage", {}))

    @cached_property
    def centres(self) -> Floats:
        """(segments, width): the centre of each segment's customers, encoded.

        Centroids that are sites (decision 9) may lie far from every customer: then its card's typical customer.
        """
        if keeps_sites(self.provenance):
            return typical_points(self.encoder, self.discovered_cards)
        return self.assigner.centres()

    def with_overlay(self, overlay: Mapping[str, SegmentLabel]) -> SegmentModel:
        """The same model with segments renamed; ids of other models are ignored, the digest stays.

        overlay : by segment id the label, such as `SegmentLabel("Regulars")`.

        Raises
        ------
        ContractError
            If they are no dict, one is no label, or a name is no text.
        """
        return replace(self, overlay=checked_labels(overlay))._with_digest(self.digest)

    @overload
    def assign(
        self,
        customers: Table,
        policy: Policy = ...,
        previous: Sequence[str | None] | pd.Series[str] | None = ...,
        margin: float = ...,
    ) -> pd.DataFrame: ...

    @overload
    def assign(
        self,
        customers: Any,
        policy: Policy = ...,
        previous: Sequence[str | None] | pd.Series[str] | None = ...,
        margin: float = ...,
    ) -> Any: ...

    def assign(
        self,
        customers: Any,
        policy: Policy = "unassigned",
        previous: Sequence[str | None] | pd.Series[str] | None = None,
        margin: float = hysteresis.MARGIN,
    ) -> Any:
        """Assign customers: one row each, in their order, as a frame of the kind that they came in.

        customers : a frame of pandas, polars (a LazyFrame is collected once, and answered by a LazyFrame) or Arrow, a
        list of dicts, one Series, or a matrix where all columns are numbers. Ids are the index of a pandas frame, or
        the column `customer_id`, which the answer then has too. Lists and matrices are answered by pandas.

        Columns: segment_id and segment_name (null where unassigned), strength, runner_up_id (null where there is
        only one segment), unassigned, novel.

        previous : the ids of the segments that the customers were in, in order or as a Series by customer. Then those
        on the border stay, as `scoring.hysteresis` says, and two more columns say so: kept_by_hysteresis, and
        previous_segment_id, null where the model does not know it.

        Raises
        ------
        ContractError, InputError
            If the customers do not follow the model's contract, or `previous` does not fit them.
        """
        taken = read_customers(customers, self.contract)
        index = taken.table.index if is_frame(taken.table) else None
        assignments = self.assign_records(taken.table, policy)
        table = self.frame_of(assignments, index)
        if previous is None:
            return taken.answer(table)
        before = hysteresis.align_previous(previous, index)
        kept = hysteresis.apply_hysteresis(assignments, before, self.previous_positions, margin)
        return taken.answer(hysteresis.with_previous(table, kept, self.ids, self.names))

    def assign_record(self, record: Record, policy: Policy = "unassigned") -> Assignment:
        """Assign one customer given as a dict: the quickest way.

        Raises
        ------
        InputError
            If the customer does not follow the model's contract.
        """
        check_policy(policy)
        single = self.scorer.single
        nearest = single.assign(record) if single else None
        if nearest:
            return Assignment.of_single(nearest, self.ids, self.names)
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
        check_policy(policy)
        single = self.scorer.single
        nearest = single.assign(record) if single and against is None else None
        if nearest and single:
            assignment = Assignment.of_single(nearest, self.ids, self.names)
            base, contributions, score = single.reasons(nearest)
            by_column = dict(zip(self.encoder.columns, contributions, strict=True))
            untrue = misfits(self.name_claims[nearest.nearest], record)
            ends = assignment.nearest_id, assignment.runner_up_id
            return assignment, Explanation(*ends, base, by_column, score, untrue)
        rival = None if against is None else self.position(against)
        assignments, explanations = self.scorer.explain_in_chunks([record], policy, rival)
        assignment = Assignment.of_first(assignments, self.ids, self.names)
        untrue = misfits(self.name_claims[int(explanations.toward[0])], record)
        return assignment, Explanation.of_first(explanations, self.ids, untrue)

    def name_misfits(self, record: Record, segment_id: str) -> tuple[NameMisfit, ...] | None:
        """The words of a segment's name that do not hold for a customer given as a dict, in the order of the name.

        A missing value contradicts nothing. None where the model does not know what the name claims: an older model,
        or a name that people gave.

        Raises
        ------
        ContractError
            If the model has no such segment.
        """
        return misfits(self.name_claims[self.position(segment_id)], record)

    def assign_records(self, customers: Table, policy: Policy = "unassigned") -> Assignments:
        """As `assign`, as plain arrays: the fast path for a few dicts; refuses what `assign` does."""
        return self.scorer.assign(customers, policy)

    def explain_records(
        self, customers: Table, policy: Policy = "unassigned", against: str | None = None
    ) -> tuple[Assignments, Explanations]:
        """As `explain_record`, of many; a named segment that is itself the nearest is compared with the runner-up."""
        return self.scorer.explain(customers, policy, None if against is None else self.position(against))

    def frame_of(self, assignments: Assignments, index: pd.Index[Any] | None = None) -> pd.DataFrame:
        """Assignments as the table that `assign` returns."""
        return assignments.table(self.ids, self.names, index)

    def explain_table(self, customers: Any, against: str | None = None) -> Explanations:
        """The explanations of `explain_records`, of any form of table."""
        return self.explain_records(read_customers(customers, self.contract).table, against=against)[1]

    def explain(self, customers: Any, against: str | None = None) -> shap.Explanation:
        """As `explain_table`, as a `shap.Explanation` that shap's own plots take.

        `data` is in the user's units: doubles and text, NaN where missing, whatever types the customers have.
        """
        import pandas as pd

        table = read_customers(customers, self.contract).table
        explanations = self.explain_table(table, against)
        frame = table if is_frame(table) else pd.DataFrame(list(table), columns=list(explanations.columns))
        return explanations.to_shap(self.scorer.reader.shown(frame))

    def what_would_change(
        self, record: Record, to: str, changeable: Sequence[str], check: Check = go_on
    ) -> WhatWouldChange:
        """The smallest change of the `changeable` basis columns that moves a customer to the segment `to` (its id).

        `counterfactual.what_would_change` lists what is refused. What `check` raises ends the search.
        """
        # imported on first use: assignments do not wait for it
        from segment_model.counterfactual.what_would_change import what_would_change

        return what_would_change(self, record, to, changeable, check=check)

    def position(self, segment_id: str) -> int:
        """Where the segment stands in `cards`.

        Raises
        ------
        ContractError
            If the model has no such segment.
        """
        if not isinstance(segment_id, str) or segment_id not in self.ids:
            raise ContractError(self._no_segment(segment_id))
        return self.ids.index(segment_id)

    def id_of(self, segment: str) -> str:
        """The id of the segment that a person names by its id, its present name or the name that it was found under.

        Raises
        ------
        ContractError
            If no segment has the id or name, or several have the name.
        """
        is_text = isinstance(segment, str)
        segment_id = find_segment(segment, self._names_by_id, self._discovered_names) if is_text else None
        if segment_id is None:
            raise ContractError(self._no_segment(segment))
        return segment_id

    def _no_segment(self, wanted: object) -> str:
        names = self._names_by_id
        return f"no segment {shown(wanted)}; the model has {listed_segments(names)}.{nearest_segment(wanted, names)}"

    @property
    def _names_by_id(self) -> dict[str, str]:
        return dict(zip(self.ids, self.names, strict=True))

    @property
    def _discovered_names(self) -> dict[str, str]:
        """By id, the names under which the discovery saved the segments."""
        return {card.id: card.name for card in self.discovered_cards}

    @property
    def _parts(self) -> artefact.Parts:
        return artefact.Parts(**{part.name: getattr(self, part.name) for part in fields(artefact.Parts)})

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The files of the saved model but the manifest, by relative name, as `storage.directory.write` takes them."""
        return directory.contents_of(*artefact.write_parts(self._parts))

    @cached_property
    def digest(self) -> str:
        """sha256 over every byte of the saved model, the overlay apart."""
        return directory.digest_of(self.files)

    @property
    def artefact_digest(self) -> str:
        """`digest`, under a name that cannot be confused with `learned_digest`."""
        return self.digest

    @cached_property
    def learned_digest(self) -> str:
        """sha256 over what decides an answer: the same settings, data, seed and incumbent always learn the same.

        Cards, and so ids and names, provenance and overlay are not part of it.
        """
        document, arrays = artefact.write_parts(self._parts)
        return directory.digest_of(directory.contents_of(artefact.learned_document(document), arrays))

    def _with_digest(self, digest: str) -> SegmentModel:
        """Keep the digest of the loaded files: computing it again would use the current format."""
        self.__dict__["digest"] = digest  # where the cached property keeps it
        return self

    def save(self, path: str | Path) -> None:
        """Write the model as a directory of JSON and arrays; the overlay is not part of it.

        Raises
        ------
        ArtefactError
            If the path holds something that is not a saved model, or cannot be written; then what it held stays.
        """
        place = user_path(path)
        try:
            directory.write(place, self.files)
        except OSError as error:
            why = f"{error.strerror or error} ({error.filename or place})"
            raise ArtefactError(f"the model cannot be saved as {place}: {why}; save it in another folder") from error

    @classmethod
    def load(cls, path: str | Path, digest: str | None = None) -> SegmentModel:
        """Read a saved model; its digest is verified, also against a known one, before any part is constructed.

        Raises
        ------
        ArtefactError
            If the model is missing, changed, incomplete, of a newer format, or has another digest.
        """
        document, arrays, verified = directory.read(user_path(path), digest)
        try:
            parts = artefact.read_parts(document, arrays)
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError(
                f"the model in {path} is whole but this version cannot read it ({type(error).__name__}: {error}); "
                "it was made by a development version. Discover anew."
            ) from error
        model = cls(**{part.name: getattr(parts, part.name) for part in fields(parts)})._with_digest(verified)
        _ = model.name_claims  # refused here, not with the first explanation
        return model
