"""The record that becomes the MLflow run of a discovery: plain values, tables and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from segment_model.model import SegmentModel

Metrics = Mapping[str, float | None]  # None or NaN: not defined for this run


@dataclass(frozen=True, slots=True)
class DiscoveryRecord:
    """The content of the run of a discovery.

    name : registration puts the version before it. settings : the user's settings, as plain values. parameters : those
    that the user set, by short dotted names. began, ended : of the discovery, in seconds since 1970; None: as the run
    is opened and closed. vectors : the training customers, (n, columns of the contract), of
    whom only the schema is logged. data_digest : their digest, "sha256:…". data_source : their source, in words or as a
    path. model : that of the chosen candidate; None logs no model. versions : package -> version. tables, figures : by
    file name without suffix; a figure is a PNG file or its bytes. The table `candidates` is shown by MLflow itself.
    texts : by file name with suffix ("report.html"). note : Markdown that describes the run and its version.
    """

    name: str
    settings: Mapping[str, Any]
    vectors: pd.DataFrame
    data_digest: str
    data_source: str
    model: SegmentModel | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    figures: Mapping[str, Path | bytes] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    began: float | None = None
    ended: float | None = None
