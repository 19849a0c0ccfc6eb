"""The metrics of all workers: each writes its numbers to a file, and the one that answers `/metrics` reads them all.

A replacement worker has the place of its predecessor and resumes its counters, so that a counter of the service never
falls. Only label values that no longer exist (segments of a former model, a former pair in the shadow) are dropped, by
each worker at the next page or comparison.
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
    """The numbers of one worker among those of all.

    folder : of the files of all workers; None for a single worker, which writes no file
    place : of the worker, from 1 to the number of workers
    """

    def __init__(self, metrics: Metrics, folder: Path | None = None, place: int = 1) -> None:
        self._metrics = metrics
        self._folder = folder
        self._place = place
        self._refresh: Callable[[], None] = lambda: None
        self._writing = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write_every_second, name="write-metrics", daemon=True)

    def start(self, refresh: Callable[[], None] = lambda: None) -> None:
        """Resume the counters of a predecessor, and write the file every second, after `refresh` has set the gauges."""
        self._refresh = refresh
        if self._folder is not None:
            with suppress(*UNREADABLE):
                self._metrics.resume(_read(self._file(self._folder))[1])
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def page(self) -> Answer:
        """The page of all workers.

        The page has the numbers that were written to the file of this worker: with newer ones, counters could fall on
        the next page, which another worker may answer.
        """
        if self._folder is None:
            return self._metrics.page()
        return self._metrics.page([self._write(self._folder), *self.others()])

    def others(self) -> list[Snapshot]:
        """The numbers of the other workers; of those that have ended, counters and histograms."""
        folder = self._folder
        snapshots: list[Snapshot] = []
        if folder is None:
            return snapshots
        for path in sorted(folder.glob("worker-*.json")):
            if path == self._file(folder):
                continue
            with suppress(*UNREADABLE):  # absent or incomplete at this moment: the next page has its numbers
                process, snapshot = _read(path)
                snapshots.append(snapshot if psutil.pid_exists(process) else self._metrics.without_gauges(snapshot))
        return snapshots

    def _write_every_second(self) -> None:
        folder = self._folder
        while folder is not None and not self._stopped.wait(WRITE_SECONDS):
            self._write(folder)

    def _write(self, folder: Path) -> Snapshot:
        """Write the numbers of this moment to the file, and return them.

        The page and the thread that writes every second take turns, so that older numbers never replace newer ones.
        """
        path = self._file(folder)
        temporary = path.with_suffix(f".{os.getpid()}")
        with self._writing:
            self._refresh()
            snapshot = self._metrics.snapshot()
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                temporary.write_text(json.dumps({"process": os.getpid(), "metrics": snapshot}))
                temporary.replace(path)
            except OSError as error:
                logger.warning("the metrics of this worker cannot be written for the others: %s", error.strerror)
        return snapshot

    def _file(self, folder: Path) -> Path:
        return folder / f"worker-{self._place}.json"


def _read(path: Path) -> tuple[int, Snapshot]:
    content: dict[str, Any] = json.loads(path.read_text())
    snapshot: Snapshot = {
        name: [(_labels(labels), list(cell)) for labels, cell in family] for name, family in content["metrics"].items()
    }
    return int(content["process"]), snapshot


def _labels(values: list[str]) -> Labels:
    return tuple(values)
