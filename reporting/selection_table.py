"""Who meets a condition by segment, as a table for people."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from segment_model.errors import percent


def selection_in_words(by_segment: pd.DataFrame, money: Mapping[str, str]) -> pd.DataFrame:
    """The rows of `jobs.conditions.selection.Selection.by_segment` in words, and a row of all together.

    money : the titles of the columns of money, by name.
    """
    rows = [
        {
            "segment": row["segment"],
            "customers": f"{row['customers']:,}",
            "of": f"{row['n']:,}",
            "share": percent(row["share"]),
            "95 % interval": f"{percent(row['low'])} to {percent(row['high'])}",
            **{title: f"{row[name]:,.2f}" for name, title in money.items()},
        }
        for row in by_segment.to_dict(orient="records")
    ]
    customers, n = int(by_segment["customers"].sum()), int(by_segment["n"].sum())
    rows.append(
        {
            "segment": "everyone",
            "customers": f"{customers:,}",
            "of": f"{n:,}",
            "share": percent(customers / n) if n else "-",
            "95 % interval": "",
            **{title: f"{by_segment[name].sum():,.2f}" for name, title in money.items()},
        }
    )
    return pd.DataFrame(rows)
