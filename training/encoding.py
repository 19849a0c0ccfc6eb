"""Fits the encoding of customer vectors with scikit-learn, and copies the fit into the Encoder that serves it.

The fitted ColumnTransformer and the Encoder give the same points (tested to 1e-12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.utils.validation import check_is_fitted, validate_data

from segment_model.contract import Column, Kind, VectorContract
from segment_model.encoding.encoder import (
    MISSING_LEVEL,
    CategoryEncoding,
    Encoder,
    Floats,
    NumberEncoding,
    RawCustomers,
    Transform,
)
from segment_model.encoding.reader import CustomerReader
from segment_model.errors import DiscoveryError, SettingsError, nearest_word
from segment_model.feature_groups import known_groups
from training.money_columns import money_column
from training.settings import AUTO, EncodingSettings

SKEW_THAT_NEEDS_LOGS = 1.0
STEADINESS = 2.0  # a retrain changes a transform only if the skewness is this many times beyond the threshold
MOST_QUANTILES = 100


class RangeClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Clips every column to the quantiles `share` and 1 − `share` of the fitted rows (winsorising)."""

    def __init__(self, share: float = 0.005) -> None:
        self.share = share

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002  (scikit-learn's signature)
        """Learn lower_ and upper_, each (columns,)."""
        values = validate_data(self, X, dtype=np.float64)
        self.lower_, self.upper_ = np.quantile(values, [self.share, 1 - self.share], axis=0)
        return self

    def transform(self, X: Any) -> Floats:
        """Clip (rows, columns)."""
        check_is_fitted(self)
        clipped: Floats = np.clip(validate_data(self, X, dtype=np.float64, reset=False), self.lower_, self.upper_)
        return clipped


class EqualSpread(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Scales a one-hot block by one factor, so that its total variance is `weight`² whatever its number of levels.

    Two random customers then differ as much in a category column as in a standardised number column: the expected
    squared distance is 2 for both. A total variance below `LEAST_VARIANCE` is raised to it, so that a level of a few
    customers does not become a direction of its own.
    """

    LEAST_VARIANCE = 0.1

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = weight

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002  (scikit-learn's signature)
        """Learn factor_ of a (rows, levels) block."""
        values = validate_data(self, X, dtype=np.float64)
        self.factor_ = self.weight / np.sqrt(max(float(np.var(values, axis=0).sum()), self.LEAST_VARIANCE))
        return self

    def transform(self, X: Any) -> Floats:
        """Scale (rows, levels)."""
        check_is_fitted(self)
        scaled: Floats = validate_data(self, X, dtype=np.float64, reset=False) * self.factor_
        return scaled


@dataclass(frozen=True)
class FittedEncoding:
    """The fitted scikit-learn transformer and the Encoder copied from it."""

    transformer: ColumnTransformer
    encoder: Encoder


@dataclass(frozen=True)
class EncodedCustomers:
    """Customers: their vectors, which follow the contract, as read and as encoded points (n, width)."""

    frame: pd.DataFrame
    contract: VectorContract
    encoder: Encoder
    raw: RawCustomers
    points: Floats

    @property
    def amounts(self) -> Floats | None:
        """The amounts (n,) of the money column, 0 where missing; None without one, or if one is negative."""
        name = money_column(self.contract.basis)
        if name is None:
            return None
        amounts = self.frame[name].fillna(0).to_numpy(dtype=np.float64)
        return None if amounts.min() < 0 else amounts

    def with_whole_top(self, name: str) -> Self:
        """The same customers, of whom the largest values of a number column are not clipped."""
        numbers = self.encoder.numbers
        upper = numbers.upper.copy()
        upper[numbers.names.index(name)] = self.frame[name].max()
        return self.encoded_by(replace(self.encoder, numbers=replace(numbers, upper=upper)))

    @classmethod
    def encode(cls, frame: pd.DataFrame, contract: VectorContract, encoder: Encoder) -> Self:
        """Read and encode customer vectors."""
        raw = CustomerReader(contract, encoder).frame(frame)
        return cls(frame, contract, encoder, raw, np.ascontiguousarray(encoder.encode(raw).T))

    def encoded_by(self, encoder: Encoder) -> Self:
        """The same customers in another encoding of the same basis columns."""
        return self.encode(self.frame, self.contract, encoder)


def fit_encoding(
    frame: pd.DataFrame,
    contract: VectorContract,
    settings: EncodingSettings,
    before: Mapping[str, Transform] = MappingProxyType({}),
) -> FittedEncoding:
    """Learn how to encode the basis columns of a customer vector table.

    before : the transforms of a serving model, by column; "auto" keeps them near its threshold (`choose_transform`).

    Raises
    ------
    DiscoveryError
        If there is no basis column, no customer has a value in one of them, or log1p is asked for numbers of -1 or
        less.
    SettingsError
        If a weight or a transform names a column or group that the vectors do not have.
    """
    _check_names(settings, contract)
    basis = contract.basis
    if not basis:
        raise DiscoveryError("no column is a basis; make at least one with `features: {roles: {COLUMN: basis}}`")
    empty = [column.name for column in basis if frame[column.name].isna().all()]
    if empty:
        raise DiscoveryError(
            f"no customer has a value in {', '.join(empty)}, so it cannot shape segments; "
            f"make it a descriptor with `features: {{roles: {{{empty[0]}: descriptor}}}}`"
        )
    numbers = [column for column in basis if not column.is_category]
    categories = [column for column in basis if column.is_category]
    transforms = {c.name: choose_transform(frame[c.name], c, settings, before.get(c.name)) for c in numbers}
    pipelines = [
        *(number_pipeline(transforms[c.name], settings.weight_of(c), settings, len(frame)) for c in numbers),
        *(category_pipeline(settings.weight_of(c), settings) for c in categories),
    ]
    # scikit-learn refuses steps whose name has two underscores, as a column's may
    steps = [
        (f"column_{place}", pipeline, [column.name])
        for place, (column, pipeline) in enumerate(zip((*numbers, *categories), pipelines, strict=True))
    ]
    transformer = ColumnTransformer(steps, verbose_feature_names_out=False)
    transformer.fit(sklearn_frame(frame, contract))
    return FittedEncoding(transformer, _read_off(transformer, numbers, categories, transforms))


def _check_names(settings: EncodingSettings, contract: VectorContract) -> None:
    groups = known_groups(contract.columns)
    for setting, known in (("weights", contract.names), ("transforms", contract.names), ("group_weights", groups)):
        for name in getattr(settings, setting):
            if name not in known:
                raise SettingsError(
                    f"discovery.encoding.{setting}: there is no {name!r}.{nearest_word(name, known)} "
                    f"Known here: {', '.join(known)}"
                )


def sklearn_frame(frame: pd.DataFrame, contract: VectorContract) -> pd.DataFrame:
    """The basis columns in the types that scikit-learn expects; a missing category is a level of its own."""
    return pd.DataFrame(
        {
            column.name: frame[column.name].astype(object).where(frame[column.name].notna(), MISSING_LEVEL)
            if column.is_category
            else frame[column.name].astype(np.float64)
            for column in contract.basis
        },
        index=frame.index,
    )


def choose_transform(
    values: pd.Series[Any], column: Column, settings: EncodingSettings, before: Transform | None = None
) -> Transform:
    """The transform that the settings ask for; "auto" is log1p for skewed numbers that are never negative, else none.

    A column near the threshold of skewness would change its transform, and with it every distance, from month to month.
    So `before`, the transform of a serving model, shifts the threshold by the factor `STEADINESS` in its own favour.

    Raises
    ------
    DiscoveryError
        If log1p is asked for numbers of -1 or less.
    """
    wanted = settings.transforms.get(column.name, settings.transform)
    if wanted == AUTO:
        if column.kind in (Kind.SHARE, Kind.FLAG):
            return Transform.NONE
        known = values.dropna().to_numpy(dtype=np.float64)
        spread = float(np.std(known))
        if spread == 0 or float(known.min()) < 0:
            return Transform.NONE
        skew = float(np.mean(((known - known.mean()) / spread) ** 3))
        away = {Transform.LOG1P: 1 / STEADINESS, Transform.NONE: STEADINESS}.get(before, 1.0) if before else 1.0
        return Transform.LOG1P if skew > away * SKEW_THAT_NEEDS_LOGS else Transform.NONE
    transform = Transform(wanted)
    if transform is Transform.LOG1P and float(values.min()) <= -1:
        raise DiscoveryError(
            f"log1p of {column.name!r} does not exist: its least value is {float(values.min()):g}; "
            "use yeo-johnson for numbers that may be negative"
        )
    return transform


def weigh(values: Floats, weight: float) -> Floats:
    """Multiply a column by its weight."""
    return values * weight


def number_pipeline(transform: Transform, weight: float, settings: EncodingSettings, customers: int) -> Pipeline:
    """The steps of a number column: impute the median, clip, transform, standardise, weight."""
    middle: Any = {
        Transform.NONE: "passthrough",
        Transform.LOG1P: FunctionTransformer(np.log1p, feature_names_out="one-to-one"),
        Transform.YEO_JOHNSON: PowerTransformer(method="yeo-johnson", standardize=False),
        Transform.QUANTILE: QuantileTransformer(n_quantiles=min(MOST_QUANTILES, customers), subsample=None),
    }[transform]
    return Pipeline(
        [
            ("impute", SimpleImputer(strategy="median")),
            ("clip", RangeClipper(settings.clip_share)),
            ("transform", middle),
            ("scale", StandardScaler(with_std=settings.scale)),
            ("weight", FunctionTransformer(weigh, kw_args={"weight": weight})),
        ]
    )


def category_pipeline(weight: float, settings: EncodingSettings) -> Pipeline:
    """The steps of a category column: one-hot with rare levels pooled, then scale to an equal spread."""
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=settings.rare_share or None, sparse_output=False
    )
    return Pipeline([("one_hot", one_hot), ("spread", EqualSpread(weight))])


def _read_off(
    transformer: ColumnTransformer, numbers: list[Column], categories: list[Column], transforms: Mapping[str, Transform]
) -> Encoder:
    fitted = [pipeline for _, pipeline, _ in transformer.transformers_]
    pipelines = fitted[: len(numbers)]

    def array(values: list[float]) -> Floats:
        return np.array(values, dtype=np.float64)

    scales = [p["scale"].scale_[0] if p["scale"].scale_ is not None else 1.0 for p in pipelines]
    weights = [p["weight"].kw_args["weight"] for p in pipelines]
    edges = [p["transform"].quantiles_[:, 0] for p in pipelines if isinstance(p["transform"], QuantileTransformer)]
    encoding = NumberEncoding(
        names=tuple(column.name for column in numbers),
        fill=array([p["impute"].statistics_[0] for p in pipelines]),
        lower=array([p["clip"].lower_[0] for p in pipelines]),
        upper=array([p["clip"].upper_[0] for p in pipelines]),
        transforms=tuple(transforms[column.name] for column in numbers),
        power=array(
            [p["transform"].lambdas_[0] if isinstance(p["transform"], PowerTransformer) else 1.0 for p in pipelines]
        ),
        quantiles=np.array(edges, dtype=np.float64) if edges else np.empty((0, 0)),
        center=array([p["scale"].mean_[0] for p in pipelines]),
        factor=array([weight / scale for weight, scale in zip(weights, scales, strict=True)]),
    )
    one_hot = zip(categories, fitted[len(numbers) : len(numbers) + len(categories)], strict=True)
    return Encoder(encoding, tuple(_category(column.name, pipeline) for column, pipeline in one_hot))


def _category(name: str, pipeline: Pipeline) -> CategoryEncoding:
    one_hot = pipeline["one_hot"]
    seen = [str(level) for level in one_hot.categories_[0]]
    infrequent = getattr(one_hot, "infrequent_categories_", [None])[0]
    rare = tuple(str(level) for level in infrequent) if infrequent is not None else ()
    return CategoryEncoding(
        name, tuple(level for level in seen if level not in rare), rare, float(pipeline["spread"].factor_)
    )
