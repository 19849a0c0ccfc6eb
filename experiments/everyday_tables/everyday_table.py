"""A table of everyday customers, read as a user would have it read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features.vector_table import CustomerVectors
from jobs.customer_vectors import vectors_of
from segment_model.contract import VectorContract
from training.settings import DiscoverySettings, parse_settings


@dataclass(frozen=True)
class EverydayTable:
    """Customer vectors and the settings of their discovery, which by default tell it nothing."""

    name: str
    vectors: CustomerVectors
    settings: DiscoverySettings

    @property
    def frame(self) -> pd.DataFrame:
        """One row a customer, with the columns of the contract."""
        return self.vectors.frame

    @property
    def contract(self) -> VectorContract:
        """What the columns hold."""
        return self.vectors.contract


def read_table(name: str, content: Mapping[str, Any], folder: Path) -> EverydayTable:
    """The vectors that the settings `content` describe; file names count from `folder`.

    Raises
    ------
    SegmentsError
        If the settings are not valid, or a table cannot be read.
    """
    settings = parse_settings(dict(content), name)
    return EverydayTable(name, vectors_of(settings, folder), settings.discovery)
