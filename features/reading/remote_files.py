"""Files at an address that this machine does not see, by the file systems that Spark knows: names, and copies here.

Hadoop's classes are called by the gateway of a session, for which pyspark has no public name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segment_model.errors import SourceError

HIDDEN = ("_", ".")  # how the names of files begin that Spark leaves beside its tables


def remote_files(session: Any, address: str, table: str) -> list[str]:
    """The addresses of the files of an address, sorted; it may be a pattern, or a folder with all below it.

    Raises
    ------
    SourceError
        If there is none.
    """
    path, system = _opened(session, address)
    addresses: list[str] = []
    for status in system.globStatus(path) or ():
        is_file, whole = status.isFile(), status.getPath().toString()
        below = [whole] if is_file else list(_below(system, status.getPath()))
        addresses += [own for own in below if is_file or not _is_hidden(own.removeprefix(whole))]
    if not addresses:
        raise SourceError(f"{table}: Spark finds no file at {address}")
    return sorted(addresses)


def copy_here(session: Any, address: str, copy: Path) -> None:
    """Write the bytes of a remote file to `copy`."""
    path, system = _opened(session, address)
    raw = True  # else a file of checksums lies beside the copy
    system.copyToLocalFile(False, path, _java_path(session, copy.as_uri()), raw)


def _opened(session: Any, address: str) -> tuple[Any, Any]:
    path = _java_path(session, address)
    return path, path.getFileSystem(session._jsc.hadoopConfiguration())


def _java_path(session: Any, address: str) -> Any:
    return session._jvm.org.apache.hadoop.fs.Path(address)


def _below(system: Any, folder: Any) -> Iterator[str]:
    files = system.listFiles(folder, True)
    while files.hasNext():
        yield files.next().getPath().toString()


def _is_hidden(path: str) -> bool:
    return any(part.startswith(HIDDEN) for part in path.split("/"))
