"""Questions a business asks: whether planted statements are found, what is marked in noise, and what answers cost."""

from __future__ import annotations

from experiments.benchmarks.questions.condition_flags_cost import condition_flags_cost
from experiments.benchmarks.questions.null_marks import null_marks
from experiments.benchmarks.questions.planted import noise_figures, planted_figures
from experiments.benchmarks.questions.rank_seconds import rank_seconds

WHOLE = 1_000_000  # accounts of the ranking; a smaller run is for tests
NULL_EXPERIMENTS = 200
CUSTOMERS = 9_000  # of the company with planted statements, so that each has a power of at least 0.99


def run(size: int) -> dict[str, object]:
    """Everything; `size` is the number of accounts that are ranked.

    Returns
    -------
    dict
        planted_found : the share of the planted statements that the record and the effects state, with the right
        sign. planted_power : the least probability with which a statement of an effect is found. noise_marks : how much
        is marked in the company of pure noise. null_marks : the share of experiments without effect that raise a mark.
        rank_seconds_1m : of the ranking. condition_flags_cost : requests with ten conditions, against the same without.
    """
    whole = size >= WHOLE
    return {
        "benchmark": "questions",
        "accounts": size,
        **planted_figures(CUSTOMERS if whole else 100),
        **(noise_figures(CUSTOMERS) if whole else {}),
        **null_marks(NULL_EXPERIMENTS if whole else 5),
        **rank_seconds(size),
        "condition_flags_cost": condition_flags_cost(4_000 if whole else 150),
    }
