"""Splits the customers of a segment into the arms of an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analytics.experiments.arms import ArmDraw, parse_shares
from analytics.history import EVERYONE
from features.joining.id_type import typed_ids
from jobs.complete_customers import complete
from jobs.customer_vectors import learned_by, vectors_of
from jobs.registry_location import location_of
from registry.versions.versions import fetch
from training.settings import Settings


@dataclass(frozen=True)
class SplitSegment:
    """The customers of a segment, indexed by `customer_id`: `experiment`, `arm`, and the segment that they were in."""

    table: pd.DataFrame
    segment_name: str
    counts: Mapping[str, int]
    version: str
    notes: tuple[str, ...]


def split_segment(settings: Settings, base: Path, which: str, segment: str, experiment: str, arms: str) -> SplitSegment:
    """Split a segment (id or name, or "everyone") of the model that an alias or version names.

    arms : such as "control=0.5,mail=0.5".

    Raises
    ------
    SegmentsError
        If the arms are wrong, the model or a table cannot be read, or there is no such segment.
    """
    draw = ArmDraw(experiment, parse_shares(arms))
    fetched = fetch(location_of(settings, base), which)
    model = fetched.model
    chosen = None if segment == EVERYONE else model.id_of(segment)
    vectors = vectors_of(settings, base, learned_by(model))
    readable, refused = complete(model, vectors.frame)
    segments = model.assign(readable)["segment_id"]
    ids = vectors.frame.index if chosen is None else segments.index[segments == chosen]
    table = pd.DataFrame(
        {
            "experiment": pd.Series(experiment, index=ids, dtype="str"),
            "arm": pd.Series(draw.arms_of(ids), index=ids, dtype="str"),
            "segment_id": segments.reindex(ids).astype("str"),
        }
    )
    counts = {arm: int((table["arm"] == arm).sum()) for arm in draw.shares}
    table.index = typed_ids(ids, vectors.id_type).rename("customer_id")
    name = EVERYONE if chosen is None else model.names[model.position(chosen)]
    return SplitSegment(table, name, counts, fetched.version, () if chosen is None else tuple(refused))
