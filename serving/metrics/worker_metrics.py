"""The workers' metrics put together: each keeps a file of its own numbers, whoever is asked for the page reads them.

A worker that died is followed by another of the same place, which goes on with the numbers of its file: a counter of
the whole service never goes back. Only what is no more (a segment of an older model, an older pair in the shadow) is
forgotten, by each worker when its numbers are looked at, or it compares something newer.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from serving.metrics.metrics import Labels, Metrics, Snapshot
from serving.wire.messages import Answer

logger = logging.getLogger("bentoml.segments")

WRITE_SECONDS = 1.0
UNREADABLE = (OSError, ValueError, KeyError, TypeError)


class WorkerMetrics:
    """One worker's numbers among those of all: in `folder`, as the worker of that `place`.

    Without a folder, or alone, it keeps no file.
    """

    def __init__(self, metrics: Metrics, folder: Path | None = None, place: int = 1) -> None:
        self._metrics = metrics
        self._folder = folder
        self._place = place
        self._refresh: Callable[[], None] = lambda: None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="write-metrics", daemon=True)

    def start(self, refresh: Callable[[], None] = lambda: None) -> None:
        """Take over from a worker that died, and write from now on; `refresh` sets the gauges before."""
        self._refresh = refresh
        if self._folder is not None:
            with suppress(*UNREADABLE):
                self._metrics.take_over(_read(self._file(self._folder))[1])
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def page(self) -> Answer:
        """The page of all workers.

        Our own file is written first: were the page made of newer numbers than the file holds, the next page, made by
        another worker, could go back.
        """
        if self._folder is None:
            return self._metrics.page()
        self._write(self._folder)
        return self._metrics.page(self.others())

    def others(self) -> list[Snapshot]:
        """The numbers of the other workers; of those that are no more, what they counted."""
        folder = self._folder
        found: list[Snapshot] = []
        if folder is None:
            return found
        for path in sorted(folder.glob("worker-*.json")):
            if path == self._file(folder):
                continue
            with suppress(*UNREADABLE):  # gone or half made: its numbers are there at the next asking
                process, snapshot = _read(path)
                found.append(snapshot if psutil.pid_exists(process) else self._metrics.without_gauges(snapshot))
        return found

    def _write_on(self) -> None:
        folder = self._folder
        while folder is not None and not self._stopped.wait(WRITE_SECONDS):
            self._write(folder)

    def _write(self, folder: Path) -> None:
        self._refresh()
        path = self._file(folder)
        made = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            made.write_text(json.dumps({"process": os.getpid(), "metrics": self._metrics.snapshot()}))
            made.replace(path)
        except OSError as error:
            logger.warning("the metrics of this worker cannot be written for the others: %s", error.strerror)

    def _file(self, folder: Path) -> Path:
        return folder / f"worker-{self._place}.json"


def _read(path: Path) -> tuple[int, Snapshot]:
    content: dict[str, Any] = json.loads(path.read_text())
    snapshot: Snapshot = {
        name: [(_labels(labels), list(cell)) for labels, cell in family] for name, family in content["metrics"].items()
    }
    return int(content["process"]), snapshot


def _labels(found: list[str]) -> Labels:
    return tuple(found)
