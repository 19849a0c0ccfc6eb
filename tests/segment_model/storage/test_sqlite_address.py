"""The path inside an address counts from a folder; addresses of servers stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from segment_model.storage.sqlite_address import anchored_address, sqlite_address, sqlite_path, without_driver


@pytest.mark.parametrize("address", ["http://mlflow:5000", "postgresql://host/db", "sqlite:memory"])
def test_the_address_of_a_server_stays(address: str, tmp_path: Path) -> None:
    assert anchored_address(address, tmp_path) == address
    assert sqlite_path(address) is None


def test_a_relative_path_counts_from_the_folder_and_an_absolute_one_stays(tmp_path: Path) -> None:
    assert anchored_address("sqlite:///mlflow.db", tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"
    assert anchored_address("sqlite:///../up.db", tmp_path / "low") == f"sqlite:///{tmp_path}/up.db"
    assert anchored_address("sqlite:////srv/mlflow.db", tmp_path) == "sqlite:////srv/mlflow.db"
    assert sqlite_path(sqlite_address(tmp_path / "a.db")) == tmp_path / "a.db"


def test_a_path_in_the_home_folder_is_found_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert anchored_address("sqlite:///~/mlflow.db", Path("/elsewhere")) == f"sqlite:///{tmp_path}/mlflow.db"


def test_the_reason_of_a_database_comes_without_the_class_of_its_driver() -> None:
    assert without_driver("(sqlite3.OperationalError) database is locked") == "database is locked"
    assert without_driver("(psycopg2.errors.UndefinedTable) no such table") == "no such table"
    assert without_driver("disk (sqlite3.OperationalError) full") == "disk (sqlite3.OperationalError) full"
