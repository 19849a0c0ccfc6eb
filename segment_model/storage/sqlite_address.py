"""Addresses of SQLite files, as MLflow and Optuna write them: `sqlite:///` and a path.

A relative path in a settings file counts from the folder of that file, wherever the process runs.
"""

from __future__ import annotations

import re
from pathlib import Path

from segment_model.storage.user_path import user_path

SQLITE = "sqlite:///"
DRIVERS_CLASS = re.compile(r"^\((builtins|sqlite3|psycopg2?)\.[\w.]+\) ")


def sqlite_address(path: Path) -> str:
    """The address of a SQLite file, by its absolute path."""
    return f"{SQLITE}{path.resolve()}"


def sqlite_path(address: str) -> Path | None:
    """The absolute path of the SQLite file at an address; None where the address is of a server."""
    return Path(address.removeprefix(SQLITE)).resolve() if address.startswith(SQLITE) else None


def anchored_address(address: str, folder: Path) -> str:
    """The same address, with a relative path of a SQLite file counted from `folder`; a server's address as it is."""
    return sqlite_address(folder / user_path(address.removeprefix(SQLITE))) if address.startswith(SQLITE) else address


def without_driver(reason: str) -> str:
    """A reason of SQLAlchemy without its driver's class: "(sqlite3.OperationalError) database is locked"."""
    return DRIVERS_CLASS.sub("", reason)
