"""A lock on a file, exclusive or shared; the operating system releases it when the process ends.

So no process must find out whether another still lives, which is impossible across containers. The file stays when the
lock is free, because another process may be locking the file that a deletion removes.
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
    """Hold the lock on this file exclusively while the block runs.

    A network file system excludes other machines only if it forwards locks. On Windows nothing is excluded.

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
def waiting_lock(lock: Path) -> Iterator[None]:
    """Hold the lock on this file exclusively while the block runs; waits for every other holder.

    A network file system excludes other machines only if it forwards locks. On Windows nothing is excluded.

    Raises
    ------
    OSError
        If the file cannot be locked.
    """
    with _locked(lock, exclusively=True):
        yield


@contextmanager
def shared_lock(lock: Path) -> Iterator[None]:
    """Hold the lock on this file, shared with others, while the block runs; it excludes an `exclusive_lock`.

    Waits for an exclusive holder. On Windows nothing is excluded.

    Raises
    ------
    OSError
        If the file cannot be locked.
    """
    with _locked(lock, exclusively=False):
        yield


@contextmanager
def _locked(lock: Path, exclusively: bool) -> Iterator[None]:
    """Hold the lock while the block runs, as soon as no other holder excludes it."""
    file = _opened(lock)
    try:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX if exclusively else fcntl.LOCK_SH)
        yield
    finally:
        os.close(file)


def _opened(lock: Path) -> int:
    """Open the lock file, created for owner and group; another user's may be readable only, which suffices to lock."""
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
