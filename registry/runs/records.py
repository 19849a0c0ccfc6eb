"""The records that become MLflow runs: a discovery and its candidates, as plain values, tables and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from segment_model.model import SegmentModel

Metrics = Mapping[str, float | None]  # None or NaN: not defined for this run


@dataclass(frozen=True, slots=True)
class CandidateRecord:
    """One candidate of a discovery; it becomes a nested run."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DiscoveryRecord:
    """The content of the run of a discovery.

    settings : the user's settings, as plain values. vectors : the training customers, (n, columns of the contract), of
    whom only the schema is logged. data_digest : their digest, "sha256:…". data_source : their source, in words or as a
    path. model : that of the chosen candidate; None logs no model. versions : package -> version. tables, figures : by
    file name without suffix; a figure is a PNG file or its bytes. texts : by file name with suffix ("report.html").
    note : Markdown on the run's front page.
    """

    name: str
    settings: Mapping[str, Any]
    vectors: pd.DataFrame
    data_digest: str
    data_source: str
    model: SegmentModel | None = None
    metrics: Metrics = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[CandidateRecord, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    figures: Mapping[str, Path | bytes] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
