"""A verified model with its registered name and version, as all endpoints use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from serving.model.asked_conditions import AskedConditions
from serving.model.finished_pages import FinishedPages

if TYPE_CHECKING:
    from features.conditions.on_vectors.vector_condition import VectorCondition
    from features.request.compiled import VectorCompiler
    from segment_model.language.reasons import ReasonWriter
    from segment_model.model import SegmentModel
    from serving.model.segment_plane import SegmentPlane

MOST_LISTS = 64  # callers send few different lists of conditions; a longer memory would grow with what they invent


@dataclass(frozen=True, eq=False)  # compared by identity
class ServedModel:
    """A verified model, its name and version, and values that many answers need, computed once.

    is_copy : the model was read from the copy on disk, because the registry could not provide it. pages : what its
    discovery made for people.
    """

    model: SegmentModel
    name: str
    version: str
    source: str
    is_copy: bool = False
    pages: FinishedPages = field(default_factory=FinishedPages)

    @cached_property
    def units(self) -> Mapping[str, str]:
        return {column.name: column.unit for column in self.model.contract.columns}

    @cached_property
    def reasons(self) -> ReasonWriter:
        # imported late, so that a process that loads no model does not wait for the import
        from segment_model.language.reasons import ReasonWriter

        return ReasonWriter(self.model)

    @cached_property
    def plane(self) -> SegmentPlane:
        from serving.model.segment_plane import SegmentPlane

        return SegmentPlane.of(self.model)

    @cached_property
    def conditions(self) -> Mapping[str, VectorCondition]:
        """The named conditions that its discovery stored with the model, by name; empty for a model without any.

        Raises
        ------
        SettingsError
            If one cannot be evaluated on the model's columns.
        """
        stored = self.model.provenance.get("conditions")
        if not stored:
            return {}
        # imported late: it imports the parser of conditions
        from features.conditions.on_vectors.vector_condition import VectorCondition

        contract = self.model.contract
        return {name: VectorCondition.read(text, contract, f"conditions.{name}") for name, text in stored.items()}

    @cached_property
    def asked_conditions(self) -> Callable[[tuple[str, ...]], AskedConditions]:
        """Looks up the conditions that a request names; the lists of names that came last are looked up once.

        It raises KeyError if the model has no condition of a name.
        """
        return lru_cache(MOST_LISTS)(partial(AskedConditions.of, self.conditions))

    @cached_property
    def compiler(self) -> VectorCompiler:
        """Computes this model's customer vectors from raw rows.

        Raises
        ------
        ContractError
            If the model does not record how its features were computed.
        """
        from features.feature_spec import FeatureSpec
        from features.request.compiled import VectorCompiler

        return VectorCompiler(FeatureSpec.of(self.model.provenance), self.model.contract)


Fetch = Callable[[], ServedModel]


def from_directory(path: Path, *, name: str = "", version: str = "", source: str = "") -> ServedModel:
    """Load the model saved in a directory; without a version, the start of its digest serves as one."""
    from segment_model.model import SegmentModel

    model = SegmentModel.load(path)
    version = version or model.digest.removeprefix("sha256:")[:12]
    return ServedModel(model, name or path.name, version, source or f"directory {path.name}")
