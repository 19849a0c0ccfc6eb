"""A discovery as a notebook holds it: it shows itself, and can be reported, drawn, logged and promoted.

What draws and reports is imported when it is asked for: it takes half a second, which most answers do not need.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics.record import AnalystRecord
from features.grammar.keys import read_key
from jobs.registry_location import location_of
from jobs.unlogged.discovery import UnloggedDiscovery
from jobs.unlogged.other_table import vectors_in_table
from registry.connection import RegistryLocation
from registry.versions.promotions import promote
from reporting.notebook.discovery_summary import discovery_html, discovery_text
from reporting.record_tables import all_figures, present_sizes
from reporting.tables import candidate_table, segment_table
from segment_model.encoding.any_frame import answer_like
from segment_model.errors import DiscoveryError, SettingsError
from segment_model.inference.customer_table import read_frame, text_of_id
from segment_model.model import SegmentModel
from segment_model.storage.atomic_write import atomic_write
from segment_model.storage.sqlite_address import anchored_address
from segment_model.storage.user_path import user_path
from segments.own_parts import Judge, judged, own_notes, unserved_reason
from segments.plots import first_axes
from segments.progress import shown_progress
from training.settings import RegistrySettings, parse_as

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class LoggedDiscovery:
    """A discovery that was logged and registered. run_id : of MLflow. version : of the registered model.

    Examples
    --------
    >>> from registry.connection import RegistryLocation
    >>> from segments import LoggedDiscovery
    >>> LoggedDiscovery("8c1b", "3", RegistryLocation("sqlite:///mlflow.db", "shop")).version
    '3'
    """

    run_id: str
    version: str
    location: RegistryLocation

    def promote(self, alias: str = "champion") -> LoggedDiscovery:
        """Make the version the champion, or point another alias at it.

        Raises
        ------
        RegistryError
            If the registry refuses, or somebody else moved the alias meanwhile.
        """
        promote(self.location, self.version, alias)
        return self


class SegmentDiscovery:
    """A finished discovery; `segments.discover` makes it.

    model : assigns and explains customers. notes : what was assumed of the customers, and how many of
    their rows and numbers do not count.

    Examples
    --------
    >>> sorted(discovered.segments["size"])
    [150, 150]
    >>> discovered.assign(customers).equals(discovered.model.assign(customers))
    True
    """

    def __init__(
        self,
        unlogged: UnloggedDiscovery,
        ids: pd.Index[Any] | None = None,
        notes: tuple[str, ...] = (),
        judgements: Mapping[str, Judge] | None = None,
    ) -> None:
        self._unlogged = unlogged
        self._ids = ids
        self._judgements = judgements or {}
        self.notes = (*notes, *unlogged.vectors.notes, *own_notes(unlogged.discovery))

    @property
    def model(self) -> SegmentModel:
        """The model of the chosen segments."""
        return self._unlogged.discovery.model

    @property
    def verdict(self) -> str:
        """Whether the segments are real, in a sentence."""
        return self._unlogged.discovery.verdict.sentence

    @cached_property
    def labels(self) -> pd.Series[str]:
        """The segment id of each customer (n,), missing where unassigned; in the order of the input, under its ids."""
        discovery = self._unlogged.discovery
        names = [*discovery.model.ids, None]
        by_id = pd.Series([names[label] for label in discovery.labels], index=discovery.frame.index, dtype="str")
        if self._ids is None:
            return by_id.rename("segment_id")
        ordered = by_id.reindex([read_key(text_of_id(name)) for name in self._ids])
        return pd.Series(ordered.to_numpy(), index=self._ids, name="segment_id", dtype="str")

    @property
    def segments(self) -> pd.DataFrame:
        """One row a segment: id, name, size, share, medians, and what distinguishes it."""
        return segment_table(self._unlogged.discovery)

    @property
    def candidates(self) -> pd.DataFrame:
        """One row a candidate that was tried: its parameters, scores, whether it was chosen, and the remark on it."""
        discovery = self._unlogged.discovery
        return judged(candidate_table(discovery), discovery, self._judgements)

    @property
    def vectors(self) -> pd.DataFrame:
        """The customers as the model takes them: (n, columns of the contract), indexed by id as text."""
        return self._unlogged.vectors.frame

    def assign(self, customers: Any, customer_id: str | None = None) -> Any:
        """Assign customers of a frame like the one that was discovered in, under its own column names.

        Values are read as the discovery read its own, so that the same frame gets the same segments. Columns that the
        model does not have are left out, and renamed ones are renamed as `notes` says. The answer is that of
        `SegmentModel.assign`, under the ids of the frame: a frame of pandas is answered by one that they index, any
        other in its own kind, with its column of ids.

        Raises
        ------
        SegmentsError
            If a column is missing, or a customer does not follow the model's contract.
        """
        taken = read_frame(customers, customer_id)
        vectors = vectors_in_table(self._unlogged, taken.table)
        answers: pd.DataFrame = self.model.assign(vectors.set_axis(taken.ids, axis=0))
        return answer_like(customers, has_ids=taken.ids.name is not None)(answers)

    def figures(self) -> pd.DataFrame:
        """Figures by segment with their 95 % intervals: sizes, shares of levels and quartiles of numbers; of a settings
        file money, retention and growth too.

        Raises
        ------
        SegmentsError
            If a table cannot be read.
        """
        names = dict(zip(self.model.ids, self.model.names, strict=True))
        return all_figures(self._record, names, present_sizes(self.labels))

    def plot_map(self) -> Axes:
        """The map of a sample of the customers, coloured by segment."""
        from reporting.pictures.customer_map import customer_map

        return first_axes(customer_map(self._unlogged.discovery))

    def plot_profiles(self) -> Axes:
        """How each segment differs from all customers, column by column."""
        from reporting.pictures.profile_heatmap import profile_heatmap

        return first_axes(profile_heatmap(self._unlogged.discovery))

    def plot_ladder(self) -> Axes:
        """How surely each number of segments is found again.

        Raises
        ------
        DiscoveryError
            If clear gaps separate the segments, or their algorithm chose how many there are: then no other numbers of
            segments are compared.
        """
        from reporting.pictures.ladder_plot import ladder_plot

        if self._unlogged.discovery.ladder is None:
            raise DiscoveryError(
                "there is no ladder to draw: other numbers of segments are compared only where no clear gaps separate "
                "the segments, and the algorithm was told how many to make"
            )
        return first_axes(ladder_plot(self._unlogged.discovery))

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the report page, one HTML file; the path of it.

        Raises
        ------
        SegmentsError
            If a table cannot be read, or the page cannot be written.
        """
        from jobs.unlogged.conclusion import conclude

        if not isinstance(path, str | os.PathLike) or not os.fspath(path):
            raise SettingsError(f"the page is written to a file such as 'report.html'; got {path!r:.80}")
        with shown_progress(verbose=False) as (announce, _):
            page = conclude(self._unlogged, announce).report
        out = user_path(path)
        try:
            atomic_write(out, page.encode())
        except OSError as error:
            raise SettingsError(f"{out} cannot be written: {error.strerror or error}") from error
        return out

    def log(
        self, tracking_uri: str | None = None, model_name: str | None = None, experiment: str | None = None
    ) -> LoggedDiscovery:
        """Log the discovery to MLflow and register its model: the very run that `segments discover` logs.

        tracking_uri : such as "sqlite:///mlflow.db" or the address of a server; model_name : under which it is
        registered; experiment : by default of that name. Left out, all are those of the settings file.

        Raises
        ------
        RegistryError
            If the registry cannot be reached or refuses something; then nothing is registered.
        DiscoveryError
            If the chosen algorithm is one of your own, and the model does not answer like it.
        SettingsError
            If an address or a name is empty, or the name is none of a model.
        """
        from jobs.unlogged.conclusion import log

        for option, text in (("tracking_uri", tracking_uri), ("model_name", model_name), ("experiment", experiment)):
            if text is not None and (not isinstance(text, str) or not text.strip()):
                raise SettingsError(f"{option} is text, or left out to take that of the settings; got {text!r:.80}")
        if model_name is not None:
            parse_as(RegistrySettings, {"model_name": model_name}, "log")
        unlogged = self._unlogged
        if reason := unserved_reason(unlogged.discovery):
            raise DiscoveryError(reason)
        location = location_of(unlogged.settings, unlogged.base or Path.cwd())
        if tracking_uri is not None:
            location = replace(location, tracking_uri=anchored_address(tracking_uri, Path.cwd()))
        if model_name is not None:
            location = replace(location, model_name=model_name, experiment=experiment or model_name)
        elif experiment is not None:
            location = replace(location, experiment=experiment)
        with shown_progress(verbose=False) as (announce, _):
            sent = log(unlogged, location, announce)
        return LoggedDiscovery(sent.run_id, sent.version, location)

    def __repr__(self) -> str:
        return discovery_text(self._unlogged.discovery, self.notes)

    def _repr_html_(self) -> str:
        return discovery_html(self._unlogged.discovery, self.notes)

    @cached_property
    def _record(self) -> AnalystRecord:
        from jobs.unlogged.conclusion import record_of

        with shown_progress(verbose=False) as (announce, _):
            return record_of(self._unlogged, announce)
