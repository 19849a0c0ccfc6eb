"""What became of a variant: its verdict and segments, how surely they are found again, and what they predict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from experiments.benchmarks.predictions import out_of_sample
from experiments.variants.public_tables import PublicTable
from training.discovery.discovery import Discovery

TEXTS = ("table", "variant", "verdict", "refused")


@dataclass(frozen=True)
class JudgedVariant:
    """A row of an experiment; where `refused` is not empty it says why no model was made.

    figures : segments; stability; recovered (mean Jaccard similarity of segments under resampling); agreement (adjusted
    Rand index with the first variant of the table, over the customers of both); predicts (the share of the variance of
    the logarithm of the table's outcome that the means of segments explain, out of sample); and those of the command.
    overrides : value by dotted path.
    """

    table: str
    variant: str
    overrides: Mapping[str, object]
    verdict: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    refused: str = ""


def usual_figures(made: Discovery, labels: pd.Series, first: pd.Series | None, table: PublicTable) -> dict[str, float]:
    """The figures that every variant has.

    labels : the segment of each customer (n,), by id. first : those of the table's first variant.
    """
    figures = {
        "segments": float(len(made.model.cards)),
        "stability": float(made.judgement.stability),
        "recovered": float(np.mean(made.verdict.evidence["recovered"])),
    }
    if first is not None:
        both = labels.index.intersection(first.index)
        figures["agreement"] = float(adjusted_rand_score(first[both], labels[both]))
    return figures | predicted(labels, table)


def predicted(labels: pd.Series, table: PublicTable) -> dict[str, float]:
    """The figure `predicts`; none where the table has no outcome."""
    if table.outcome is None:
        return {}
    outcome = table.outcome(labels.index)
    known = outcome[outcome.notna() & np.isfinite(outcome)]
    places = np.unique(labels[known.index].to_numpy(), return_inverse=True)[1].astype(np.intp)
    return {"predicts": float(out_of_sample(places, np.log1p(known.to_numpy(dtype=np.float64))))}


def variants_table(rows: list[JudgedVariant]) -> pd.DataFrame:
    """One row a variant: `table`, `variant`, `verdict`, the figures, `refused`; a figure that is absent is NaN."""
    names = dict.fromkeys(name for row in rows for name in row.figures)
    return pd.DataFrame(
        [
            {
                "table": row.table,
                "variant": row.variant,
                "verdict": row.verdict,
                **{name: row.figures.get(name, np.nan) for name in names},
                "refused": row.refused,
            }
            for row in rows
        ],
    ).astype(dict.fromkeys(TEXTS, "str"))
