"""A version breaks its callers exactly when a request that the old one takes is refused or misread by the new one."""

from __future__ import annotations

import pytest

from segment_model.contract import Column, Kind, Role, VectorContract
from serving.model.compatibility import breaks

OLD = (
    Column("recency_days", Kind.NUMBER, unit="days"),
    Column("monetary_value", Kind.NUMBER, unit="USD", nullable=True),
    Column("plan", Kind.CATEGORY),
    Column("region", Kind.CATEGORY, Role.DESCRIPTOR, nullable=True),
)


def changed(name: str, **what: object) -> tuple[Column, ...]:
    from dataclasses import replace

    return tuple(replace(column, **what) if column.name == name else column for column in OLD)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("new", "breaking"),
    [
        (OLD, ()),
        (OLD[::-1], ()),
        (changed("plan", description="another", label="tariff", low="x"), ()),
        ((*OLD, Column("employees", Kind.COUNT, Role.DESCRIPTOR)), ()),
        (changed("recency_days", role=Role.DESCRIPTOR), ()),
        (changed("recency_days", nullable=True), ()),
        (changed("region", nullable=False), ()),
        ((*OLD, Column("seats", Kind.COUNT)), ("seats is needed now",)),
        ((*OLD, Column("seats", Kind.COUNT, nullable=True)), ("seats is needed now",)),
        (changed("region", role=Role.BASIS), ("region is needed now",)),
        (OLD[1:], ("recency_days is not known any more",)),
        (OLD[:3], ("region is not known any more",)),
        (changed("recency_days", kind=Kind.COUNT), ("recency_days was of kind number, now count",)),
        (changed("recency_days", unit="weeks"), ("recency_days was in days, now in weeks",)),
        (changed("plan", unit="tier"), ("plan was in no unit, now in tier",)),
        (changed("monetary_value", nullable=False), ("monetary_value may not be null any more",)),
        (
            (*changed("monetary_value", unit="EUR")[1:], Column("seats", Kind.COUNT)),
            ("monetary_value was in USD, now in EUR", "seats is needed now", "recency_days is not known any more"),
        ),
    ],
)
def test_breaking_changes_are_listed(new: tuple[Column, ...], breaking: tuple[str, ...]) -> None:
    assert breaks(VectorContract(OLD), VectorContract(new)) == breaking
