"""Joins the feature groups to one row a customer; owns the names, order, types and null rules of the vector.

The population is every customer with at least one usable row before the as-of moment in any of the tables. Each group
is computed in the engine that holds its table; only its result, one row a customer, comes to Python and is joined here.
A customer without rows in a table has 0 where 0 is true (no orders: frequency 0), and null elsewhere (`missing_of`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from features.as_of import moment_of
from features.groups.all_groups import Part, contract_of, feature_groups, joined
from features.learned import LearnedFeatures
from features.notices import Notice
from features.scores.learned_edges import tied_scores
from features.scores.tie_notice import notices_of_ties
from features.settings import FeatureSettings, Sources
from features.sources import Engines, fetch
from features.tables.canonical import Tally
from features.vector_table import CustomerVectors, Moment, counts_in_words, digest, validated
from segment_model.errors import SourceError, counted


def build_vectors(
    sources: Sources,
    settings: FeatureSettings,
    as_of: Moment | None,
    base: str | Path,
    learned: LearnedFeatures | None = None,
) -> CustomerVectors:
    """Compute the vectors of all customers as of a moment.

    Parameters
    ----------
    as_of
        Only rows strictly before it count; a date is the midnight at which it starts. None where no table has dates.
    base
        The folder that relative file names count from.
    learned
        Score edges, category names and kinds of an earlier build, applied as they are; None learns them from this one.

    Raises
    ------
    SourceError
        If a table cannot be read, breaks its contract, holds a customer twice where one row is promised, or if there
        is no customer at all.
    SettingsError
        If `roles` or `words` name a column that the vector does not have.
    ContractError
        If two columns have one name, or `learned` lacks a category column.
    """
    with Engines(Path(base), settings.time_zone) as engines:
        own = learned.own if learned is not None else None
        groups = feature_groups(
            engines.open, sources, settings, moment_of(as_of, settings.time_zone), own, engines.keep
        )
        counted = {name: _counted(tallies) for name, tallies in groups.tallies.items()}
        frames = [_frame(part) for part in groups.parts]
        of_rows = (notice for _, notices in counted.values() for notice in notices)
        # `where` may settle what the table settles too
        notices = tuple(dict.fromkeys((*engines.notices, *groups.notices, *of_rows)))
    report = {name: counts for name, (counts, _) in counted.items()}
    contract = contract_of(groups, settings)
    frame = joined(frames, contract)
    if frame.empty:
        before = "" if as_of is None else f" before {as_of}"
        raise SourceError(f"no customer has a usable row{before}. {_told(report)}")
    rules = learned if learned is not None else LearnedFeatures.learn(frame, contract, settings, groups.own)
    frame = rules.apply(frame, contract)
    if learned is None:
        tied = tied_scores(frame, contract.names, settings.rfm.score_edges)
        notices = (*notices, *notices_of_ties(frame, tied))
        frame = frame.assign(**tied)
    frame = validated(frame, contract)
    return CustomerVectors(frame, contract, rules, as_of, digest(frame), report, groups.columns, notices)


def _counted(tallies: Sequence[Tally]) -> tuple[dict[str, int], list[Notice]]:
    """The rows read of a table and those left out, and what else their tallies say."""
    counts: dict[str, int] = {}
    notices: list[Notice] = []
    for tally in tallies:
        totals = fetch(tally.sums, tally.what).to_pylist()[0]
        counts = tally.count_rows(totals, counts)
        notices += tally.notices(totals)
    return counts, notices


def _frame(part: Part) -> pd.DataFrame:
    """Compute a part; its rows by customer.

    Raises
    ------
    SourceError
        If a customer comes twice.
    """
    frame: pd.DataFrame = fetch(part.table, "features").to_pandas()
    frame.index = pd.Index(frame.pop("customer_id").astype("str"), name="customer_id")
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()].unique().sort_values()
        raise SourceError(
            f"{part.raw_table}: {counted(len(twice), 'customer has', 'customers have')} more than one row, such as "
            f"{', '.join(twice[:3])}; keep one row each"
        )
    return frame


def _told(report: Mapping[str, Mapping[str, int]]) -> str:
    """The counts of the raw tables in words."""
    return "; ".join(f"{table}: {counts_in_words(counts)}" for table, counts in report.items())
