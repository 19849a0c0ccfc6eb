"""The summary of customer vectors names the basis columns that shape nothing."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from features.learned import LearnedFeatures
from features.notices import Notice
from features.vector_table import CustomerVectors, digest
from jobs.customer_vectors import describe_vectors
from segment_model.contract import Column, Kind, Role, VectorContract
from training.settings import DiscoverySettings

CONTRACT = VectorContract(
    (
        Column("spend", Kind.NUMBER),
        Column("city", Kind.CATEGORY),
        Column("vip", Kind.FLAG),
        Column("age", Kind.NUMBER, Role.DESCRIPTOR),
    )
)


def vectors(**columns: object) -> CustomerVectors:
    usual = {"spend": np.arange(200.0), "city": ["Rome", "Oslo"] * 100, "vip": [0.0, 1.0] * 100, "age": 5.0}
    frame = pd.DataFrame({**usual, **columns}, index=pd.Index([f"c{n}" for n in range(200)], dtype="str"))
    frame = frame.astype({"city": "str"})
    notice = Notice("orders", "of its 200 ids, 3 are in customers (3 ids)")
    report = {"orders": {"rows": 400, "used": 400}}
    return CustomerVectors(
        frame, CONTRACT, LearnedFeatures(), date(2024, 7, 1), digest(frame), report, notices=(notice,)
    )


def test_columns_that_shape_nothing_are_named_apart() -> None:
    cities = [f"Village {number}" for number in range(200)]
    lines = describe_vectors(vectors(city=cities, vip=1.0), DiscoverySettings()).splitlines()
    assert lines[2:] == [
        "  1 column shapes the segments: spend",
        "  2 basis columns shape nothing, and only describe: city (all of its 200 levels are rarer than 1 % and "
        "pooled), vip (1 for everyone)",
        "  3 columns describe them: city, vip, age",
        "  orders: of its 200 ids, 3 are in customers (3 ids)",
    ]


def test_without_an_encoding_every_basis_column_counts() -> None:
    assert "  3 columns shape the segments: spend, city, vip" in describe_vectors(vectors(vip=1.0)).splitlines()
    assert "nothing" not in describe_vectors(vectors(), DiscoverySettings())
