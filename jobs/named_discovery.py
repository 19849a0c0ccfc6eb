"""A discovery whose segments have the ids and names of the champion's, where they go on.

Neither pictures nor reports are imported here: who only asks for segments does not wait for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from features.conditions.on_vectors.vector_figures import FrameFigures
from features.vector_table import CustomerVectors
from jobs.champion.incumbent import Incumbent
from jobs.membership.met_conditions import conditions_of
from segment_model.model import SegmentModel
from segment_model.self_test import with_examples
from training.discovery.discovery import Discovery, discover
from training.discovery.everyone import Everyone
from training.progress import Announce, Progress
from training.settings import Settings
from training.succession.succession import succeed


def discover_named(
    settings: Settings,
    vectors: CustomerVectors,
    incumbent: Incumbent | None,
    origin: Mapping[str, Any],
    announce: Announce,
    progress: Progress,
    everyone: Everyone | None = None,
) -> Discovery:
    """The discovery whose model continues the incumbent's segments, with the examples of its self-test.

    origin : the provenance that the model keeps. everyone : as in `discover`.

    Raises
    ------
    SegmentsError
        If no segments can be made of these vectors.
    """
    figures = FrameFigures(vectors.frame) if everyone is None else everyone.figures
    conditions = conditions_of(settings, vectors.contract, figures)  # refused before the work begins
    former = None if incumbent is None else incumbent.model
    discovery = discover(vectors.frame, vectors.contract, settings.discovery, origin, progress, former, everyone)
    announce(f"verdict: {discovery.verdict.sentence}")
    announce(f"chosen: {discovery.choice.reason}")
    for sentence in () if discovery.of_all is None else discovery.of_all.sentences:
        announce(sentence)
    if discovery.other_divisions:
        announce(discovery.other_divisions)
    model = discovery.model
    if former is not None:
        population = None if discovery.of_all is None else discovery.of_all.population
        model, lineage = succeed(model, former, discovery.frame, population)
        announce(f"of the champion's segments: {'; '.join(lineage.sentences)}")
    return replace(discovery, model=with_conditions(with_examples(model, discovery.frame), conditions.texts))


def with_conditions(model: SegmentModel, texts: Mapping[str, str]) -> SegmentModel:
    """The model with the named conditions that a service answers; without any it stays as it is.

    They are stored last, so that ids, which are drawn from the provenance, do not depend on them.
    """
    return replace(model, provenance={**model.provenance, "conditions": dict(texts)}) if texts else model
