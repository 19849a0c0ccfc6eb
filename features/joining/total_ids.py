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
SHOWN = 3  # ids in the warning
PATTERN = rf"^\s*({TOTAL.pattern})\s*:?\s*$"  # of an id in lower case


def notices_of_totals(ids: pd.Index, known: Sequence[Notice]) -> Iterator[Notice]:
    """A warning that names the ids, unless it is known of the file that its last row may be a total."""
    texts = pa.array(ids, pa.string())
    totals = texts.filter(pc.match_substring_regex(pc.utf8_lower(texts), PATTERN)).to_pylist()
    yield from notices_of(totals[:SHOWN], known)


def notices_of(totals: Sequence[str], known: Sequence[Notice]) -> Iterator[Notice]:
    """The warning that these ids are words for a total; as of `notices_of_totals`."""
    is_known = any(isinstance(notice, SettingNotice) and notice.reason == TAKEN for notice in known)
    if totals and not is_known:
        listed = " and ".join(shown(name) for name in totals)
        yield Notice(
            TABLE, f"{listed} is a customer here; if it is a row of totals, leave it out, such as by `where`", True
        )
