"""What the product answers about the company's history, as its commands do, and the truth about whom it exposed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analytics.experiments.record import ExperimentRecord
from analytics.groups import SEGMENT
from analytics.history import condition_column
from analytics.record import AnalystRecord
from experiments.simulated_company.company_history import CompanyHistory, write_history
from experiments.simulated_company.planted_odds import ARMS, EXPERIMENTS
from features.as_of import AsOf
from features.conditions.on_vectors.vector_figures import FrameFigures
from features.history.table_history import open_history
from jobs.customer_vectors import learned_by
from jobs.discover import run_discovery
from jobs.effects.experiment_effects import effects_of
from jobs.effects.exposed_segments import exposed_segments
from jobs.membership.met_conditions import conditions_of
from jobs.record import record_of
from jobs.registry_location import location_of
from registry.versions.promotions import promote
from registry.versions.versions import fetch
from training.settings import Settings, read_settings

OF_SEGMENT = "mid_size"  # the condition of the settings that describes the segment for which an experiment works


@dataclass(frozen=True)
class Answers:
    """The record and the effects.

    exposed : a row an exposed customer with the columns of the table of experiments, SEGMENT and OF_SEGMENT as of the
    exposure, `is_treated`, and `is_planted`, whether the experiment's effect is planted in its segment.
    """

    record: AnalystRecord
    effects: ExperimentRecord
    exposed: pd.DataFrame


def answers_of(history: CompanyHistory) -> Answers:
    """The answers of the product, as its commands give them, of four to six segments."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_history(history, folder)
        settings, _ = read_settings(folder / "segments.yaml")
        discovery = settings.discovery.with_segments(4, 6).model_copy(update={"force": True})
        settings = settings.model_copy(update={"discovery": discovery})
        outcome = run_discovery(settings, folder, lambda _: None, lambda *_: None)
        promote(location_of(settings, folder), outcome.version)
        record = record_of(settings, folder, "champion", None, lambda _: None).record
        effects = effects_of(settings, folder, "champion", lambda _: None).record
        return Answers(record, effects, _exposed(settings, folder, history))


def _exposed(settings: Settings, folder: Path, history: CompanyHistory) -> pd.DataFrame:
    """Who was exposed, in which group, and whether the planted effect is theirs."""
    model = fetch(location_of(settings, folder), "champion").model
    as_of = AsOf.at(history.as_of, settings.features.time_zone)
    rows = history.experiments.merge(history.truth, on="customer_id").astype({"customer_id": "str"})
    rows["exposed_at"] = rows["exposed_at"].dt.tz_localize(None)
    with open_history(settings.sources, settings.features, as_of, folder, learned_by(model)) as opened:
        present = opened.vectors(as_of)
        conditions = conditions_of(settings, present.contract, FrameFigures(present.frame))
        groups, _ = exposed_segments(model, opened, rows, conditions, None, lambda _: None)
    planted = {experiment.name: experiment.segment for experiment in EXPERIMENTS}
    return rows.assign(
        **{SEGMENT: groups[SEGMENT], OF_SEGMENT: groups[condition_column(OF_SEGMENT)]},
        is_treated=rows["arm"] == ARMS[1],
        is_planted=rows["planted_segment"] == rows["experiment"].map(planted),
    )
