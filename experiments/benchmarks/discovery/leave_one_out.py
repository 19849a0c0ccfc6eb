"""A protocol that does not reward a rule for the sets on which it was chosen.

The weights of the choice are selected on four batteries of labelled sets and scored on the fifth, in turn. The figure
is the mean of the five. Tables of another generator are never used to select.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from experiments.benchmarks.discovery.finding import TINY, in_processes
from experiments.benchmarks.discovery.labelled_sets import OURS, SetScores, scores_of
from experiments.benchmarks.shared_data import BATTERIES, EXTERNAL, GENERATED, labelled_files

AS_ONE_GROUP = ", unassigned as one group"


def labelled_figures(size: int) -> dict[str, object]:
    """The figures on at most `size` sets of each battery; None where the folder of labelled sets is absent.

    Fewer than `TINY` sets are for tests: the smallest of two batteries.
    """
    batteries = BATTERIES if size >= TINY else BATTERIES[:2]
    by_battery = {battery: _scores(battery, size) for battery in batteries}
    by_battery = {battery: scores for battery, scores in by_battery.items() if scores}
    if not by_battery:
        print(f"no labelled sets in {EXTERNAL}")
        return {"ari_leave_one_battery_out": None, "ari_repliclust": None}
    generated = _scores(GENERATED, size)
    left_out = {battery: left_out_mean(by_battery, battery) for battery in by_battery}
    others = {battery: mean_of_others(scores) for battery, scores in by_battery.items()}
    best = best_baseline(others)
    _print_means(by_battery, others)
    return {
        "ari_leave_one_battery_out": float(np.mean(list(left_out.values()))),
        "ari_leave_one_battery_out_by_battery": left_out,
        "ari_by_battery": {battery: mean_of_ours(scores) for battery, scores in by_battery.items()},
        "best_single_baseline": best,
        "ari_best_single_baseline": float(np.mean([mean[best] for mean in others.values()])),
        "ari_best_single_baseline_by_battery": {battery: mean[best] for battery, mean in others.items()},
        "oracle_gap": float(
            np.mean([np.mean([each.oracle_before - each.ours for each in scores]) for scores in by_battery.values()])
        ),
        "oracle_gap_to_all_candidates": float(
            np.mean([np.mean([each.oracle - each.ours for each in scores]) for scores in by_battery.values()])
        ),
        "labelled_sets": sum(map(len, by_battery.values())),
        **_generated_figures(generated),
    }


def left_out_mean(by_battery: Mapping[str, Sequence[SetScores]], battery: str) -> float:
    """The mean on a battery by the rule that is best on the mean of the others; ours where several are equally good."""
    others = [scores for name, scores in by_battery.items() if name != battery] or list(by_battery.values())

    def on_others(rule: tuple[float, float]) -> tuple[float, bool]:
        return float(np.mean([np.mean([_by(each, rule) for each in scores]) for scores in others])), rule == OURS

    rules = by_battery[battery][0].by_rule
    best = max(rules, key=on_others)
    return float(np.mean([_by(each, best) for each in by_battery[battery]]))


def best_baseline(means: Mapping[str, Mapping[str, float]]) -> str:
    """The baseline of the highest mean over batteries; by battery, `means` has the mean of each."""
    names = next(iter(means.values()))
    return max(names, key=lambda name: float(np.mean([mean[name] for mean in means.values()])))


def mean_of_ours(scores: Sequence[SetScores]) -> float:
    """Our mean on a battery."""
    return float(np.mean([each.ours for each in scores]))


def mean_of_others(scores: Sequence[SetScores]) -> dict[str, float]:
    """The mean of each baseline on a battery; where one assigns everybody, both of its counts are the same."""
    names = {name for each in scores for name in each.others}
    return {
        name: float(np.mean([each.others.get(name, each.others[name.removesuffix(AS_ONE_GROUP)]) for each in scores]))
        for name in sorted(names)
    }


def _by(scores: SetScores, rule: tuple[float, float]) -> float:
    """The score by a rule; by our own, that of what was chosen, whose segments were also tested by resampling."""
    return scores.ours if rule == OURS else scores.by_rule[rule]


def _scores(battery: str, size: int) -> list[SetScores]:
    files = labelled_files(battery)
    if size < TINY:
        files = sorted(files, key=lambda path: path.stat().st_size)
    files = files[:size]
    print(f"\n{battery:28} {'ARI':>6} {'oracle':>6} {'seconds':>7}  verdict, chosen", flush=True)
    scores = []
    for each in in_processes(scores_of, files):
        print(each.line, flush=True)
        scores.append(each)
    if scores:  # now, for a run that is stopped before its end
        print(f"\nmean of {battery}: ours {mean_of_ours(scores):.3f}")
        for name, mean in mean_of_others(scores).items():
            print(f"  {name:56} {mean:.3f}", flush=True)
    return scores


def _generated_figures(scores: Sequence[SetScores]) -> dict[str, object]:
    if not scores:
        return {"ari_repliclust": None}
    means = mean_of_others(scores)
    best = max(means, key=lambda name: means[name])
    return {
        "ari_repliclust": mean_of_ours(scores),
        "ari_repliclust_best_single_baseline": means[best],
        "repliclust_best_single_baseline": best,
    }


def _print_means(by_battery: Mapping[str, Sequence[SetScores]], others: Mapping[str, Mapping[str, float]]) -> None:
    """A table of the mean of each method on each battery."""
    print(f"\n{'mean adjusted Rand index':58}" + "".join(f"{battery:>8}" for battery in by_battery))
    rows = {
        "ours": [mean_of_ours(scores) for scores in by_battery.values()],
        "oracle of all candidates": [float(np.mean([each.oracle for each in s])) for s in by_battery.values()],
        "oracle of the candidates of before": [
            float(np.mean([each.oracle_before for each in s])) for s in by_battery.values()
        ],
    }
    for name in next(iter(others.values())):
        rows[name] = [mean.get(name, float("nan")) for mean in others.values()]
    for name, means in rows.items():
        print(f"{name:58}" + "".join(f"{mean:8.3f}" for mean in means))
