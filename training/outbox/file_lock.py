"""A lock on a file, held by one process at a time; the operating system releases it when the process ends.

So no process needs to know whether another one still lives, which cannot be known of another container. The file stays
when the lock is free, because deleting it could delete the file that another process is just locking.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segment_model.errors import SettingsError


class HeldError(SettingsError):
    """Another process holds the lock."""


@contextmanager
def exclusive_lock(lock: Path, otherwise: str) -> Iterator[None]:
    """Hold the lock in this file alone while the block runs.

    On a network file system it excludes other machines only where that forwards locks; on Windows it excludes nothing.

    Raises
    ------
    HeldError
        With the message `otherwise`, if another process holds it.
    SettingsError
        If the file cannot be locked.
    """
    try:
        file = _opened(lock)
    except OSError as error:
        raise SettingsError(f"{lock} cannot be written: {error.strerror}") from error
    try:
        _lock(file, lock, otherwise)
        yield
    finally:
        os.close(file)


@contextmanager
def shared_lock(lock: Path) -> Iterator[None]:
    """Hold the lock in this file together with other shared holders, which excludes an `exclusive_lock`.

    Waits for an exclusive holder. On Windows it excludes nothing.

    Raises
    ------
    OSError
        If the file cannot be locked.
    """
    file = _opened(lock)
    try:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_SH)
        yield
    finally:
        os.close(file)


def _opened(lock: Path) -> int:
    """Open the file of a lock, made where needed for owner and group; read-only access to a colleague's suffices."""
    try:
        return os.open(lock, os.O_RDWR | os.O_CREAT, 0o660)
    except PermissionError:
        return os.open(lock, os.O_RDONLY)


def _lock(file: int, lock: Path, otherwise: str) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise HeldError(otherwise) from error
    except OSError as error:
        raise SettingsError(f"{lock} cannot be locked: {error.strerror}") from error
