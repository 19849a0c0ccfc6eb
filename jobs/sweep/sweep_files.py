"""The files of a sweep beside its settings file, and the best trials as a table and as settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from training.settings import Settings
from training.tuning.search_space import changed_content
from training.tuning.sweep import Sweep, Trial

SHOWN = 10


def trials_file(config: Path) -> Path:
    """The file that keeps the trials."""
    return config.with_name(f"{config.stem}.sweep.db")


def lock_file(config: Path) -> Path:
    """The lock file that admits one process: two that sweep one settings file would try the same settings twice."""
    return config.with_name(f"{config.stem}.sweep.lock")


def best_file(config: Path) -> Path:
    """The file of the best settings; beside the settings file, because their paths count from its folder."""
    return config.with_name(f"{config.stem}.best.yaml")


def best_settings(content: Mapping[str, Any], settings: Settings, best: Trial) -> str:
    """The whole settings file of the best trial, without its `sweep` block."""
    kept = {name: block for name, block in content.items() if name != "sweep"}
    return _yaml(changed_content(kept, settings, best.values))


def snippet(settings: Settings, best: Trial) -> str:
    """The settings that the best trial changes, as YAML."""
    return _yaml(changed_content({}, settings, best.values))


def best_table(done: Sweep, most: int | None = SHOWN) -> pd.DataFrame:
    """The trials that made a model as text, best first, at most `most` of them (None: all)."""
    rows = []
    for trial in done.ranked[:most]:
        figures = trial.figures
        known = {"trial": str(trial.number), done.objective: f"{figures[done.objective]:.3f}"}
        shown = {name: f"{figures[name]:.3f}" for name in ("silhouette", "recovered") if name != done.objective}
        values = {path.removeprefix("discovery."): _short(value) for path, value in trial.values.items()}
        rows.append({**known, "verdict": trial.verdict, "chosen": trial.chosen, **shown, **values})
    return pd.DataFrame(rows, dtype=str)


def _short(setting: Any) -> str:
    return f"{setting:.4g}" if isinstance(setting, float) else json.dumps(setting, ensure_ascii=False).strip('"')


def _yaml(content: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)
    return text
