"""Work that only one process does at a time: a lock of the operating system, which ends with the process.

So nobody needs to know whether another process still lives, which cannot be told of another container. The lock's file
stays when it is free: whoever deleted it might delete the one that another process is just locking.
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
def alone(lock: Path, otherwise: str) -> Iterator[None]:
    """Hold the lock in this file while the block runs.

    On a network's file system it keeps other machines out only where that passes locks on; on Windows nobody.

    Raises
    ------
    HeldError
        If another process holds it: `otherwise`.
    SettingsError
        If it cannot be locked: why.
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
def beside_others(lock: Path) -> Iterator[None]:
    """Hold the lock in this file together with whoever else holds it so, which keeps out who wants it `alone`.

    Waits for one that has it alone. On Windows it keeps nobody out.

    Raises
    ------
    OSError
        If it cannot be locked.
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
    """The file of a lock, made where needed for owner and group; who may only read a colleague's locks it too."""
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
