"""Do segments keep their ids and customers through a retrain, with newcomers and a new seed, and after a month?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.benchmarks.months import TwoDays, complete_journey, online_retail, simulated_company
from segment_model.contract import VectorContract
from segment_model.errors import DiscoveryError
from segment_model.model import SegmentModel
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings
from training.succession.comparison import Comparison, compare
from training.succession.succession import succeed

SEED = 2026
AUTOMATIC = "automatic"
COUNTS = (None, 4, 6, 8, 10)  # None: as many as discovery chooses
MOST_HELD = 8  # segments up to which a retrain must reassign few
NEWCOMERS = (0.01, 0.05, 0.20)
MONTH_LATER = "31 days later"
JUDGED = 0.05  # the share of newcomers for `id_stability`
SMALL = 1000  # fewer simulated customers are for tests: one company, one setting


@dataclass(frozen=True)
class Row:
    """A retrain of a company under a setting, and its shares of customers; cold is without the champion, to compare."""

    company: str
    setting: str
    what: str
    warm: bool
    segments: int
    unchanged: float
    moved: float
    fates: str

    @property
    def line(self) -> str:
        how = "warm" if self.warm else "cold"
        return (
            f"{self.company:18} {self.setting:9} {self.what:14} {how:5} "
            f"{self.unchanged:>9.1%} {1 - self.unchanged:>10.1%} {self.moved:>7.1%}  {self.fates}"
        )


def run(size: int) -> dict[str, object]:
    """Retrain on a simulated company of `size` customers, on Complete Journey and on online_retail.

    Returns
    -------
    dict
        `id_stability`: the least share of customers whose segment id a refit with 5 % newcomers leaves unchanged;
        `reassigned_after_month`: the largest share whom a refit on vectors 31 days younger puts elsewhere than the old
        model puts the same vectors, and `moved_after_month`: the largest whom their own vectors moved; the first two
        also cold, without the champion; beyond `MOST_HELD` segments they have keys of their own. `refused`: settings
        under which discovery made no model, where nothing is unchanged and everybody reassigned. `missing`: companies
        whose data are not on this machine.
    """
    heading = f"{'company':18} {'setting':9} {'retrain':14} {'start':5}"
    print(f"{heading} {'unchanged':>9} {'reassigned':>10} {'moved':>7}  fates")
    rows: list[Row] = []
    refused: list[str] = []
    companies, missing = _companies(size)
    for company in companies:
        for count in COUNTS if size >= SMALL else (4,):
            setting = f"k = {count}" if count else AUTOMATIC
            of_setting: list[Row] = []
            try:
                for row in _retrains(company, setting, _settings(company, count), size < SMALL):
                    print(row.line, flush=True)
                    of_setting.append(row)
            except DiscoveryError as error:
                print(f"{company.name:18} {setting:9} refused: {str(error)[:160]}", flush=True)
                refused.append(f"{company.name}, {setting}")
                of_setting += _lost(company, setting, count or 0, of_setting)
            rows += of_setting
    stayed = f"+{JUDGED:.0%} customers"
    return {
        "benchmark": "succession",
        "customers": size,
        "id_stability": min(_unchanged(rows, stayed, warm=True), default=None),
        "id_stability_by_newcomers": {
            f"{share:.0%}": min(_unchanged(rows, f"+{share:.0%} customers", warm=True), default=None)
            for share in NEWCOMERS
        },
        "id_stability_cold": min(_unchanged(rows, stayed, warm=False), default=None),
        "reassigned_after_month": _most_reassigned(_unchanged(rows, MONTH_LATER, warm=True)),
        "reassigned_after_month_beyond": _most_reassigned(
            [r.unchanged for r in rows if r.what == MONTH_LATER and r.warm and r.segments > MOST_HELD]
        ),
        "reassigned_after_month_automatic": _most_reassigned(
            _unchanged(rows, MONTH_LATER, warm=True, setting=AUTOMATIC)
        ),
        "reassigned_after_month_cold": _most_reassigned(_unchanged(rows, MONTH_LATER, warm=False)),
        "moved_after_month": max((r.moved for r in rows if r.what == MONTH_LATER and r.warm), default=None),
        "after_month": [
            {
                "company": r.company,
                "setting": r.setting,
                "segments": r.segments,
                "reassigned": 1 - r.unchanged,
                "moved": r.moved,
            }
            for r in rows
            if r.what == MONTH_LATER and r.warm
        ],
        "refused": refused,
        "missing": missing,
    }


def _companies(size: int) -> tuple[list[TwoDays], list[str]]:
    """The companies, and the names of those whose data are not on this machine."""
    simulated = simulated_company(size)
    if size < SMALL:
        return [simulated], []
    shop = online_retail()
    if shop is None:
        print("online_retail      is not on this machine: set SEGMENTS_DATA to the folder that holds it", flush=True)
        return [simulated, complete_journey()], ["online_retail"]
    return [simulated, complete_journey(), shop], []


def _settings(company: TwoDays, count: int | None) -> DiscoverySettings:
    own = company.settings.discovery
    if count is None:
        return own
    limits = {"min_segments": 2, "max_segments": max(own.max_segments, count)}
    return own.model_copy(update={"algorithms": (KMeansSettings(segments=count),), "force": True, **limits})


def _retrains(company: TwoDays, setting: str, settings: DiscoverySettings, few: bool) -> Iterator[Row]:
    """Each retrain warm; the one with 5 % newcomers and the one a month later cold too, to compare."""
    everyone, contract = company.now.frame, company.now.contract
    for share in (JUDGED,) if few else NEWCOMERS:
        known = everyone.sample(round(len(everyone) / (1 + share)), random_state=SEED).sort_index()
        first = _first(known, contract, settings)
        for warm in (True, False) if share == JUDGED else (True,):
            model, fates = _retrained(first, everyone, contract, settings, warm)
            what = f"+{share:.0%} customers"
            yield _row(company, setting, what, warm, len(model.ids), compare(first, model, known), fates)
    earlier = company.month_ago.frame
    first = _first(earlier, contract, settings)
    for warm in (True, False):
        model, fates = _retrained(first, everyone, contract, settings, warm)
        compared = compare(first, model, everyone, earlier)
        yield _row(company, setting, MONTH_LATER, warm, len(model.ids), compared, fates)


def _lost(company: TwoDays, setting: str, segments: int, made: list[Row]) -> Iterator[Row]:
    """A row without any kept id for each retrain that a refusal prevented, warm and cold at every share.

    Cold retrains that no run makes at that share are among them.
    """
    known = {(row.what, row.warm) for row in made}
    for what in (*(f"+{share:.0%} customers" for share in NEWCOMERS), MONTH_LATER):
        for warm in (True, False):
            if (what, warm) not in known:
                yield Row(company.name, setting, what, warm, segments, 0.0, 0.0, "refused")


def _first(frame: pd.DataFrame, contract: VectorContract, settings: DiscoverySettings) -> SegmentModel:
    return discover(frame, contract, settings, {"story": "first"}).model


def _retrained(
    first: SegmentModel, frame: pd.DataFrame, contract: VectorContract, settings: DiscoverySettings, warm: bool
) -> tuple[SegmentModel, str]:
    other_seed = settings.model_copy(update={"seed": settings.seed + 1})
    discovery = discover(frame, contract, other_seed, {"story": "retrain"}, incumbent=first if warm else None)
    model, lineage = succeed(discovery.model, first, frame)
    return model, lineage.summary


def _row(
    company: TwoDays, setting: str, what: str, warm: bool, segments: int, comparison: Comparison, fates: str
) -> Row:
    moved = 0.0 if comparison.moved is None else float(np.mean(comparison.moved))
    unchanged = 1 - float(np.mean(comparison.reassigned))
    return Row(company.name, setting, what, warm, segments, unchanged, moved, fates)


def _unchanged(rows: list[Row], what: str, warm: bool, setting: str = "") -> list[float]:
    """The shares of unchanged customers of all retrains to at most `MOST_HELD` segments."""
    held = [r for r in rows if r.segments <= MOST_HELD]
    return [r.unchanged for r in held if r.what == what and r.warm == warm and setting in (r.setting, "")]


def _most_reassigned(unchanged: list[float]) -> float | None:
    return 1 - min(unchanged) if unchanged else None
