"""Does discovery with default settings recover the planted segments of a large simulated company?"""

from __future__ import annotations

import tempfile
import time
from datetime import date
from pathlib import Path

from sklearn.metrics import adjusted_rand_score

from experiments.simulated_company.company import simulate, write_company
from jobs.customer_vectors import vectors_of
from training.discovery.discovery import discover
from training.settings import read_settings

AS_OF = date(2026, 7, 1)
SEED = 1


def run(size: int) -> dict[str, object]:
    """Simulate `size` customers, make their vectors and discover with default settings.

    Returns
    -------
    dict
        The adjusted Rand index of the chosen candidate, and the seconds of each step.
    """
    started = time.perf_counter()
    company = simulate(size, SEED, AS_OF)
    simulated = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        write_company(company, Path(folder))
        settings, _ = read_settings(Path(folder) / "segments.yaml")
        written = time.perf_counter()
        vectors = vectors_of(settings, Path(folder))
    vectored = time.perf_counter()
    discovery = discover(vectors.frame, vectors.contract, settings.discovery, {})
    discovered = time.perf_counter()
    truth = company.truth.set_index("customer_id")["planted_segment"].loc[vectors.frame.index]
    seconds = {
        "simulate": simulated - started,
        "vectors": vectored - written,
        "discover": discovered - vectored,
    }
    print(f"{'candidate':34} {'ARI':>6}  remark")
    for candidate, remark in zip(discovery.candidates, discovery.choice.remarks, strict=True):
        ari = "" if candidate.labels is None else f"{adjusted_rand_score(truth, candidate.labels):.3f}"
        print(f"{candidate.spec.name:34} {ari:>6}  {remark}")
    print(f"seconds: {', '.join(f'{step} {value:.1f}' for step, value in seconds.items())}")
    return {
        "benchmark": "simulated",
        "customers": size,
        "chosen": discovery.chosen.spec.name,
        "adjusted_rand_index": adjusted_rand_score(truth, discovery.labels),
        **{f"{step}_seconds": value for step, value in seconds.items()},
    }
