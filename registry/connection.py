"""Where the registry is, how to connect to it, and MLflow's errors as one-line errors of ours."""

from __future__ import annotations

import errno
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from segment_model.errors import LocalFileError, RegistryError, UnreachableError
from segment_model.storage.sqlite_address import sqlite_path, without_driver

DEFAULT_NAME = "customer-segments"
KIND = "mlflow.experimentKind"
TRAINING_KIND = "custom_model_development"  # MLflow's pages of machine learning, with its runs first
GUESSED_KIND = ("_inferred", "no_inferred_type")  # how a kind ends that no person chose
# what the system says of files without their names
DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE})

READ_ONLY = "attempt to write a readonly database"  # as SQLite says it, also of a read-only file system
WRITTEN_TWICE = ("duplicate key", "unique constraint", "duplicate entry")  # as PostgreSQL, SQLite and MySQL say it
# Without these a server that is down blocks one call for four minutes. A variable that is set already stays.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # our commands print where to look
}


@dataclass(frozen=True, slots=True)
class RegistryLocation:
    """The place and the names under which runs and models are kept.

    `tracking_uri` is an SQLite file (`sqlite:///path`) or an MLflow server (`http://…`). The files of a new experiment
    go beside the SQLite file, or where the server puts them.
    """

    tracking_uri: str = field(repr=False)  # it may carry a password
    model_name: str = DEFAULT_NAME
    experiment: str = DEFAULT_NAME

    @property
    def database(self) -> Path | None:
        """The SQLite file, or None where a server keeps the registry."""
        return sqlite_path(self.tracking_uri)

    @property
    def artifact_root(self) -> str | None:
        """Where the files of a new experiment go; None leaves it to the server."""
        return None if self.database is None else str(self.database.parent / "artifacts")

    @property
    def shown(self) -> str:
        """The tracking URI fit for a message: without user and password, and without what follows a question mark.

        A password that is not written as a URL asks may hold any character, so that it ends at the last @.
        """
        if self.database is not None:
            return self.tracking_uri
        scheme, slashes, rest = self.tracking_uri.partition("://")
        if not slashes:
            scheme, rest = "", scheme
        host, question, _ = rest.rpartition("@")[2].partition("?")
        return f"{scheme}{slashes}{'***@' if '@' in rest else ''}{host}{'?***' if question else ''}"


@dataclass(frozen=True, slots=True)
class Connection:
    """MLflow itself and a client of one location. The client holds no state of the process: threads may share it."""

    location: RegistryLocation
    mlflow: ModuleType
    client: Any

    def made_once(self, make: Callable[[], Any]) -> Any:
        """What `make` makes under a name of its own; None where another process made it in the meantime."""
        try:
            return make()
        except self.mlflow.exceptions.MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return None

    def write_shared(self, write: Callable[[], None]) -> None:
        """Do what writes a row that others write too, once more where another process wrote it in the meantime.

        MLflow looks whether a dataset or an alias is there, and then writes it: of two at once the later one is
        refused, and nothing of it is kept. The second time the row is there.
        """
        try:
            write()
        except self.mlflow.exceptions.MlflowException as error:
            if not any(words in str(error).lower() for words in WRITTEN_TWICE):
                raise
            write()

    def experiment_id(self) -> str:
        """The id of the experiment, which is created if it does not exist.

        MLflow's pages would open it in the layout for language models; so a tag names the layout for training, unless
        a person chose another.

        Raises
        ------
        RegistryError
            If the experiment is deleted.
        """
        name = self.location.experiment
        experiment = self.client.get_experiment_by_name(name)
        if experiment is None:
            tags, root = {KIND: TRAINING_KIND}, self.location.artifact_root
            made = self.made_once(lambda: self.client.create_experiment(name, artifact_location=root, tags=tags))
            return str(made or self.client.get_experiment_by_name(name).experiment_id)
        if experiment.lifecycle_stage != "active":
            raise RegistryError(
                f"the experiment {name!r} in {self.location.shown} is deleted: restore it or name another"
            )
        if experiment.tags.get(KIND, GUESSED_KIND[0]).endswith(GUESSED_KIND):
            self.client.set_experiment_tag(experiment.experiment_id, KIND, TRAINING_KIND)
        return str(experiment.experiment_id)


@contextmanager
def connected(location: RegistryLocation, *, create: bool = False) -> Iterator[Connection]:
    """Reach the registry; an error of MLflow or of a file inside the block leaves it as a one-line RegistryError.

    `create` makes the SQLite file of a new registry; without it a missing file is an error, so that reading never
    leaves an empty registry behind.

    The limits of `ENVIRONMENT` are set at the first connection and stay set: MLflow reads them anew at each request,
    so taking them back at the end of a block would lift them for the requests of other threads.

    Raises
    ------
    UnreachableError
        If the registry does not exist or does not answer.
    LocalFileError
        If a file of this machine cannot be read or written.
    RegistryError
        If it refuses the request.
    """
    _check_address(location)
    if location.database is not None:
        _check_file(location, location.database, create)
    mlflow = load_mlflow()
    from sqlalchemy.exc import SQLAlchemyError  # MLflow passes some errors of its database through unwrapped

    try:
        client = mlflow.MlflowClient(tracking_uri=location.tracking_uri, registry_uri=location.tracking_uri)
        yield Connection(location, mlflow, client)
    except (mlflow.exceptions.MlflowException, SQLAlchemyError, OSError) as error:
        raise _kind_of(error)(_in_words(location, error)) from error


def _check_address(location: RegistryLocation) -> None:
    """Refuse an address that cannot be read; it is not shown, for it may hold a password."""
    try:
        urlsplit(location.tracking_uri)
    except ValueError as error:
        raise RegistryError(f"the registry's tracking_uri is no address: {error}; correct it") from error


def _check_file(location: RegistryLocation, database: Path, create: bool) -> None:
    """Refuse a SQLite file that cannot be opened or made: MLflow tries for a hundred seconds before it says so."""
    try:
        if database.exists():
            database.open("rb").close()
        elif not create:
            raise UnreachableError(f"there is no registry at {location.shown}: run `segments discover` first")
        else:
            database.parent.mkdir(parents=True, exist_ok=True)
            if not os.access(database.parent, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(database.parent))
    except OSError as error:
        why = f"{error.strerror or error} ({error.filename or database})"
        raise LocalFileError(
            f"the registry's file {location.shown} cannot be opened: {why}; correct its permissions, or the registry's "
            "tracking_uri"
        ) from error


@cache
def load_mlflow() -> ModuleType:
    """MLflow, imported once and late: it takes seconds, and reads its telemetry switch while it is imported."""
    for name, default in ENVIRONMENT.items():
        os.environ.setdefault(name, default)
    with warnings.catch_warnings():
        # this warning concerns MLflow's own classes, not ours
        warnings.filterwarnings("ignore", message=".*Any type hint is inferred as AnyType", category=UserWarning)
        import mlflow
        import mlflow.artifacts
        import mlflow.pyfunc
    # urllib3 logs a warning at each retry; our error reports the failure once
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    # MLflow logs the trace of a database's error, with the values of the statement, and raises the error too
    logging.getLogger("mlflow.store.db.utils").addFilter(lambda record: not record.exc_info)
    return mlflow


def _kind_of(error: Exception) -> type[RegistryError]:
    if is_unreachable(str(error)):
        return UnreachableError
    return LocalFileError if is_of_a_file(error) or READ_ONLY in str(error) else RegistryError


def _in_words(location: RegistryLocation, error: Exception) -> str:
    text = str(error).replace(location.tracking_uri, location.shown).strip()
    first = without_driver(text.splitlines()[0]) if text else type(error).__name__
    short = first if len(first) <= 300 else first[:297] + "..."
    if is_unreachable(text):
        return (
            f"the MLflow server at {location.shown} does not answer: start it (`make mlflow`), or correct the "
            "registry's tracking_uri"
        )
    if READ_ONLY in text:
        return f"the registry's file {location.shown} is read-only: correct its permissions, or those of its folder"
    if is_disk_full(text):
        return f"no room on this machine's disk for what comes from {location.shown}: {short}"
    if isinstance(error, OSError) and is_of_a_file(error):
        place = error.filename or "a file"
        return f"{place} cannot be read or written on this machine: {error.strerror}; the registry refused nothing"
    if "not a database" in text:
        return f"{location.shown} is not an MLflow registry: correct the registry's tracking_uri"
    return f"the registry at {location.shown} refused: {short}"


def is_unreachable(text: str) -> bool:
    """Whether an error's text means that the server did not answer, rather than that it refused."""
    signs = ("Max retries exceeded", "Connection refused", "timed out", "NameResolutionError", "Connection aborted")
    return any(sign in text for sign in signs)


def is_of_a_file(error: Exception) -> bool:
    """Whether the system's error is of a file of this machine, rather than of a network or of MLflow."""
    if not isinstance(error, OSError) or isinstance(error, ConnectionError | TimeoutError):
        return False
    return error.filename is not None or error.errno in DISK_ERRORS


def is_disk_full(text: str) -> bool:
    """Whether an error's text means a full disk; MLflow hides the system's own error in its text."""
    return any(os.strerror(number) in text for number in (errno.ENOSPC, errno.EDQUOT))
