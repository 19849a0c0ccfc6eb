"""A temporary folder for what is unpacked, decoded and kept while one build runs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self


class ScratchFolder:
    """Makes its folder on first use (in TMPDIR, where that is set) and deletes it when it is closed."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def new(self, ending: str) -> Path:
        """A path that no file has yet.

        Raises
        ------
        OSError
            If no folder can be made.
        """
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="segments-", ignore_cleanup_errors=True)
        self._count += 1
        return Path(self._folder.name) / f"{self._count}{ending}"

    def close(self) -> None:
        """Delete the folder and all in it."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
