"""Reads one file as the raw table `orders`, as a build does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pytest

from features.notices import Notice
from features.source_settings import TableSource
from features.sources import Engines, fetch


class Read(Protocol):
    """The rows of a file, and what the run says of it."""

    def __call__(self, file: str, **source: Any) -> tuple[list[dict[str, Any]], tuple[Notice, ...]]: ...


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Opens and keeps a file of the test's folder."""

    def rows_of(file: str, **source: Any) -> tuple[list[dict[str, Any]], tuple[Notice, ...]]:
        with Engines(tmp_path, "UTC") as engines:
            table = engines.keep(engines.open(TableSource(file=file, **source), "orders"))
            return fetch(table, "orders").to_pylist(), engines.notices

    return rows_of
