"""Write a file whole or not at all: into a temporary file beside it, which then takes its name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED, PRIVATE = 0o666, 0o600  # less the process's umask; the owner only


def atomic_write(path: Path, content: bytes, private: bool = False) -> None:
    """Write the content to the path; readers see the former file or the whole new one, also after a crash.

    private : only the owner may read the file, whatever its mode was. Else an existing file keeps its mode.

    Raises
    ------
    OSError
        If the file cannot be written; then the former one stays.
    """
    with atomic_file(path, private) as temporary:
        temporary.write_bytes(content)


@contextmanager
def atomic_file(path: Path, private: bool = False) -> Iterator[Path]:
    """A temporary path to write to, which takes the place of `path` when the block ends without an error.

    It has the suffix of `path`. A link is followed. A device or a pipe is written to directly, for it cannot be
    replaced.

    Raises
    ------
    OSError
        If the file cannot be written; then the former one stays.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        yield target
        return
    temporary = target.with_name(f".{target.stem}-{secrets.token_hex(8)}{target.suffix}")
    mode = PRIVATE if private else SHARED
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    try:
        yield temporary
        if target.exists() and not private:
            temporary.chmod(target.stat().st_mode & 0o777)
        _flush_to_disk(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
