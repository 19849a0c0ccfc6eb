"""Can discovery be trusted? Recovery of known groups, false discoveries, everyday customers, and running time.

Settings are the defaults throughout: discovery chooses algorithm and number of segments. A set for which discovery
refuses to make a model counts 0. Two processes share the sets, so their seconds are those of a busy machine; the runs
that are timed for a figure come last, one at a time.
"""

from __future__ import annotations

from experiments.benchmarks import succession
from experiments.benchmarks.discovery.everyday import everyday_figures
from experiments.benchmarks.discovery.finding import TINY
from experiments.benchmarks.discovery.known_structure import structure_figures
from experiments.benchmarks.discovery.leave_one_out import labelled_figures
from experiments.benchmarks.discovery.running_time import against_a_loop, growth


def run(size: int) -> dict[str, object]:
    """Everything; `size` is the number of generated sets of each kind, and scales the timed tables.

    Returns
    -------
    dict
        The figures of decision 27; those that need a folder of labelled sets are None where it is absent, and `missing`
        lists the companies whose data for the lasting ids are absent.
    """
    rows = max(20, 2 * size**2)  # 20,000 at full size
    return {
        "benchmark": "discovery",
        **labelled_figures(size),
        **structure_figures(size),
        **everyday_figures(size),
        **lasting_ids(size),
        **against_a_loop(rows),
        **growth(rows),
    }


def lasting_ids(size: int) -> dict[str, object]:
    """The figures of the benchmark `succession`; a tiny run leaves them out."""
    if size < TINY:
        return {"id_stability": None, "reassigned_after_month": None}
    figures = succession.run(max(300, 30 * size))
    return {key: value for key, value in figures.items() if key not in ("benchmark", "customers")}
