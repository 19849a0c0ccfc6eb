"""A segment model: frozen, complete in itself, and the only thing that ever assigns a customer to a segment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from segments import artefact, hysteresis, storage
from segments.answers import Assignment, Assignments, Explanation
from segments.assigners import Nearest, NearestCentroid
from segments.contract import VectorContract
from segments.core_explanation import CoreExplainer
from segments.encoder import Encoder, Floats, RawCustomers
from segments.errors import ArtefactError, ContractError, nearest_word
from segments.explanation import CentroidExplainer, Explanations
from segments.nearest_core import NearestCore
from segments.novelty import NoveltyRule
from segments.profiles import SegmentCard, SegmentLabel
from segments.reading import CustomerReader, Record
from segments.single import Single, SingleCustomer

if TYPE_CHECKING:
    import pyarrow as pa
    import shap

    from segments.change import WhatWouldChange

Policy = Literal["unassigned", "nearest"]
CHUNK = 16_384  # customers at a time: few enough for the cache, enough to outweigh what each chunk costs
CHUNKS_WORTH_THREADS = 4
Explain = Callable[[Floats, Nearest, int], None]


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
    def _single(self) -> SingleCustomer | None:
        if not isinstance(self.assigner, NearestCentroid) or not isinstance(self.explainer, CentroidExplainer):
            return None
        return SingleCustomer(self.contract, self.encoder, self.assigner, self.explainer, self.novelty)

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

    # -- assigning ---------------------------------------------------------------------------------------------

    def assign(
        self,
        customers: pd.DataFrame | pa.Table | Sequence[Record],
        policy: Policy = "unassigned",
        previous: Sequence[str | None] | pd.Series[str] | None = None,
        margin: float = hysteresis.MARGIN,
    ) -> pd.DataFrame:
        """Assign customers: one row each, index kept.

        Columns: segment_id and segment_name (null where unassigned), strength, runner_up_id (null where there is
        only one segment), unassigned, novel.

        previous : the ids of the segments that the customers were in, in order or as a Series by customer. Then those
        on the border stay, as `segments.hysteresis` says, and two columns more tell of it: kept_by_hysteresis, and
        previous_segment_id, null where the model does not know it.

        Raises
        ------
        ContractError, InputError
            If the customers do not follow the model's contract, or `previous` does not fit them.
        """
        index = _index_of(customers)
        found = self.assign_records(_tabular(customers), policy)
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
        single = self._single and self._single.assign(record)
        return self._of_single(single) if single else self._of_row(self._score([record], policy, None))

    def explain_record(
        self, record: Record, policy: Policy = "unassigned", against: str | None = None
    ) -> tuple[Assignment, Explanation]:
        """Assign one customer given as a dict, and say why: the nearest segment against the runner-up, or a named one.

        Raises
        ------
        ContractError, InputError
            If the customer does not follow the model's contract, or the model has no such segment.
        """
        single = self._single.assign(record) if self._single and against is None else None
        if single and self._single:
            said = self._of_single(single)
            base, contributions, score = self._single.reasons(single)
            by_column = dict(zip(self.encoder.columns, contributions, strict=True))
            return said, Explanation(said.nearest_id, said.runner_up_id, base, by_column, score)
        found, why = self.explain_records([record], policy, against)
        toward, other = self.ids[why.toward[0]], (*self.ids, None)[why.against[0]]
        by_column = dict(zip(why.columns, why.contributions[0].tolist(), strict=True))
        return self._of_row(found), Explanation(toward, other, float(why.base[0]), by_column, float(why.score[0]))

    def _of_single(self, single: Single) -> Assignment:
        """A customer in order: assigned, not novel, nothing unseen."""
        nearest = self.ids[single.nearest]
        runner_up = None if single.runner_up < 0 else self.ids[single.runner_up]
        name = self.names[single.nearest]
        return Assignment(nearest, name, single.strength, runner_up, nearest, single.distance, False, False, ())

    def _of_row(self, found: Assignments) -> Assignment:
        nearest, unassigned = self.ids[found.nearest[0]], bool(found.unassigned[0])
        return Assignment(
            segment_id=None if unassigned else nearest,
            segment_name=None if unassigned else self.names[found.nearest[0]],
            strength=float(found.strength[0]),
            runner_up_id=(*self.ids, None)[found.runner_up[0]],
            nearest_id=nearest,
            distance=float(found.distance[0]),
            unassigned=unassigned,
            novel=bool(found.novel[0]),
            unseen=found.unseen[0],
        )

    def assign_records(self, customers: pd.DataFrame | Sequence[Record], policy: Policy = "unassigned") -> Assignments:
        """As `assign`, as plain arrays: the fast path for a few dicts.

        Raises
        ------
        ContractError, InputError
            If a customer does not follow the model's contract.
        """
        single = self._single_of(customers)
        return Assignments.of_single(single) if single else self._score(customers, policy, None)

    def explain_records(
        self, customers: pd.DataFrame | Sequence[Record], policy: Policy = "unassigned", against: str | None = None
    ) -> tuple[Assignments, Explanations]:
        """Assign customers and explain each: the nearest segment against the runner-up, or against a named one.

        Where the named segment is itself the nearest, the runner-up is what it is compared with.

        Raises
        ------
        ContractError, InputError
            If a customer does not follow the model's contract, or the model has no such segment.
        """
        single = self._single_of(customers) if against is None else None
        if single and self._single:
            return Assignments.of_single(single), self._single.explain(single)
        size, width = len(customers), len(self.encoder.columns)
        other = None if against is None else self.position(against)
        contributions = np.empty((width, size))
        whole = Explanations(
            self.encoder.columns,
            toward=np.empty(size, dtype=np.intp),
            against=np.empty(size, dtype=np.intp),
            base=np.empty(size),
            contributions=contributions.T,
            score=np.empty(size),
        )

        def explain(points: Floats, near: Nearest, start: int) -> None:
            rival = near.runner_up if other is None else np.where(near.segment == other, near.runner_up, other)
            part = self.explainer.explain(points, near.segment, rival)
            place = slice(start, start + points.shape[1])
            contributions[:, place] = part.contributions.T
            for name in ("toward", "against", "base", "score"):
                getattr(whole, name)[place] = getattr(part, name)

        return self._score(customers, policy, explain), whole

    def _single_of(self, customers: pd.DataFrame | Sequence[Record]) -> Single | None:
        """The quick answer for a list of one dict, where there is one."""
        if self._single is None or len(customers) != 1 or isinstance(customers, pd.DataFrame):
            return None
        return self._single.assign(customers[0])

    def _score(
        self, customers: pd.DataFrame | Sequence[Record], policy: Policy, explain: Explain | None
    ) -> Assignments:
        """Chunk by chunk, so that a chunk stays in the processor's cache; many chunks share the processors."""
        if isinstance(customers, pd.DataFrame):
            self._reader.check_columns(customers)
        starts = range(0, max(len(customers), 1), CHUNK)

        def part(start: int) -> Assignments:
            raw = self._reader.part(customers, start, start + CHUNK)
            points = self.encoder.encode(raw)
            near = self.assigner.nearest(points)
            if explain is not None:
                explain(points, near, start)
            return self._assignments(raw, near, policy)

        if len(starts) < CHUNKS_WORTH_THREADS:
            return Assignments.joined([part(start) for start in starts])
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return Assignments.joined(list(pool.map(part, starts)))

    def _assignments(self, raw: RawCustomers, near: Nearest, policy: Policy) -> Assignments:
        names = [category.name for category in self.encoder.categories]
        nobody: tuple[str, ...] = ()
        return Assignments(
            nearest=near.segment,
            runner_up=near.runner_up,
            strength=near.strength,
            distance=near.distance,
            unassigned=near.outside if policy == "unassigned" else np.zeros_like(near.outside),
            novel=self.novelty.flags(raw.numbers),
            unseen=tuple(tuple(name for name, flag in zip(names, flags, strict=True) if flag) for flags in raw.unseen.T)
            if raw.unseen.any()
            else (nobody,) * raw.size,
        )

    def frame_of(self, found: Assignments, index: pd.Index[Any] | None = None) -> pd.DataFrame:
        """Assignments as the table that `assign` returns."""
        return found.table(self.ids, self.names, index)

    # -- explaining --------------------------------------------------------------------------------------------

    def explain_table(
        self, customers: pd.DataFrame | pa.Table | Sequence[Record], against: str | None = None
    ) -> Explanations:
        """The explanations of `explain_records`, of any form of table."""
        return self.explain_records(_tabular(customers), against=against)[1]

    def explain(
        self, customers: pd.DataFrame | pa.Table | Sequence[Record], against: str | None = None
    ) -> shap.Explanation:
        """As `explain_table`, as a `shap.Explanation` that shap's own plots take; `data` is in the user's units."""
        import shap  # imports numba, which takes seconds; assignments never wait for it

        table = _tabular(customers)
        found = self.explain_table(table, against)
        frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(list(table))
        return shap.Explanation(
            values=np.ascontiguousarray(found.contributions),
            base_values=found.base,
            data=frame[list(found.columns)].to_numpy(dtype=object),
            feature_names=list(found.columns),
        )

    def what_would_change(self, record: Record, to: str, changeable: Sequence[str]) -> WhatWouldChange:
        """The smallest change of the `changeable` basis columns that moves a customer to the segment `to` (its id).

        See `segments.change.what_would_change`.

        Raises
        ------
        ContractError, InputError
            If the model has no such segment or column, or the customer does not follow the contract.
        """
        from segments.change import what_would_change  # it builds on this module

        return what_would_change(self, record, to, changeable)

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
        return storage.contents_of(*artefact.written(self))

    @cached_property
    def digest(self) -> str:
        """sha256 over every byte of the saved model, the overlay apart."""
        return storage.digest_of(self._contents)

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
        return storage.digest_of(storage.contents_of(artefact.learned(document), arrays))

    def _bearing(self, digest: str) -> SegmentModel:
        """The same model under the digest of the files it was read from, which a newer format would write anew."""
        self.__dict__["digest"] = digest  # where the cached property keeps it
        return self

    def save(self, path: str | Path) -> None:
        """Write the model as a directory of JSON and arrays; the overlay is not part of it."""
        storage.write(Path(path), self._contents)

    @classmethod
    def load(cls, path: str | Path, digest: str | None = None) -> SegmentModel:
        """Read a saved model; its digest is verified, also against a known one, before anything is made of it.

        Raises
        ------
        ArtefactError
            If it is missing, changed, another one, of a newer format or not complete.
        """
        document, arrays, found = storage.read(Path(path), digest)
        try:
            model = cls(**artefact.parts(document, arrays))
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError(
                f"the model in {path} is whole but this version cannot read it ({type(error).__name__}: {error}); "
                "it was made by a development version. Discover anew."
            ) from error
        return model._bearing(found)


def _index_of(customers: Any) -> pd.Index[Any] | None:
    return customers.index if isinstance(customers, pd.DataFrame) else None


def _tabular(customers: pd.DataFrame | pa.Table | Sequence[Record]) -> pd.DataFrame | Sequence[Record]:
    """Arrow tables become DataFrames; the rest stays as it is."""
    if isinstance(customers, pd.DataFrame) or not hasattr(customers, "to_pandas"):
        return customers
    frame: pd.DataFrame = customers.to_pandas()
    return frame
