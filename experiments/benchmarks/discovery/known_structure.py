"""Generated tables whose structure is known: groups that must be found, and continua that must not be called groups."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path

from sklearn.metrics import adjusted_rand_score

from experiments.benchmarks.discovery.finding import (
    REFUSED,
    TINY,
    Finding,
    findings,
    found_on,
    mean_score,
    nearest_segments,
    share_distinct,
)
from experiments.generated_tables.continua import CONTINUA
from experiments.generated_tables.planted_groups import CustomerTable, mixed_groups, planted_groups
from experiments.generated_tables.structureless import structureless
from experiments.simulated_company.company import simulate, write_company
from jobs.customer_vectors import vectors_of
from segment_model.contract import VectorContract
from segment_model.errors import SegmentsError
from training.discovery.discovery import discover
from training.evaluation.verdict import VerdictKind
from training.settings import read_settings

# The reported range: unseen when it was fixed. Seeds under 130 and those of 900 to 1,060 were
# seen while rules were made (decision 9), the latter for tuning.
FIRST_SEED = 50_000
MIXED_SETS = 20
BENT_SETS = 20  # of each kind of continuum
FEW_CUSTOMERS, FEW_KINDS = 150, 1  # of each table, and of continua, in a tiny run


def structure_figures(size: int) -> dict[str, object]:
    """The figures of `size` generated tables of each kind, of fewer where they are slow, and of a simulated company."""
    seeds = range(FIRST_SEED, FIRST_SEED + size)
    most, kinds = (None, len(CONTINUA)) if size >= TINY else (FEW_CUSTOMERS, FEW_KINDS)
    nothing = findings("without structure", partial(found_on_made, structureless, most), seeds)
    bent = {
        kind: findings(f"{kind}: a continuum", partial(found_on_made, make, most), seeds[:BENT_SETS])
        for kind, make in islice(CONTINUA.items(), kinds)
    }
    planted = findings("planted groups", partial(found_on_made, planted_groups, most), seeds)
    companies = findings("from raw tables on", company, [min(2000, 100 * size)])
    mixed = findings("mixed types", partial(found_on_made, mixed_groups, most), seeds[:MIXED_SETS])
    alone = findings(
        "the numbers of these alone", partial(found_on_made, numbers_of_mixed_groups, most), seeds[:MIXED_SETS]
    )
    distinct = {
        kind: sum(finding.verdict == VerdictKind.DISTINCT for finding in of_kind) for kind, of_kind in bent.items()
    }
    return {
        "first_seed": FIRST_SEED,
        "false_structure_rate": share_distinct(nothing),
        "null_curved_and_cohort_distinct": sum(distinct.values()),
        "null_distinct_by_kind": distinct,
        "missed_structure_rate": 1 - share_distinct(planted),
        "planted_ari": mean_score([*planted, *companies]),
        "company_ari": mean_score(companies),
        "mixed_type_ari": mean_score(mixed),
        "mixed_type_ari_numbers_alone": mean_score(alone),
    }


def found_on_made(make: Callable[[int], CustomerTable], most: int | None, seed: int) -> Finding:
    """Discover on the table of a seed, which stands in the finding's name; most: on its first customers alone."""
    table = make(seed)
    return found_on(replace(table, name=f"{seed}: {table.name}", frame=table.frame[:most], truth=table.truth[:most]))


def numbers_of_mixed_groups(seed: int) -> CustomerTable:
    """The mixed groups of a seed without their categories: what a discovery that ignores categories sees."""
    table = mixed_groups(seed)
    kept = tuple(column for column in table.contract.columns if not column.is_category)
    return replace(table, frame=table.frame[[column.name for column in kept]], contract=VectorContract(kept))


def company(customers: int) -> Finding:
    """The simulated software company, from its raw tables on."""
    started = time.perf_counter()
    made = simulate(customers, 1, date(2026, 7, 1))
    with tempfile.TemporaryDirectory() as folder:
        write_company(made, Path(folder))
        settings, _ = read_settings(Path(folder) / "segments.yaml")
        vectors = vectors_of(settings, Path(folder))
    truth = made.truth.set_index("customer_id")["planted_segment"].loc[vectors.frame.index]
    name = f"simulated company of {customers:,}"
    try:
        discovery = discover(vectors.frame, vectors.contract, settings.discovery, {})
    except SegmentsError:
        return Finding(name, REFUSED, "", 0.0, time.perf_counter() - started)
    score = float(adjusted_rand_score(truth, nearest_segments(discovery)))
    return Finding(name, str(discovery.verdict.kind), discovery.chosen.spec.name, score, time.perf_counter() - started)
