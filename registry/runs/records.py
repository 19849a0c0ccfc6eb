"""The record of a discovery for its readers, as plain values that MLflow then logs."""

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
    """Everything that the run of a discovery shows.

    vectors : the training customers, (n, columns of the contract), of whom only schema and digest are logged;
    data_digest : theirs, "sha256:…"; data_source : their source, in words or as a path. settings : the user's settings,
    as plain values. versions : package -> version. tables and figures (a PNG file or its bytes) carry file names
    without an ending, texts with one ("report.html"). note : Markdown on the run's front page. model : the chosen one;
    None where no candidate was chosen.
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
