"""Which kinds of data matter: fits without each feature group and with each alone, compared with the fit of all.

A group whose removal leaves the segments as they are adds nothing to them; one whose removal destroys them carries
their structure. Every fit is a whole discovery under the same settings, and makes a model even without reproducible
structure, so that there is one to compare; its verdict says what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from segment_model.contract import VectorContract
from segment_model.errors import DiscoveryError, SettingsError
from segment_model.feature_groups import feature_group
from training.discovery.discovery import Discovery
from training.discovery.trained_contract import trained_contract
from training.progress import Progress
from training.settings import DiscoverySettings
from training.variation import as_descriptors

WHOLE = "all groups"
NO_GROUP = "without a group"  # of columns that have none
Discover = Callable[[VectorContract, DiscoverySettings], Discovery]
Explain = Callable[[Discovery], Mapping[str, float]]


@dataclass(frozen=True)
class Variant:
    """A set of groups to fit with; `names` has more than one name where two sets are the same.

    held_out : the columns that only describe, each with the reason.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    held_out: Mapping[str, str]


@dataclass(frozen=True)
class Fit:
    """What a fit came to.

    columns : how many shape the segments. verdict, refused : one of them is empty. figures : segments, stability,
    recovered (mean Jaccard similarity of the segments under resampling), agreement (adjusted Rand index with the
    segments of all groups), and what the segments explain of each goal; empty where refused.
    """

    variant: Variant
    columns: int
    verdict: str
    refused: str
    figures: Mapping[str, float]


def variants_of(contract: VectorContract) -> tuple[Variant, ...]:
    """The fits to make: all groups, without each, each alone; the same set of groups once.

    Raises
    ------
    SettingsError
        If the basis columns are of one group only, so that there is nothing to leave out.
    """
    groups = tuple(dict.fromkeys(_group(contract, column.name) for column in contract.basis))
    if len(groups) < 2:
        raise SettingsError(
            f"all basis columns are of the group {groups[0] if groups else NO_GROUP!r}: an ablation needs two groups; "
            "give the others a role with `features: {roles: {COLUMN: basis}}`"
        )
    named: dict[tuple[str, ...], list[str]] = {groups: [WHOLE]}
    for group in groups:
        named.setdefault(tuple(other for other in groups if other != group), []).append(f"without {group}")
    for group in groups:
        named.setdefault((group,), []).append(f"{group} alone")
    return tuple(Variant(tuple(names), kept, _held_out(contract, kept)) for kept, names in named.items())


def ablate(
    frame: pd.DataFrame,
    contract: VectorContract,
    settings: DiscoverySettings,
    discover: Discover,
    explain: Explain,
    progress: Progress | None = None,
) -> tuple[Fit, ...]:
    """Fit every variant; the first is that of all groups.

    frame : customer vectors that follow `contract`. discover : makes a discovery of the frame under a contract and
    settings. explain : the figures of a discovery about the goals.

    Raises
    ------
    SettingsError
        If there are not two groups to compare.
    DiscoveryError
        If no model can be made with all groups.
    """
    trained = trained_contract(frame, contract, settings)
    asked = settings.model_copy(update={"force": True, "prefer": "fresh"})
    variants = variants_of(trained)
    fits: list[Fit] = []
    whole: Discovery | None = None
    for place, variant in enumerate(variants):
        if progress:
            progress(place, len(variants), " = ".join(variant.names))
        kept = as_descriptors(contract, {**_described(contract, trained), **variant.held_out})
        try:
            made = discover(kept, asked)
        except DiscoveryError as error:
            if whole is None:
                raise
            fits.append(Fit(variant, len(kept.basis), "", str(error), {}))
            continue
        whole = made if whole is None else whole
        figures = {**_figures(made, whole), **explain(made)}
        fits.append(Fit(variant, len(made.contract.basis), str(made.verdict.kind), "", figures))
    return tuple(fits)


def ablation_table(fits: tuple[Fit, ...]) -> pd.DataFrame:
    """One row a fit: `fit`, `groups`, `columns`, `verdict`, the figures, `refused`; a figure that is absent is NaN."""
    names = dict.fromkeys(name for fit in fits for name in fit.figures)
    rows = [
        {
            "fit": " = ".join(fit.variant.names),
            "groups": ", ".join(fit.variant.groups),
            "columns": fit.columns,
            "verdict": fit.verdict,
            **{name: fit.figures.get(name, np.nan) for name in names},
            "refused": fit.refused,
        }
        for fit in fits
    ]
    return pd.DataFrame(rows).astype({"fit": "str", "groups": "str", "verdict": "str", "refused": "str"})


def _figures(made: Discovery, whole: Discovery) -> dict[str, float]:
    return {
        "segments": float(len(made.model.cards)),
        "stability": made.judgement.stability,
        "recovered": float(np.mean(made.verdict.evidence["recovered"])),
        "agreement": float(adjusted_rand_score(whole.labels, made.labels)),
    }


def _held_out(contract: VectorContract, kept: tuple[str, ...]) -> dict[str, str]:
    others = [column.name for column in contract.basis if _group(contract, column.name) not in kept]
    return {name: f"{_group(contract, name)} is left out" for name in others}


def _described(contract: VectorContract, trained: VectorContract) -> dict[str, str]:
    """The basis columns that shape nothing with all groups either."""
    shaping = {column.name for column in trained.basis}
    return {column.name: "shapes nothing" for column in contract.basis if column.name not in shaping}


def _group(contract: VectorContract, name: str) -> str:
    return feature_group(contract[name]) or NO_GROUP
