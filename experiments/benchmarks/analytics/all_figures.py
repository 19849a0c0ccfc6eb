"""The analyst's record: what a report costs, its figures against hand-written SQL, and how sure its intervals are."""

from __future__ import annotations

from experiments.benchmarks.analytics.against_sql import figures_vs_sql
from experiments.benchmarks.analytics.coverage import coverage_figures
from experiments.benchmarks.analytics.report_cost import ACCOUNTS, report_figures

WHOLE = 1_000_000  # orders; a smaller run leaves out the demo
DRAWS = 500


def run(size: int) -> dict[str, object]:
    """Everything; `size` is the number of orders of the large company.

    Returns
    -------
    dict
        The figures of `report_cost`, `against_sql` and `coverage`.
    """
    whole = size >= WHOLE
    return {
        "benchmark": "analytics",
        "orders": size,
        **coverage_figures(DRAWS if whole else 5),
        **report_figures(ACCOUNTS if whole else 120, demo=whole),
        **figures_vs_sql(size),
    }
