"""What a notebook passes of its own: algorithms that are tried, and judgements of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, TypeAlias

import pandas as pd

from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import SettingsError, counted, percent
from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.candidate import DerivedSpec
from training.candidates.own import LEAST_AGREEMENT, OwnSpec, in_one_line
from training.candidates.own_settings import OwnSettings
from training.discovery.discovery import Discovery
from training.settings import DiscoverySettings, parse_as

Judge: TypeAlias = Callable[[Floats, Indices], float]


def algorithm_settings(asked: Any) -> tuple[AlgorithmSettings, ...]:
    """The settings entries of algorithms that are named, described by a dict, or objects of the user's own.

    Raises
    ------
    SettingsError
        If there is none, or one is no algorithm.
    """
    if isinstance(asked, str | Mapping) or not isinstance(asked, Sequence):
        raise SettingsError(f"algorithms is a list, such as ['kmeans'] or [MyAlgorithm()]; got {type(asked).__name__}")
    if not asked:
        raise SettingsError("algorithms names none; leave it out to try KMeans, HDBSCAN and Gaussian mixtures")
    return tuple(_entry_of(each) for each in asked)


def _entry_of(asked: Any) -> AlgorithmSettings:
    if isinstance(asked, AlgorithmSettings):
        return asked
    if not isinstance(asked, str | Mapping):
        return OwnSettings.of(asked)
    block = {"algorithm": asked} if isinstance(asked, str) else dict(asked)
    return parse_as(DiscoverySettings, {"algorithms": [block]}, "discover").algorithms[0]


def checked_judgements(judgements: Any) -> Mapping[str, Judge]:
    """The judgements, if they are functions by name; none for None.

    Raises
    ------
    SettingsError
        Naming the first that is none.
    """
    if judgements is None:
        return {}
    if not isinstance(judgements, Mapping):
        raise SettingsError(f"judgements is a dict of functions by name; got {type(judgements).__name__}")
    for name, judge in judgements.items():
        if not callable(judge):
            raise SettingsError(f"judgements: {name!r} is no function of points and labels; got {type(judge).__name__}")
    return judgements


def judged(table: pd.DataFrame, discovery: Discovery, judgements: Mapping[str, Judge]) -> pd.DataFrame:
    """The table of candidates with a column for each judgement, missing where a candidate has no labels.

    One that has the name of a column of ours is called "silhouette (own)".

    Raises
    ------
    SettingsError
        If a judgement fails, or returns no number.
    """
    for name, judge in judgements.items():
        labels = [candidate.labels for candidate in discovery.candidates]
        scores = [None if own is None else _score(name, judge, discovery.points, own) for own in labels]
        column = f"{name} (own)" if name in table.columns else name
        table.insert([*table.columns].index("chosen"), column, pd.Series(scores, table.index, dtype=float))
    return table


def own_notes(discovery: Discovery) -> tuple[str, ...]:
    """How well the model answers like the user's own algorithm, in a sentence; empty where none was chosen."""
    spec, assigner = _own_spec(discovery), discovery.model.assigner
    if spec is None:
        return ()
    by = f"{counted(assigner.exemplar_count, 'exemplar')}" if assigner.exemplar_count else type(assigner).__name__
    return (
        f"{spec.name}: the model answers by {by}, like the algorithm itself for "
        f"{percent(discovery.judgement.agreement)} of the customers",
    )


def unserved_reason(discovery: Discovery) -> str:
    """Why the model of the user's own algorithm may not be logged, in a sentence; empty where it may."""
    agreement, spec = discovery.judgement.agreement, _own_spec(discovery)
    if spec is None or agreement >= LEAST_AGREEMENT:
        return ""
    return (
        f"the model answers like {spec.name} for {percent(agreement)} of the customers, and "
        f"{percent(LEAST_AGREEMENT, 0)} are needed to serve it: let fit return more exemplars beside the labels, or "
        "one of our assigners"
    )


def _own_spec(discovery: Discovery) -> OwnSpec | None:
    """The chosen candidate, or the one from which it is derived, if it is the user's own."""
    spec = discovery.chosen.spec
    spec = spec.spec if isinstance(spec, DerivedSpec) else spec
    return spec if isinstance(spec, OwnSpec) else None


def _score(name: str, judge: Judge, points: Floats, labels: Indices) -> float:
    try:
        score = judge(points, labels)
    except Exception as error:  # whatever the user's own function raises
        raise SettingsError(f"judgements: {name!r} failed: {in_one_line(error)}") from error
    if not isinstance(score, Real):
        raise SettingsError(f"judgements: {name!r} returns a number of each candidate; got {type(score).__name__}")
    return float(score)
