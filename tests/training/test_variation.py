"""A basis column that is encoded alike for everyone shapes nothing: it is named, and counts as no basis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_model.contract import Column, Kind, Role, VectorContract
from segment_model.encoding.reader import CustomerReader
from segment_model.errors import DiscoveryError
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.discovery.trained_contract import trained_contract
from training.encoding import fit_encoding
from training.settings import DiscoverySettings, EncodingSettings
from training.variation import constant_columns

CONTRACT = VectorContract(
    (
        Column("spend", Kind.NUMBER),
        Column("visits", Kind.COUNT),
        Column("city", Kind.CATEGORY),
        Column("vip", Kind.FLAG),
    )
)


def vectors(size: int = 200, **columns: Any) -> pd.DataFrame:
    generator = np.random.default_rng(5)
    usual = {
        "spend": generator.gamma(2, 10, size),
        "visits": generator.integers(0, 9, size).astype(float),
        "city": np.where(generator.random(size) < 0.5, "Rome", "Oslo"),
        "vip": (generator.random(size) < 0.5).astype(float),
    }
    frame = pd.DataFrame({**usual, **columns}, index=pd.Index([f"c{n}" for n in range(size)], dtype="str"))
    return frame.astype({"city": "str"})


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("spend", [7.5] * 400, "7.5 for everyone"),
        ("spend", [np.nan] + [0.0] * 399, "0 for everyone whose value is known"),
        ("vip", [1.0] + [0.0] * 399, "0 for 99.75 % of all, and clipped to it for the rest"),
        ("city", ["Rome"] * 400, "'Rome' for everyone"),
        ("city", [f"Village {n}" for n in range(400)], "all of its 400 levels are rarer than 1 % and pooled"),
    ],
)
def test_the_reason_is_named(name: str, values: list[Any], reason: str) -> None:
    frame = vectors(400, **{name: values})
    assert constant_columns(frame, CONTRACT, EncodingSettings()) == {name: reason}
    contract = trained_contract(frame, CONTRACT, DiscoverySettings())
    assert [c.name for c in contract.columns if c.role is Role.DESCRIPTOR] == [name]


def test_columns_that_vary_are_none() -> None:
    assert constant_columns(vectors(), CONTRACT, EncodingSettings()) == {}
    rare_and_usual = ["Rome"] * 150 + [f"Village {n}" for n in range(50)]
    rare_and_missing = [None] * 150 + [f"Village {n}" for n in range(50)]
    for cities in (rare_and_usual, rare_and_missing):
        assert constant_columns(vectors(city=cities), CONTRACT, EncodingSettings()) == {}
    assert constant_columns(vectors(city=[f"V{n}" for n in range(200)]), CONTRACT, EncodingSettings(rare_share=0)) == {}


def test_the_settings_decide_what_is_pooled_and_clipped() -> None:
    frame = vectors(city=["Rome"] * 100 + ["Oslo"] * 100, vip=[1.0] * 20 + [0.0] * 180)
    assert list(constant_columns(frame, CONTRACT, EncodingSettings(rare_share=0.6))) == ["city"]
    assert list(constant_columns(frame, CONTRACT, EncodingSettings(clip_share=0.2))) == ["vip"]


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    size = 60
    numbers = st.sampled_from([0.0, 0.0, 0.0, 1.0, 1e6, np.nan])
    flags = st.sampled_from([0.0, 0.0, 0.0, 1.0])
    levels = st.sampled_from(["a", "b", "c", None]) if draw(st.booleans()) else st.just("a")
    frame = vectors(
        size,
        spend=draw(st.lists(numbers, min_size=size, max_size=size)),
        visits=[draw(st.sampled_from([0.0, 3.0]))] * size,
        city=draw(st.lists(levels, min_size=size, max_size=size)),
        vip=draw(st.lists(flags, min_size=size, max_size=size)),
    )
    return frame.assign(spend=frame.spend.where(frame.index != "c0", 0.0))


@given(
    tables(),
    st.sampled_from([0.0, 0.005, 0.1, 0.4]),
    st.sampled_from([0.0, 0.05, 0.3, 0.9]),
    st.sampled_from(["none", "auto", "log1p", "yeo-johnson"]),
)
def test_constant_is_what_the_encoding_makes_constant(
    frame: pd.DataFrame, clip: float, rare: float, transform: Any
) -> None:
    settings = EncodingSettings(clip_share=clip, rare_share=rare, transform=transform)
    nullable = VectorContract(tuple(Column(c.name, c.kind, nullable=True) for c in CONTRACT.columns))
    if frame.isna().all().any():
        return
    encoder = fit_encoding(frame, nullable, settings).encoder
    points = encoder.encode(CustomerReader(nullable, encoder).frame(frame))
    blocks = np.split(points, encoder.starts[1:])
    alike = {name for name, block in zip(encoder.columns, blocks, strict=True) if (block == block[:, :1]).all()}
    assert set(constant_columns(frame, nullable, settings)) == alike


def test_a_discovery_is_the_same_without_the_column_and_says_so_where_none_is_left() -> None:
    frame = vectors(300)
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=3),), force=True)
    with_it = discover(frame.assign(vip=1.0), CONTRACT, settings, {})
    without = discover(frame, CONTRACT.with_roles({"vip": Role.DESCRIPTOR}), settings, {})
    assert (with_it.labels == without.labels).all()
    assert with_it.model.encoder.columns == ("spend", "visits", "city")
    same = frame.assign(spend=1.0, visits=2.0, city="Rome", vip=0.0)
    with pytest.raises(DiscoveryError) as caught:
        discover(same, CONTRACT, settings, {})
    assert str(caught.value).startswith(
        "all 300 customers are the same in every basis column: spend (1 for everyone), visits (2 for everyone), "
        "city ('Rome' for everyone), vip (0 for everyone); there is nothing to segment by."
    )
