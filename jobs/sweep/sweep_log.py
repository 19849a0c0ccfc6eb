"""The MLflow log of a running sweep: each trial is sent when it ends, as long as the server answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from jobs.sweep.sweep_files import best_table, snippet
from registry.connection import RegistryLocation
from registry.limits import TAG_LIMIT
from registry.orphans.killed_runs import end_killed_runs
from registry.runs.sweep_runs import SweepRecord, TrialRecord, log_sweep
from segment_model.errors import UnreachableError
from training.progress import Announce
from training.settings import Settings
from training.sweep_settings import SweepSettings
from training.tuning.sweep import Sweep, Trial

Answer = TypeVar("Answer")


class SweepLog:
    """Sends the trials to MLflow; once the server does not answer it sends no more, and the sweep goes on."""

    def __init__(
        self, location: RegistryLocation, settings: Settings, wanted: SweepSettings, key: str, announce: Announce
    ) -> None:
        self.location, self.settings, self.wanted, self.key = location, settings, wanted, key
        self.announce = announce
        self.reachable = True

    def begin(self) -> None:
        """End the runs of killed processes."""
        self._while_reachable(lambda: end_killed_runs(self.location))

    def running(self, now: Sweep) -> None:
        """Send the trials so far."""
        if not now.finished:
            self._send(now, "RUNNING")

    def stopped(self, now: Sweep) -> None:
        """Send the trials of a sweep that was interrupted."""
        self._send(now, "KILLED")

    def ended(self, now: Sweep) -> str | None:
        """Send the whole sweep; returns its run, None where MLflow did not answer."""
        return self._send(now, "FINISHED" if now.finished else "KILLED")

    def _send(self, now: Sweep, status: str) -> str | None:
        return self._while_reachable(lambda: log_sweep(self.location, self._record(now, status)))

    def _while_reachable(self, request: Callable[[], Answer]) -> Answer | None:
        if not self.reachable:
            return None
        try:
            return request()
        except UnreachableError as error:
            self.reachable = False
            self.announce(f"{error}. The sweep goes on without it; the same command sends the trials later")
            return None

    def _record(self, now: Sweep, status: str) -> SweepRecord:
        space = self.wanted.model_dump(mode="json")["space"]
        made = bool(now.ranked)
        return SweepRecord(
            key=self.key,
            name=f"sweep of {self.settings.title or self.settings.registry.model_name}",
            params={
                "objective": self.wanted.objective,
                "seed": self.wanted.seed,
                **{f"space.{p}": v for p, v in space.items()},
            },
            trials=tuple(_record_of(trial) for trial in now.trials),
            status=status,
            metrics={
                "trials": float(len(now.trials)),
                "refused": float(len(now.trials) - len(now.ranked)),
                **({f"best_{name}": value for name, value in now.best.figures.items()} if made else {}),
            },
            tags={"best_trial": str(now.best.number)} if made else {},
            tables={"trials": best_table(now, None)} if made else {},
            texts={"best.yaml": snippet(self.settings, now.best)} if made else {},
        )


def _record_of(trial: Trial) -> TrialRecord:
    tags = {"verdict": trial.verdict, "chosen": trial.chosen, "refused": trial.refused[:TAG_LIMIT]}
    return TrialRecord(trial.number, trial.values, trial.figures, {name: text for name, text in tags.items() if text})
