from __future__ import annotations

from pathlib import Path

import pytest

from registry.connection import RegistryLocation
from registry.runs import finished_files
from registry.runs.finished_files import fetch_files
from segment_model.errors import RegistryError


def test_only_the_named_files_that_the_run_holds_come(logged: tuple[RegistryLocation, str], tmp_path: Path) -> None:
    location, run_id = logged
    files = fetch_files(location, run_id, ("report.html", "insights.json", "figures", "../mlflow.db"), tmp_path)
    assert files == {"report.html": "<h1>Grüße</h1>".encode()}
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_stays(logged: tuple[RegistryLocation, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finished_files, "MOST_BYTES", 5)
    assert fetch_files(*logged, ("report.html",)) == {}


def test_a_run_that_is_not_there_is_an_error(logged: tuple[RegistryLocation, str]) -> None:
    with pytest.raises(RegistryError, match="refused"):
        fetch_files(logged[0], "no-such-run", ("report.html",))


def test_a_version_without_a_run_has_no_files(logged: tuple[RegistryLocation, str]) -> None:
    assert fetch_files(logged[0], "", ("report.html",)) == {}
