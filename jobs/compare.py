"""Compare two registered versions: customers followed from one to the other, as a table and a picture."""

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
    """Two versions, the customers followed from the old to the new one, and the flow as a table and a PNG picture."""

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
        """The comparison in lines, the first one on the lineage where the new version continues the old one."""
        lineage = self.new.model.provenance.get("lineage", {})
        if lineage.get("incumbent") != self.old.model.digest:
            return self.comparison.sentences
        continued = f"version {self.new.version} continues version {self.old.version}: {lineage['summary']}"
        return [continued, *self.comparison.sentences]


def compare_versions(
    location: RegistryLocation, old: str, new: str, vectors: Path, vectors_before: Path | None = None
) -> VersionComparison:
    """Follow the customers of a vector file from one version to another; both are aliases or version numbers.

    vectors_before : the same customers earlier, which shows whose change took them to another segment.

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
