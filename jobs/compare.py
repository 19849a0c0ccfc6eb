"""Compare two registered versions: how customers flow between their segments, as a table and a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from features.vector_file import read_vectors
from registry.connection import RegistryLocation
from registry.runs.additions import add_to_run
from registry.versions.versions import FetchedModel, fetch
from reporting.pictures.drawing import png
from reporting.pictures.flow_picture import flow_picture
from training.succession.comparison import Comparison, compare


@dataclass(frozen=True)
class VersionComparison:
    """Two versions, the comparison of their assignments, and the flow between segments as a table and a PNG picture."""

    old: FetchedModel
    new: FetchedModel
    comparison: Comparison
    flow: pd.DataFrame
    picture: bytes

    @property
    def name(self) -> str:
        """The name of table and picture in the new version's run."""
        return f"flow_from_version_{self.old.version}"

    @property
    def sentences(self) -> list[str]:
        """The comparison in lines; where the new version continues the old one, the first line is the lineage."""
        lineage = self.new.model.provenance.get("lineage", {})
        if lineage.get("incumbent") != self.old.model.digest:
            return self.comparison.sentences
        continued = f"version {self.new.version} continues version {self.old.version}: {lineage['summary']}"
        return [continued, *self.comparison.sentences]


def compare_versions(
    location: RegistryLocation, old: str, new: str, vectors: Path, vectors_before: Path | None = None
) -> VersionComparison:
    """Assign the customers of a vector file by two versions (aliases or version numbers) and compare the segments.

    vectors_before : the vectors of an earlier time; with them the comparison separates customers who moved because
    they changed from customers whom the new version reassigns.

    Raises
    ------
    SegmentsError
        If a version or a file cannot be read, or no customer can be compared.
    """
    fetched_old, fetched_new = fetch(location, old), fetch(location, new)
    earlier = None if vectors_before is None else read_vectors(vectors_before).frame
    titles = (f"version {fetched_old.version}", f"version {fetched_new.version}")
    comparison = compare(fetched_old.model, fetched_new.model, read_vectors(vectors).frame, earlier, titles)
    return VersionComparison(fetched_old, fetched_new, comparison, comparison.flow(), png(flow_picture(comparison)))


def log_comparison(location: RegistryLocation, compared: VersionComparison) -> None:
    """Add table, picture and shares to the run of the new version.

    Raises
    ------
    RegistryError
        If the registry cannot be reached or refuses something.
    """
    suffix = f"from_version_{compared.old.version}"
    shares = {f"{name}_{suffix}": share for name, share in compared.comparison.metrics.items()}
    add_to_run(location, compared.new.run_id, {compared.name: compared.flow}, {compared.name: compared.picture}, shares)
