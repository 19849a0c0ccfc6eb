"""Ids that are words for a total, such as that of an export's last row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.notices import Notice
from features.reading.csv_files.total_row import TAKEN, TOTAL
from features.reading.needed_settings import SettingNotice
from segment_model.errors import shown

TABLE = "customers"


def notices_of_totals(ids: pd.Index, known: Sequence[Notice]) -> Iterator[Notice]:
    """A warning that names the ids, unless it is known of the file that its last row may be a total."""
    if any(isinstance(notice, SettingNotice) and notice.reason == TAKEN for notice in known):
        return
    texts = pa.array(ids, pa.string())
    are_totals = pc.match_substring_regex(texts, rf"^\s*(?:{TOTAL.pattern})\s*:?\s*$", ignore_case=True)
    if totals := texts.filter(are_totals).to_pylist():
        listed = " and ".join(shown(name) for name in totals[:3])
        yield Notice(
            TABLE, f"{listed} is a customer here; if it is a row of totals, leave it out, such as by `where`", True
        )
