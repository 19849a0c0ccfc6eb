"""Generated customers without groups, correlated, skewed, rounded or mixed, which discovery must not call distinct."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.generated_tables.planted_groups import CustomerTable, customer_table, random_covariance
from segment_model.contract import Column, Kind

FEWEST, MOST = 300, 5000


def structureless(seed: int) -> CustomerTable:
    """One table of 300 to 5,000 customers; the kinds take turns: uniform, one Gaussian, RFM, mixed columns."""
    generator = np.random.default_rng([1, seed])
    count = int(np.exp(generator.uniform(np.log(FEWEST), np.log(MOST))))
    return (_uniform, _gaussian, _rfm, _mixed)[seed % 4](count, generator)


def _uniform(count: int, generator: np.random.Generator) -> CustomerTable:
    width = int(generator.integers(2, 11))
    values = generator.uniform(size=(count, width))
    return _numbers("uniform", values)


def _gaussian(count: int, generator: np.random.Generator) -> CustomerTable:
    width = int(generator.integers(2, 13))
    return _numbers(
        "one Gaussian", generator.multivariate_normal(np.zeros(width), random_covariance(width, generator), count)
    )


def _rfm(count: int, generator: np.random.Generator) -> CustomerTable:
    """Recency in whole days, a count of orders, spend in cents; log-normal, correlated, skewed."""
    correlation = np.array([[1.0, -0.5, -0.4], [-0.5, 1.0, 0.7], [-0.4, 0.7, 1.0]])
    logs = generator.multivariate_normal(np.zeros(3), correlation, count)
    spread = generator.uniform(0.6, 1.4, 3)
    frame = pd.DataFrame(
        {
            "recency_days": np.floor(np.exp(3.5 + spread[0] * logs[:, 0])),
            "frequency": np.ceil(np.exp(1.2 + spread[1] * logs[:, 1])),
            "monetary_value": np.round(np.exp(4.5 + spread[2] * logs[:, 2]), 2),
        }
    )
    kinds = (Kind.COUNT, Kind.COUNT, Kind.NUMBER)
    columns = tuple(Column(str(name), kind) for name, kind in zip(frame, kinds, strict=True))
    return customer_table("log-normal RFM", frame, columns, np.zeros(count, dtype=np.intp))


def _mixed(count: int, generator: np.random.Generator) -> CustomerTable:
    """Independent columns of every kind."""
    data: dict[str, object] = {
        "score": generator.normal(size=count),
        "spend": np.round(generator.lognormal(4, 1, count), 2),
        "orders": generator.poisson(generator.uniform(0.5, 6), count).astype(float),
        "share": generator.beta(2, 3, count),
        "subscribed": (generator.random(count) < generator.uniform(0.1, 0.9)).astype(float),
    }
    kinds = [Kind.NUMBER, Kind.NUMBER, Kind.COUNT, Kind.SHARE, Kind.FLAG]
    for number in range(int(generator.integers(1, 4))):
        levels = int(generator.integers(2, 7))
        chances = generator.dirichlet(np.full(levels, 3.0))
        data[f"category_{number}"] = [f"level {value}" for value in generator.choice(levels, count, p=chances)]
        kinds.append(Kind.CATEGORY)
    columns = tuple(Column(name, kind) for name, kind in zip(data, kinds, strict=True))
    return customer_table("independent mixed columns", pd.DataFrame(data), columns, np.zeros(count, dtype=np.intp))


def _numbers(name: str, values: np.ndarray) -> CustomerTable:
    columns = tuple(Column(f"column_{number}", Kind.NUMBER) for number in range(values.shape[1]))
    frame = pd.DataFrame(values, columns=[column.name for column in columns])
    return customer_table(name, frame, columns, np.zeros(len(values), dtype=np.intp))
