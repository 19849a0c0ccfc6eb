"""Discovers segments from Python: in a frame, in a file, or by a settings file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.notices import TableWarning
from features.own_vectors.vector_columns import shortened
from features.reading.needed_settings import NeededSettingError
from features.source_settings import VectorsSource
from features.sources import Engines
from jobs.champion.incumbent import Incumbent
from jobs.customer_vectors import vectors_of
from jobs.unlogged.discovery import FILE, champion_to_continue, discover_in_sources, discover_in_table
from segment_model.errors import ContractError, SettingsError, nearest_word
from segment_model.inference.customer_table import CUSTOMER, read_frame
from segment_model.inference.frame_columns import by_column, checked_basis
from segment_model.model import SegmentModel
from segment_model.storage.user_path import user_path
from segments.discovery import SegmentDiscovery
from segments.own_parts import Judge, algorithm_settings, checked_judgements
from segments.progress import shown_progress
from segments.seed import with_seed
from segments.segment_numbers import least_and_most
from training.settings import Settings, parse_as, parse_settings, read_settings

if TYPE_CHECKING:
    from datetime import date

    from training.candidates.own import OwnAlgorithm


def discover(
    customers: Any,
    basis: Sequence[str] | None = None,
    *,
    segments: int | tuple[int, int] | None = None,
    seed: int = 0,
    customer_id: str | None = None,
    kinds: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    sensitive: Sequence[str] = (),
    algorithms: Sequence[str | Mapping[str, Any] | OwnAlgorithm] | None = None,
    judgements: Mapping[str, Judge] | None = None,
    source: Mapping[str, Any] | None = None,
    discovery: Mapping[str, Any] | None = None,
    champion: SegmentModel | None = None,
    title: str = "",
    verbose: bool | None = None,
) -> SegmentDiscovery:
    """Discover segments in a frame or a file of one row a customer.

    Parameters
    ----------
    customers
        A frame of pandas, polars (a LazyFrame is collected once), Arrow, or anything with `__arrow_c_stream__`; or the
        path of a CSV, Parquet, Excel or JSON-lines file. Ids are the column `customer_id`, else the index of a pandas
        frame, else the numbers of the rows, which `notes` says.
    basis
        The columns that shape the segments; all others describe them. None: every column that can be a feature.
    segments
        How many, or the least and the most; None looks for as many as the customers show.
    seed
        The same seed and customers give the same segments. It may stand in `discovery` instead.
    customer_id
        The column of the ids.
    kinds, units
        By column: "number", "count", "share", "flag" or "category", instead of the kind that its values show; and the
        unit shown after a value.
    sensitive
        Columns that may not shape or name segments.
    algorithms
        What is tried instead of KMeans, HDBSCAN and Gaussian mixtures: names ("kmeans"), blocks of settings
        (`{"algorithm": "kmeans", "starts": 3}`), or objects of your own that follow `segments.OwnAlgorithm`.
    judgements
        Scores of your own by name, such as `{"Davies-Bouldin": davies_bouldin_score}`: each takes points (n, width) and
        labels (n,), -1 where unassigned, and is a column of `candidates`. They decide nothing.
    source
        How the table is read, as the block `sources.vectors` of a settings file has it, such as `{"sheet": "2026"}`,
        `{"null_values": ["-"]}` or `{"exclude": ["total"]}`. A message that names a setting of the table means these.
    discovery
        More settings, as the block `discovery` of a settings file has them, such as `{"min_share": 0.05}`.
    champion
        A model whose segments, ids and names go on.
    verbose
        True prints plain lines while it works, False nothing; None shows a bar on a terminal.

    Raises
    ------
    SegmentsError
        If the customers cannot be read, or no segments can be made of them.

    Examples
    --------
    >>> import numpy as np, pandas as pd, segments
    >>> rng = np.random.default_rng(0)
    >>> spend = np.r_[rng.normal(20, 2, 150), rng.normal(90, 5, 150)]
    >>> visits = np.r_[rng.poisson(2, 150), rng.poisson(30, 150)]
    >>> customers = pd.DataFrame({"spend": spend, "visits": visits})
    >>> discovered = segments.discover(customers, segments=2, seed=1)
    >>> sorted(discovered.labels.value_counts())
    [150, 150]
    >>> model = discovered.model
    """
    chosen = {
        "roles": dict[str, str](),
        "kinds": by_column("kinds", kinds),
        "units": by_column("units", units),
        "sensitive": _listed("sensitive", sensitive),
    }
    if champion is not None and not isinstance(champion, SegmentModel):
        raise SettingsError(
            f"champion is a model, such as segments.load('models:/NAME@champion'); got {type(champion).__name__}"
        )
    incumbent = None if champion is None else Incumbent(champion)
    block = with_seed(_block("discovery", discovery, '{"min_share": 0.05}'), seed)
    read = _block("source", source, '{"sheet": "2026"}')
    judges = checked_judgements(judgements)
    refine = _refinement(segments, algorithms, block)
    if isinstance(customers, str | os.PathLike):
        if not os.fspath(customers):
            raise SettingsError("the path of the customers is empty; name a file")
        path = user_path(customers).resolve()
        read = _beside({**chosen, "file": path.name, "columns": {CUSTOMER: customer_id} if customer_id else {}}, read)
        names = _columns_of(path, read)
        _check_ids(customer_id or CUSTOMER, names, read)
        settings = refine(_settings(read, names, basis, customer_id or CUSTOMER, block, title))
        with shown_progress(verbose) as (announce, step):
            unlogged = discover_in_sources(settings, path.parent, incumbent, announce, step)
        return SegmentDiscovery(unlogged, judgements=judges)
    table = read_frame(customers, customer_id)
    read = _beside({**chosen, "file": FILE, "columns": {}}, read)
    settings = refine(_settings(read, table.table.column_names, basis, CUSTOMER, block, title))
    with shown_progress(verbose) as (announce, step):
        unlogged = discover_in_table(table.table, settings, incumbent, announce, step)
    return SegmentDiscovery(unlogged, table.ids, table.notes, judges)


def discover_from(
    settings: str | os.PathLike[str],
    *,
    as_of: str | date | None = None,
    segments: int | tuple[int, int] | None = None,
    fresh: bool = False,
    verbose: bool | None = None,
) -> SegmentDiscovery:
    """Discover as the command `segments discover` does, up to where it would log: `.log()` does that.

    settings : the path of the YAML file. as_of, segments : instead of those of the file. fresh : ignore the champion.

    Raises
    ------
    SegmentsError
        If the settings, a table or the registry cannot be read, or no segments can be made.

    Examples
    --------
    >>> import segments
    >>> segments.discover_from("no-file.yaml")
    Traceback (most recent call last):
    segment_model.errors.SettingsError: ...no-file.yaml...
    """
    chosen, base = _read(settings, as_of)
    discovery = chosen.discovery
    if segments is not None:
        discovery = discovery.with_segments(*least_and_most(segments))
    if fresh:
        discovery = discovery.model_copy(update={"prefer": "fresh"})
    chosen = chosen.model_copy(update={"discovery": discovery})
    with shown_progress(verbose) as (announce, step):
        champion = champion_to_continue(chosen, base, announce)
        return SegmentDiscovery(discover_in_sources(chosen, base, champion, announce, step))


def features(settings: str | os.PathLike[str], *, as_of: str | date | None = None) -> pd.DataFrame:
    """The customer vectors that a settings file describes: one row a customer, indexed by `customer_id`.

    `attrs["notes"]` of the frame says what was assumed of the tables, and how many of their rows and numbers do not
    count. What may be wrong with them is a `TableWarning` too.

    Raises
    ------
    SegmentsError
        If the settings or a table cannot be read.

    Examples
    --------
    >>> import segments
    >>> segments.features("no-file.yaml")
    Traceback (most recent call last):
    segment_model.errors.SettingsError: ...no-file.yaml...
    """
    chosen, base = _read(settings, as_of)
    vectors = vectors_of(chosen, base)
    for notice in vectors.notices:
        if notice.warning:
            warnings.warn(f"{notice.table}: {notice.text}", TableWarning, stacklevel=2)
    frame = vectors.frame
    frame.attrs["notes"] = vectors.notes
    return frame


def _read(settings: str | os.PathLike[str], as_of: str | date | None) -> tuple[Settings, Path]:
    if not isinstance(settings, str | os.PathLike) or not os.fspath(settings):
        raise SettingsError(f"settings is the path of a YAML file; got {settings!r:.80}")
    path = user_path(settings)
    chosen, _ = read_settings(path)
    if as_of is not None:
        chosen = parse_settings({**chosen.model_dump(exclude_unset=True), "as_of": as_of}, "as_of")
    return chosen, path.parent


def _settings(
    source: Mapping[str, Any],
    names: Sequence[str],
    basis: Sequence[str] | None,
    customer: str,
    discovery: Mapping[str, Any],
    title: str,
) -> Settings:
    """The settings of a discovery whose only source are own vectors with columns of these names."""
    features = [name for name in names if name != customer]
    shaping = None if basis is None else frozenset(checked_basis(basis, features))
    roles = {} if shaping is None else {name: "basis" if name in shaping else "descriptor" for name in features}
    content = {"title": title, "sources": {"vectors": {**source, "roles": roles}}, "discovery": discovery}
    return parse_settings(content, "discover")


def _listed(option: str, named: Any) -> list[Any]:
    if isinstance(named, str):
        raise SettingsError(f"{option} is a list of columns; write {option}=[{named!r}]")
    if not isinstance(named, Iterable):
        raise SettingsError(f"{option} is a list of columns; got {type(named).__name__}. Leave it out to name none")
    return list(named)


def _block(option: str, block: Any, such_as: str) -> Mapping[str, Any]:
    if block is None:
        return {}
    if not isinstance(block, Mapping):
        raise SettingsError(f"{option} is a dict of settings such as {such_as}; got {type(block).__name__}")
    return block


def _beside(arguments: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the source from other arguments and from `source`, which may not say the same again."""
    if twice := [name for name in source if name in arguments]:
        raise SettingsError(f"source: {twice[0]!r} is said by the other arguments of `discover`; leave it out here")
    return {**arguments, **source}


def _check_ids(customer_id: str, names: Sequence[str], source: Mapping[str, Any]) -> None:
    if customer_id not in names and not source.get("number_rows"):
        raise ContractError(
            f"no column {customer_id!r} for the ids.{nearest_word(customer_id, names)} Name it by `customer_id`, or "
            f'number the rows by source={{"number_rows": True}}. The file has {shortened(names)}'
        )


def _refinement(segments: Any, algorithms: Any, block: Mapping[str, Any]) -> Callable[[Settings], Settings]:
    """What takes settings to those with the asked algorithms and numbers of segments.

    Raises
    ------
    SettingsError
        If these are none, or the algorithms are named twice.
    """
    if algorithms is not None and "algorithms" in block:
        raise SettingsError("the algorithms are named twice: leave them out of `discovery`")
    asked = None if algorithms is None else algorithm_settings(algorithms)
    counts = None if segments is None else least_and_most(segments)

    def refine(settings: Settings) -> Settings:
        discovery = settings.discovery
        if asked is not None:
            discovery = discovery.model_copy(update={"algorithms": asked})
        if counts is not None:
            discovery = discovery.with_segments(*counts)
        return settings.model_copy(update={"discovery": discovery})

    return refine


def _columns_of(path: Path, source: Mapping[str, Any]) -> Sequence[str]:
    """The names of a file's columns.

    Raises
    ------
    SettingsError
        If the settings of the source are not valid.
    SourceError
        If it cannot be read, or not without a further setting.
    """
    table = parse_as(VectorsSource, source, "source")
    with Engines(path.parent, "UTC") as engines:
        try:
            return tuple(engines.open(table, "vectors").columns)
        except NeededSettingError as error:
            message = f"{error}; from Python: source={dict(error.settings)}"
            raise NeededSettingError(message, error.settings, error.reason) from error
