"""Are the statements found that were planted in the company's history, and none in the company of pure noise?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from analytics.experiments.effects import NO_SEGMENTS
from analytics.experiments.record import ExperimentRecord
from analytics.groups import SEGMENT
from analytics.history import EVERYONE, MEETS, REST
from analytics.record import AnalystRecord, Mark
from experiments.benchmarks.questions.planted_answers import OF_SEGMENT, Answers, answers_of
from experiments.benchmarks.questions.planted_power import difference_power, interaction_power, mismatch_power
from experiments.simulated_company.company_history import simulate_history
from experiments.simulated_company.planted_odds import CHURN, EXPERIMENTS, UPGRADE, PlantedExperiment, PlantedOdds

AS_OF = date(2026, 7, 1)
SEED = 1
MONTHS = 14
CONDITIONS: Mapping[str, tuple[str, PlantedOdds]] = {  # by goal: the condition of the settings, and the truth
    "churned": ("at_risk", CHURN),
    "upgraded": ("about_to_upgrade", UPGRADE),
}
OUTCOME = "add_on_bought"
FLOOR = 10  # customers of an arm, below which no effect is shown


def planted_figures(customers: int) -> dict[str, object]:
    """The share of planted statements that are found, how many they are, and the least power of them."""
    answers = answers_of(simulate_history(customers, SEED, AS_OF, MONTHS))
    statements, powers = stated(answers), powers_of(answers)
    for statement, is_stated in statements.items():
        power = f", power {powers[statement]:.4f}" if statement in powers else ""
        print(f"{'found' if is_stated else 'MISSED':7} {statement}{power}")
    return {
        "planted_found": sum(statements.values()) / len(statements),
        "planted_statements": len(statements),
        "planted_power": round(min(powers.values()), 4),
    }


def noise_figures(customers: int) -> dict[str, object]:
    """What is marked in the company of pure noise."""
    answers = answers_of(simulate_history(customers, SEED, AS_OF, MONTHS, noise=True))
    marks = marks_in_noise(answers.record, answers.effects)
    return {"noise_marks": len(marks), "noise_marked": marks}


def stated(answers: Answers) -> dict[str, bool]:
    """Each planted statement, and whether the answers state it with the right sign, within its interval."""
    statements = {_odds_statement(goal): _has_odds(answers.record.odds, goal) for goal in CONDITIONS}
    for experiment in EXPERIMENTS:
        statements |= _experiment_statements(experiment, answers)
    return statements


def powers_of(answers: Answers) -> dict[str, float]:
    """The power of each planted statement that something is so, out of the planted chances and the sizes."""
    powers = {_odds_statement(goal): _odds_power(answers.record.odds, goal) for goal in CONDITIONS}
    effects, tests = answers.effects.effects, answers.effects.interactions
    for experiment in EXPERIMENTS:
        looks = int(
            (effects["experiment"].eq(experiment.name) & effects["goal"].eq(OUTCOME) & effects["p"].notna()).sum()
        )
        exposed = answers.exposed[answers.exposed["experiment"] == experiment.name]
        if _is_mismatch(experiment):
            powers[_ratio_statement(experiment)] = mismatch_power(experiment.asked, experiment.drawn, len(exposed))
        if experiment.segment:
            corrected = int((tests["experiment"].eq(experiment.name) & tests["p"].notna()).sum())
            for grouping, statement in _segment_statements(experiment).items():
                powers[statement] = _stands_out_power(experiment, exposed, grouping, corrected)
        elif experiment.effect:
            sizes = exposed["arm"].value_counts()
            chances = experiment.treated, experiment.control
            powers[_everywhere_statement(experiment)] = difference_power(
                *chances, sizes["treated"], sizes["control"], looks
            )
    return powers


def _odds_statement(goal: str) -> str:
    condition, odds = CONDITIONS[goal]
    return f"{goal}: {condition} has {odds.factor:g} times the chance of the rest"


def _odds_rows(rows: pd.DataFrame, goal: str) -> pd.DataFrame:
    """The latest rows of a goal by its condition, and whom it names first."""
    condition, _ = CONDITIONS[goal]
    own = rows[(rows["goal"] == goal) & (rows["grouping"] == condition) & rows["latest"]]
    return own.sort_values("group")  # meets, rest


def _has_odds(rows: pd.DataFrame, goal: str) -> bool:
    _, odds = CONDITIONS[goal]
    own = _odds_rows(rows, goal)
    own = own[own["mark"] == Mark.ABOVE]
    return len(own) == 1 and bool((own["ratio_low"] <= odds.factor).all() and (odds.factor <= own["ratio_high"]).all())


def _odds_power(rows: pd.DataFrame, goal: str) -> float:
    _, odds = CONDITIONS[goal]
    looks = int((rows["goal"].eq(goal) & rows["latest"].astype(bool)).sum())
    sizes = _odds_rows(rows, goal).set_index("group")["n"].reindex([MEETS, REST], fill_value=0)
    named, rest = sizes.astype(int)
    return difference_power(odds.chance * odds.factor, odds.chance, named, rest, looks)


def _ratio_statement(experiment: PlantedExperiment) -> str:
    return f"{experiment.name}: sample ratio {'mismatch' if _is_mismatch(experiment) else 'as planned'}"


def _everywhere_statement(experiment: PlantedExperiment) -> str:
    return f"{experiment.name}: + {experiment.effect:g} everywhere"


def _segment_statements(experiment: PlantedExperiment) -> dict[str, str]:
    """The statements on where the effect is, by grouping."""
    return {
        SEGMENT: f"{experiment.name}: works better in the segment that holds most of whom it works for",
        OF_SEGMENT: f"{experiment.name}: works better among those who meet {OF_SEGMENT}",
    }


def _experiment_statements(experiment: PlantedExperiment, answers: Answers) -> dict[str, bool]:
    rows, tests = answers.effects.effects, answers.effects.interactions
    own = rows[(rows["experiment"] == experiment.name) & (rows["goal"] == OUTCOME)]
    everyone = own[own["group"] == EVERYONE]
    above = bool((everyone["mark"] == Mark.ABOVE).all() and len(everyone))
    best = tests[(tests["experiment"] == experiment.name) & (tests["goal"] == OUTCOME)].set_index("grouping")["best"]
    warned = any(experiment.name in warning for warning in answers.effects.warnings)
    statements = {_ratio_statement(experiment): warned == _is_mismatch(experiment)}
    if experiment.segment:
        exposed = answers.exposed[answers.exposed["experiment"] == experiment.name]
        for grouping, statement in _segment_statements(experiment).items():
            shares = exposed.groupby(grouping)["is_planted"].mean()
            statements[statement] = best.get(grouping, "") == shares.idxmax()
    elif experiment.effect:
        low, high = everyone["low"].min(), everyone["high"].max()
        statements[_everywhere_statement(experiment)] = (
            above and low <= experiment.effect <= high and not best.ne("").any()
        )
    else:
        statements[f"{experiment.name}: no effect"] = not own["mark"].ne("").any()
    return statements


def _stands_out_power(experiment: PlantedExperiment, exposed: pd.DataFrame, grouping: str, tests: int) -> float:
    """The power of the interaction test over groups that hold so many of those for whom the experiment works."""
    groups = exposed.groupby(grouping).agg(
        treated=("is_treated", "sum"), customers=("is_treated", "size"), share=("is_planted", "mean")
    )
    groups = groups[~groups.index.isin(NO_SEGMENTS)]
    groups = groups.assign(control=groups["customers"] - groups["treated"])
    groups = groups[groups[["treated", "control"]].min(axis=1) >= FLOOR].astype("float64")
    chances = (experiment.control + groups["share"] * experiment.effect).to_numpy()
    return interaction_power(
        chances, experiment.control, groups["treated"].to_numpy(), groups["control"].to_numpy(), tests
    )


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
