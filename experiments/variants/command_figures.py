"""The figures of a variant that come from another command: the odds of goals by segment, and the record of months."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from analytics.record import AnalystRecord
from jobs.record import compute
from segment_model.model import SegmentModel
from training.settings import Settings

SEGMENT = "segment"


def odds_figures(settings: Settings, folder: Path, model: SegmentModel) -> Mapping[str, float]:
    """Of each goal the least and the highest rate of a segment, in the latest window that is over."""
    odds = _record(settings, folder, model).odds
    latest = odds[odds["latest"].astype(bool) & (odds["grouping"] == SEGMENT) & odds["rate"].notna()]
    rates = latest.groupby("goal", sort=False)["rate"]
    return {
        name: float(figure)
        for goal in rates.groups
        for name, figure in (
            (f"{goal} least", rates.get_group(goal).min()),
            (f"{goal} most", rates.get_group(goal).max()),
        )
    }


def history_figures(settings: Settings, folder: Path, model: SegmentModel) -> Mapping[str, float]:
    """The months that can be compared with the day of training, and the share of members who leave their segment a
    month in them."""
    sizes = _record(settings, folder, model).sizes
    segments = sizes[sizes["segment"].isin(model.ids) & ~sizes["short_history"].astype(bool)]
    changes = segments[segments["went"].notna() & segments["customers"].notna()].fillna(0)
    went = changes["went"].sum()
    before = (changes["customers"] - changes["joined"] - changes["came"] + changes["gone"]).sum() + went
    return {
        "comparable months": float(segments["month"].nunique()),
        "moved a month": float(went / before) if before else float("nan"),
    }


def _record(settings: Settings, folder: Path, model: SegmentModel) -> AnalystRecord:
    return compute(settings, folder, model, lambda _line: None).record


COMMAND_FIGURES: Mapping[str, Callable[[Settings, Path, SegmentModel], Mapping[str, float]]] = {
    "discover": lambda _settings, _folder, _model: {},
    "odds": odds_figures,
    "history": history_figures,
}
