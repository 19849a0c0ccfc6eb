"""The arrays that serve give the points of the fitted scikit-learn pipeline."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import estimator_checks_generator

from segment_model.contract import Column, Kind, VectorContract
from segment_model.encoding.encoder import NumberEncoding, Transform
from segment_model.encoding.reader import CustomerReader
from segment_model.errors import DiscoveryError
from training.encoding import EqualSpread, RangeClipper, fit_encoding, sklearn_frame
from training.settings import EncodingSettings

CONTRACT = VectorContract(
    (
        Column("spend", Kind.NUMBER, nullable=True),
        Column("visits", Kind.COUNT),
        Column("plan", Kind.CATEGORY, nullable=True),
    )
)
PLANS = ["basic", "plus", "pro", "größer", None]


# our transformers are for NumPy; the check of other array libraries would only skip itself
PROMISES = [
    (estimator, check)
    for transformer in (RangeClipper(), EqualSpread())
    for estimator, check in estimator_checks_generator(transformer)
    if check.func.__name__ != "check_array_api_input"
]


def _name(value: Any) -> str:
    # without the address that a function's own text ends in: processes that share the tests must name them alike
    return value.func.__name__ if isinstance(value, partial) else type(value).__name__


@pytest.mark.parametrize(("estimator", "check"), PROMISES, ids=_name)
def test_our_transformers_keep_scikit_learns_promises(estimator: Any, check: Any) -> None:
    check(estimator)


def frame_of(spend: list[float | None], visits: list[int], plan: list[str | None]) -> pd.DataFrame:
    size = min(len(spend), len(visits), len(plan))
    return pd.DataFrame(
        {
            "spend": np.array(spend[:size], dtype=float),
            "visits": np.array(visits[:size], dtype=float),
            "plan": pd.array(plan[:size], dtype="str"),
        }
    )


numbers = st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, -0.5]))
frames = st.builds(
    frame_of,
    st.lists(numbers, min_size=5, max_size=40).filter(lambda values: any(v is not None for v in values)),
    st.lists(st.integers(0, 10_000), min_size=5, max_size=40),
    st.lists(st.sampled_from(PLANS), min_size=5, max_size=40),
)


@given(
    train=frames,
    serve=frames,
    spend=st.sampled_from(["none", "yeo-johnson", "quantile"]),
    visits=st.sampled_from(["auto", "none", "log1p", "yeo-johnson", "quantile"]),
    scale=st.booleans(),
    clip=st.sampled_from([0.0, 0.005, 0.2]),
    rare=st.sampled_from([0.0, 0.01, 0.3]),
    weight=st.sampled_from([1.0, 0.3, 2.0]),
)
@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
def test_arrays_equal_scikit_learn(
    train: pd.DataFrame,
    serve: pd.DataFrame,
    spend: str,
    visits: str,
    scale: bool,
    clip: float,
    rare: float,
    weight: float,
) -> None:
    assume(train["spend"].notna().any())
    chosen: Any = {"spend": spend, "visits": visits}
    options = EncodingSettings(
        transforms=chosen, scale=scale, clip_share=clip, rare_share=rare, weights={"spend": weight}
    )
    with np.errstate(all="ignore"):
        fitted = fit_encoding(train, CONTRACT, options)
        expected = np.asarray(fitted.transformer.transform(sklearn_frame(serve, CONTRACT)))
    encoded = fitted.encoder.encode(CustomerReader(CONTRACT, fitted.encoder).frame(serve)).T
    # the error of a number counts from its size before it was centred
    size = 1 + np.abs(np.concatenate([fitted.encoder.numbers.center * fitted.encoder.numbers.factor, np.zeros(20)]))
    np.testing.assert_array_less(
        np.abs(encoded - expected), 1e-12 * size[: encoded.shape[1]] + 1e-12 * np.abs(expected)
    )


def test_one_customer_gets_the_bits_of_the_batch() -> None:
    generator = np.random.default_rng(0)
    frame = frame_of(
        list(generator.lognormal(3, 2, 500)), list(generator.poisson(9, 500)), list(generator.choice(PLANS[:4], 500))
    )
    for transform in ("log1p", "yeo-johnson", "quantile", "none"):
        encoder = fit_encoding(frame, CONTRACT, EncodingSettings(transform=transform)).encoder
        reader = CustomerReader(CONTRACT, encoder)
        batch = encoder.encode(reader.frame(frame))
        alone = np.hstack([encoder.encode(reader.records([row])) for row in frame.to_dict(orient="records")])
        assert np.array_equal(batch, alone), transform


@pytest.mark.parametrize("size", [1, 2, 500])
def test_numbers_outside_the_range_and_missing_ones_get_its_ends_or_the_fill(size: int) -> None:
    lower, upper, fill = [-1.5, 0.0, 5e-324], [2.5, 1.0, 1e308], [0.1, 7.0, -3.0]  # the last two fills lie outside
    encoding = NumberEncoding(
        names=("a", "b", "c"),
        fill=np.array(fill),
        lower=np.array(lower),
        upper=np.array(upper),
        transforms=(Transform.NONE,) * 3,
        power=np.ones(3),
        quantiles=np.empty((0, 0)),
        center=np.array([0.3, 0.0, 1e-3]),
        factor=np.array([1 / 3, 1.0, 7.0]),
    )
    values = [-1e300, -1.5, -0.0, 0.0, 1e-310, 0.7, 1.0, 2.5, 1e300, float("nan")]
    numbers = np.random.default_rng(size).choice(values, (3, size))
    expected = [
        [
            (min(max(fill[row] if number != number else number, lower[row]), upper[row]) - middle) * factor
            for number in column
        ]
        for row, (column, middle, factor) in enumerate(
            zip(numbers.tolist(), encoding.center.tolist(), encoding.factor.tolist(), strict=True)
        )
    ]
    assert np.array_equal(encoding.encode(numbers), expected)


def test_a_category_counts_as_much_as_a_number_whatever_its_levels() -> None:
    generator = np.random.default_rng(1)
    for levels in (2, 5, 20):
        frame = frame_of(
            list(generator.normal(size=4000)),
            list(generator.poisson(5, 4000)),
            [f"p{i}" for i in generator.integers(0, levels, 4000)],
        )
        encoder = fit_encoding(frame, CONTRACT, EncodingSettings(clip_share=0)).encoder
        points = encoder.encode(CustomerReader(CONTRACT, encoder).frame(frame))
        gaps = encoder.by_column((points[:, :2000] - points[:, 2000:]) ** 2).mean(axis=1)
        np.testing.assert_allclose(gaps, 2.0, rtol=0.1)


def test_rare_and_unseen_levels_are_pooled() -> None:
    plans: list[str | None] = ["a"] * 60 + ["b"] * 38 + ["c", "d"]
    frame = frame_of([1.0, 2.0] * 50, [1, 2] * 50, plans)
    encoder = fit_encoding(frame, CONTRACT, EncodingSettings(rare_share=0.05)).encoder
    assert encoder.categories[0].rare == ("c", "d")
    reader = CustomerReader(CONTRACT, encoder)
    rows = [{"spend": 1.0, "visits": 1, "plan": plan} for plan in ("c", "never seen")]
    raw = reader.records(rows)
    points = encoder.encode(raw)
    assert np.array_equal(points[:, 0], points[:, 1])
    assert raw.unseen.tolist() == [[False, True]]


def test_a_column_that_is_missing_for_everybody_is_refused_by_name() -> None:
    frame = frame_of([None] * 10, list(range(10)), ["a"] * 10)
    with pytest.raises(DiscoveryError, match=r"no customer has a value in spend.*roles"):
        fit_encoding(frame, CONTRACT, EncodingSettings())


def test_log1p_of_negative_numbers_is_refused() -> None:
    frame = frame_of([-3.0, 1.0] * 5, list(range(10)), ["a"] * 10)
    with pytest.raises(DiscoveryError, match="log1p of 'spend' does not exist: its least value is -3"):
        fit_encoding(frame, CONTRACT, EncodingSettings(transforms={"spend": "log1p"}))
