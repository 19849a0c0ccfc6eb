"""Are the statements found that were planted in the company's history, and none in the company of pure noise?"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from analytics.experiments.record import ExperimentRecord
from analytics.history import EVERYONE
from analytics.record import AnalystRecord, Mark
from experiments.simulated_company.company_history import CompanyHistory, simulate_history, write_history
from experiments.simulated_company.planted_odds import CHURN, EXPERIMENTS, UPGRADE, PlantedExperiment, PlantedOdds
from jobs.discover import run_discovery
from jobs.effects.experiment_effects import effects_of
from jobs.record import record_of
from jobs.registry_location import location_of
from registry.versions.promotions import promote
from training.settings import read_settings

AS_OF = date(2026, 7, 1)
SEED = 1
MONTHS = 14
CONDITIONS: Mapping[str, tuple[str, PlantedOdds]] = {  # by goal: the condition of the settings, and the truth
    "churned": ("at_risk", CHURN),
    "upgraded": ("about_to_upgrade", UPGRADE),
}
OUTCOME = "add_on_bought"


def planted_figures(customers: int) -> dict[str, object]:
    """The share of planted statements that are found, and how many they are."""
    with tempfile.TemporaryDirectory() as name:
        record, effects = _asked(simulate_history(customers, SEED, AS_OF, MONTHS), Path(name))
    statements = stated(record, effects)
    for statement, is_stated in statements.items():
        print(f"{'found' if is_stated else 'MISSED':7} {statement}")
    return {"planted_found": sum(statements.values()) / len(statements), "planted_statements": len(statements)}


def noise_figures(customers: int) -> dict[str, object]:
    """What is marked in the company of pure noise."""
    with tempfile.TemporaryDirectory() as name:
        record, effects = _asked(simulate_history(customers, SEED, AS_OF, MONTHS, noise=True), Path(name))
    marks = marks_in_noise(record, effects)
    return {"noise_marks": len(marks), "noise_marked": marks}


def stated(record: AnalystRecord, effects: ExperimentRecord) -> dict[str, bool]:
    """Each planted statement, and whether the answers state it with the right sign, within its interval."""
    answers = {
        f"{goal}: {condition} has {odds.factor:g} times the chance of the rest": _has_odds(record.odds, goal, odds)
        for goal, (condition, odds) in CONDITIONS.items()
    }
    for experiment in EXPERIMENTS:
        answers |= _experiment_statements(experiment, effects)
    return answers


def _has_odds(rows: pd.DataFrame, goal: str, odds: PlantedOdds) -> bool:
    condition, _ = CONDITIONS[goal]
    own = rows[(rows["goal"] == goal) & (rows["grouping"] == condition) & rows["latest"]]
    own = own[own["mark"] == Mark.ABOVE]
    return len(own) == 1 and bool((own["ratio_low"] <= odds.factor).all() and (odds.factor <= own["ratio_high"]).all())


def _experiment_statements(experiment: PlantedExperiment, effects: ExperimentRecord) -> dict[str, bool]:
    rows = effects.effects
    own = rows[(rows["experiment"] == experiment.name) & (rows["goal"] == OUTCOME)]
    everyone = own[own["group"] == EVERYONE]
    above = bool((everyone["mark"] == Mark.ABOVE).all() and len(everyone))
    tests = effects.interactions
    named = tests[(tests["experiment"] == experiment.name) & (tests["goal"] == OUTCOME)]["best"]
    warned = any(experiment.name in warning for warning in effects.warnings)
    answers = {f"{experiment.name}: sample ratio {'mismatch' if _is_mismatch(experiment) else 'as planned'}": (
        warned == _is_mismatch(experiment)
    )}  # fmt: skip
    if experiment.segment:
        answers[f"{experiment.name}: works better in one segment"] = bool(named.ne("").any())
    elif experiment.effect:
        low, high = everyone["low"].min(), everyone["high"].max()
        answers[f"{experiment.name}: + {experiment.effect:g} everywhere"] = (
            above and low <= experiment.effect <= high and not named.ne("").any()
        )
    else:
        answers[f"{experiment.name}: no effect"] = not own["mark"].ne("").any()
    return answers


def _is_mismatch(experiment: PlantedExperiment) -> bool:
    return experiment.asked != experiment.drawn


def marks_in_noise(record: AnalystRecord, effects: ExperimentRecord) -> list[str]:
    """What is marked where nothing is planted: goals of odds, and experiments."""
    odds = record.odds[record.odds["mark"].ne("") & record.odds["goal"].isin(list(CONDITIONS))]
    marked = effects.effects[effects.effects["mark"].ne("")]
    return [
        *(f"{goal}, {group}" for goal, group in zip(odds["goal"], odds["group"], strict=True)),
        *(f"{name}, {goal}" for name, goal in zip(marked["experiment"], marked["goal"], strict=True)),
        *effects.warnings,
    ]


def _asked(history: CompanyHistory, folder: Path) -> tuple[AnalystRecord, ExperimentRecord]:
    """The answers of the product, as its commands give them."""
    write_history(history, folder)
    settings, _ = read_settings(folder / "segments.yaml")
    discovery = settings.discovery.with_segments(4, 6).model_copy(update={"force": True})
    settings = settings.model_copy(update={"discovery": discovery})
    outcome = run_discovery(settings, folder, lambda _: None, lambda *_: None)
    promote(location_of(settings, folder), outcome.version)
    record = record_of(settings, folder, "champion", None, lambda _: None).record
    return record, effects_of(settings, folder, "champion", lambda _: None).record
