"""Runs an experiment: discovers every variant on every table that is on this machine, and judges each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

import pandas as pd

from experiments.variants.command_figures import COMMAND_FIGURES
from experiments.variants.experiment_file import (
    CUSTOMERS,
    Experiment,
    NumberedExperiment,
    Overrides,
    settings_only,
)
from experiments.variants.judged_variant import JudgedVariant, predicted, usual_figures, variants_table
from experiments.variants.public_tables import PublicTable, public_table
from features.vector_table import CustomerVectors
from jobs.customer_vectors import vectors_of
from jobs.membership.month_members import assigned
from jobs.run_content.provenance import provenance
from segment_model.contract import VectorContract
from segment_model.errors import ContractError, DiscoveryError, SettingsError, SourceError, counted
from training.discovery.discovery import Discovery, discover
from training.progress import Announce, Progress
from training.settings import DiscoverySettings, Settings
from training.tuning.ablation import ablate
from training.tuning.search_space import changed

OpenTable = Callable[[str], AbstractContextManager[PublicTable]]


@dataclass(frozen=True)
class ExperimentOutcome:
    """The rows of an experiment, notes on them, and the tables that are absent, each with the reason."""

    rows: tuple[JudgedVariant, ...]
    notes: tuple[str, ...]
    absent: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row a variant, as of `variants_table`."""
        return variants_table(list(self.rows))


def run_experiment(
    numbered: NumberedExperiment, announce: Announce, progress: Progress, opened: OpenTable = public_table
) -> ExperimentOutcome:
    """Run all variants on all tables of an experiment. It logs and registers nothing.

    opened : gives the table of a name, or raises a SourceError where its data is absent.

    Raises
    ------
    SettingsError
        If a path or value of a variant is not valid; before the first discovery of its table.
    SourceError
        If none of the tables is on this machine.
    """
    experiment = numbered.content
    rows: list[JudgedVariant] = []
    notes: list[str] = []
    absent: list[str] = []
    for name, own in experiment.tables.items():
        with ExitStack() as stack:
            try:
                table = stack.enter_context(opened(name))
            except SourceError as error:
                announce(str(error))
                absent.append(str(error))
                continue
            announce(f"{name}: {counted(len(list(experiment.variants())), 'variant')}")
            rows += _run_on(table, experiment, own, progress)
            if table.outcome_words:
                notes.append(f"{name} predicts: the share of {table.outcome_words} explained out of sample")
    if not rows:
        raise SourceError(f"{numbered.name} has none of its tables here. {'; '.join(absent)}")
    return ExperimentOutcome(tuple(rows), tuple(notes), tuple(absent))


def _run_on(table: PublicTable, experiment: Experiment, own: Overrides, progress: Progress) -> Iterator[JudgedVariant]:
    variants = [(name, {**own, **overrides}) for name, overrides in experiment.variants()]
    chosen = [_changed(table.settings, overrides, name) for name, overrides in variants]  # all valid, before the first
    if experiment.command == "ablate":
        for (name, overrides), settings in zip(variants, chosen, strict=True):
            yield from _ablated(table, name, overrides, settings, progress)
        return
    first: pd.Series | None = None
    for place, ((name, overrides), settings) in enumerate(zip(variants, chosen, strict=True)):
        progress(place, len(variants), f"{table.name}, {name}")
        try:
            vectors = vectors_of(settings, table.folder)
            made = _discovered(settings, vectors, overrides.get(CUSTOMERS))
        except (ContractError, DiscoveryError) as error:
            yield JudgedVariant(table.name, name, overrides, refused=str(error))
            continue
        labels = assigned(made.model, vectors.frame)
        figures = usual_figures(made, labels, first, table)
        figures |= COMMAND_FIGURES[experiment.command](settings, table.folder, made.model)
        first = labels if first is None else first
        yield JudgedVariant(table.name, name, overrides, str(made.verdict.kind), figures)


def _ablated(
    table: PublicTable, variant: str, overrides: Overrides, settings: Settings, progress: Progress
) -> Iterator[JudgedVariant]:
    """The fits of `segments ablate`, each a row."""
    vectors = vectors_of(settings, table.folder)
    frame = _sampled(vectors.frame, overrides.get(CUSTOMERS), settings.discovery.seed)

    def explained(made: Discovery) -> Mapping[str, float]:
        return predicted(assigned(made.model, vectors.frame), table)

    def discovered(contract: VectorContract, asked: DiscoverySettings) -> Discovery:
        return discover(frame, contract, asked, {})

    for fit in ablate(frame, vectors.contract, settings.discovery, discovered, explained, progress):
        name = " = ".join(fit.variant.names)
        name = name if variant == "as it is" else f"{variant}, {name}"
        yield JudgedVariant(table.name, name, overrides, fit.verdict, fit.figures, fit.refused)


def _discovered(settings: Settings, vectors: CustomerVectors, customers: int | None) -> Discovery:
    frame = _sampled(vectors.frame, customers, settings.discovery.seed)
    asked = settings.discovery.model_copy(update={"force": True, "prefer": "fresh"})
    return discover(frame, vectors.contract, asked, provenance(settings, vectors))


def _sampled(frame: pd.DataFrame, customers: int | None, seed: int) -> pd.DataFrame:
    """At most so many customers, drawn by the seed; None: all."""
    if customers is None or customers >= len(frame):
        return frame
    return frame.sort_index().sample(customers, random_state=seed)


def _changed(settings: Settings, overrides: Overrides, variant: str) -> Settings:
    """The settings of a variant.

    Raises
    ------
    SettingsError
        If a path or a value is not valid.
    """
    customers = overrides.get(CUSTOMERS, 1)
    if not isinstance(customers, int) or isinstance(customers, bool) or customers < 1:
        raise SettingsError(f"{variant}: customers is a whole number from 1 on; got {customers!r}")
    try:
        return changed(settings, settings_only(overrides))
    except SettingsError as error:
        raise SettingsError(f"{variant}: {str(error).removeprefix('the swept settings: ')}") from error
