from __future__ import annotations

import errno
import os
import pkgutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
import requests

import registry
from registry.connection import ENVIRONMENT, Connection, RegistryLocation, connected, load_mlflow
from registry.runs.finished_files import fetch_files
from registry.versions.versions import fetch, list_versions
from segment_model.errors import LocalFileError, RegistryError, UnreachableError
from tests.registries import registry_in

pytestmark = [
    # mlflow 3.17 maps a table by a loader strategy that sqlalchemy is about to remove
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"),
]


def test_a_folder_holds_database_and_artifacts(tmp_path: Path) -> None:
    location = registry_in(tmp_path)
    assert location.database == tmp_path / "mlflow.db"
    assert location.artifact_root == str(tmp_path / "artifacts")


def test_artifacts_go_beside_the_database_or_where_the_server_puts_them(tmp_path: Path) -> None:
    beside = RegistryLocation(f"sqlite:///{tmp_path}/mine.db")
    assert beside.artifact_root == str(tmp_path / "artifacts")
    assert RegistryLocation("http://mlflow:5000").artifact_root is None


def test_a_password_is_never_shown() -> None:
    location = RegistryLocation("https://ana:s3cret@mlflow.example:5000/path")
    assert location.shown == "https://***@mlflow.example:5000/path"
    assert "s3cret" not in repr(location)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://ana:s3cret/1@127.0.0.1:1", "http://***@127.0.0.1:1"),
        ("http://ana:s3cret#1@127.0.0.1:1", "http://***@127.0.0.1:1"),
        ("http://ana:s3cret?1@127.0.0.1:1/a", "http://***@127.0.0.1:1/a"),
        ("postgresql://h/db?password=s3cret", "postgresql://h/db?***"),
        ("ana:s3cret@host", "***@host"),
        ("http://mlflow:5000/a", "http://mlflow:5000/a"),
        ("mlruns", "mlruns"),
    ],
)
def test_a_password_is_not_shown_however_it_is_written(address: str, shown: str) -> None:
    location = RegistryLocation(address)
    assert location.shown == shown
    if not address.startswith("http://ana"):
        return
    with pytest.raises(RegistryError) as caught:
        list_versions(location)
    assert "s3cret" not in str(caught.value)


def test_a_sqlite_file_is_shown_whole(tmp_path: Path) -> None:
    location = registry_in(tmp_path / "me@work?")
    assert location.shown == location.tracking_uri


def test_reading_a_registry_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"no registry at sqlite:///.*run `segments discover` first"):
        list_versions(registry_in(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"customer_id,spend\n" * 100)
    with pytest.raises(RegistryError, match="is not an MLflow registry") as caught:
        fetch(registry_in(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    location = registry_in(tmp_path / "taken" / "registry")
    with pytest.raises(LocalFileError, match=r"cannot be opened: Not a directory \("), connected(location, create=True):
        pass


@pytest.mark.parametrize("create", [True, False])
def test_a_registry_that_cannot_be_opened_is_refused_at_once(tmp_path: Path, create: bool) -> None:
    (tmp_path / "mlflow.db").mkdir()
    words = r"cannot be opened: Is a directory \(.*db\); correct its permissions, or the registry's tracking_uri"
    with pytest.raises(LocalFileError, match=words), connected(registry_in(tmp_path), create=create):
        pytest.fail("MLflow tries for a hundred seconds")


def test_a_registry_that_is_read_only_can_be_read_and_says_so_when_it_is_written(
    location: RegistryLocation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """SQLite refuses to write for a pragma as for a file of a read-only file system, which only root can mount."""
    with connected(location) as connection:
        connection.client.create_registered_model(location.model_name)
    assert location.database is not None
    read_only = RegistryLocation(f"sqlite:///file:{location.database}?mode=ro&uri=true", location.model_name)
    words = r"is read-only: correct its permissions, or those of its folder$"
    monkeypatch.setattr(RegistryLocation, "database", None)
    monkeypatch.chdir(tmp_path)  # MLflow takes such an address for a path, and makes it
    assert list_versions(read_only) == []
    with pytest.raises(LocalFileError, match=words), connected(read_only) as connection:
        connection.client.set_registered_model_tag(location.model_name, "note", "customers of Maria")
    assert "Maria" not in capsys.readouterr().err, "MLflow logs no statement either"


def test_an_address_that_cannot_be_read_is_one_line_without_its_password() -> None:
    with pytest.raises(RegistryError, match=r"tracking_uri is no address: .*; correct it") as caught:
        list_versions(RegistryLocation("http://ana:s3cret@[mlflow"))
    assert "s3cret" not in str(caught.value)


def test_a_deleted_experiment_is_named(location: RegistryLocation) -> None:
    with connected(location) as connection:
        connection.client.delete_experiment(connection.experiment_id())
        with pytest.raises(RegistryError, match=r"'customer-segments' in .* is deleted"):
            connection.experiment_id()


def test_an_experiment_is_made_once(location: RegistryLocation) -> None:
    with connected(location) as connection:
        assert connection.experiment_id() == connection.experiment_id()


def test_what_mlflow_refuses_is_one_line(location: RegistryLocation) -> None:
    with pytest.raises(RegistryError, match="refused") as caught, connected(location) as connection:
        connection.client.get_run("no-such-run")
    assert "\n" not in str(caught.value)
    assert "no-such-run" in str(caught.value)


@pytest.mark.parametrize(
    ("raised", "kind", "words"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/away/runs"),
            LocalFileError,
            "^/away/runs cannot be read or",
        ),
        (OSError(errno.EIO, "Input/output error"), LocalFileError, "^a file cannot be .*: Input/output error; the reg"),
        (OSError(errno.ENOSPC, "No space left on device"), LocalFileError, "^no room on this machine's disk"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), UnreachableError, "does not answer"),
        (requests.ConnectionError("Max retries exceeded with url"), UnreachableError, "does not answer"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), RegistryError, "No route to host"),
    ],
)
def test_an_error_of_a_file_is_not_a_refusal_of_the_registry(
    location: RegistryLocation, raised: OSError, kind: type[RegistryError], words: str
) -> None:
    with pytest.raises(RegistryError, match=words) as caught, connected(location):
        raise raised
    assert type(caught.value) is kind
    assert caught.value.__cause__ is raised
    assert "\n" not in str(caught.value)


def test_a_temporary_folder_that_cannot_be_made_is_an_error_of_a_file(
    logged: tuple[RegistryLocation, str], tmp_path: Path
) -> None:
    location, run_id = logged
    with pytest.raises(LocalFileError, match=r"absent/segments-files-\w+ cannot be read or written on this machine"):
        fetch_files(location, run_id, ["report.html"], tmp_path / "absent")
    with pytest.raises(LocalFileError, match=r"absent/segments-model-\w+ cannot be read or written on this machine"):
        fetch(location, folder=tmp_path / "absent")


def test_importing_the_room_is_cheap() -> None:
    """--help must be instant, so MLflow waits until a function needs it."""
    packages = pkgutil.walk_packages(registry.__path__, "registry.")
    modules = sorted({package.name for package in packages} - {"registry.scoring_model"})  # MLflow runs that one
    assert "registry.versions.versions" in modules
    code = f"import sys, {', '.join(modules)}; sys.exit('mlflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_limits_are_set_at_the_first_connection_and_a_users_own_stay(tmp_path: Path) -> None:
    code = (
        "import os; from registry.connection import load_mlflow\n"
        "assert 'MLFLOW_HTTP_REQUEST_MAX_RETRIES' not in os.environ\n"
        "load_mlflow()\n"
        "print(os.environ['MLFLOW_HTTP_REQUEST_MAX_RETRIES'], os.environ['MLFLOW_HTTP_REQUEST_TIMEOUT'])\n"
        "from mlflow.telemetry.client import get_telemetry_client\n"
        "assert get_telemetry_client() is None\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
    environment |= {"MLFLOW_HTTP_REQUEST_TIMEOUT": "33", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["2", "33"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        ('(psycopg.errors.UniqueViolation) duplicate key value violates unique constraint "dataset_pk"', 2),
        ("(sqlite3.IntegrityError) UNIQUE constraint failed: datasets.name", 2),
        ("disk full", 1),
    ],
)
def test_a_row_that_another_run_wrote_is_written_once_more(words: str, calls: int) -> None:
    connection = Connection(RegistryLocation("sqlite:///mlflow.db", "segments"), load_mlflow(), None)
    refused = connection.mlflow.exceptions.MlflowException
    made: list[str] = []

    def write() -> None:
        made.append("written")
        if len(made) == 1:
            raise refused(words)

    with nullcontext() if calls == 2 else pytest.raises(refused, match=words):
        connection.write_shared(write)
    assert len(made) == calls
