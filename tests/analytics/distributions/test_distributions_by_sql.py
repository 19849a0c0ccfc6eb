"""Shares and quartiles of many customers equal SQL that was written by hand from their definitions."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from analytics.distributions.labelled import Labelled
from analytics.distributions.level_shares import level_shares
from analytics.distributions.quartiles import quartiles
from segment_model.contract import Column, Kind, Role

COLUMNS = (
    Column("country", Kind.CATEGORY, Role.DESCRIPTOR),
    Column("uses_api", Kind.FLAG, Role.DESCRIPTOR),
    Column("seats", Kind.NUMBER, Role.DESCRIPTOR),
)
SEGMENTS = ("s1", "s2", "s3")
SHARES = """
    WITH largest AS (
        SELECT country FROM customers WHERE country IS NOT NULL GROUP BY ALL ORDER BY count(*) DESC, country LIMIT 8),
    levels AS (
        SELECT segment, 'country' AS "column",
               CASE WHEN country IS NULL OR country IN (FROM largest) THEN country ELSE 'other' END AS level
        FROM customers
        UNION ALL SELECT segment, 'uses_api', CASE uses_api WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END FROM customers),
    grouped AS (FROM levels UNION ALL SELECT 'everyone', "column", level FROM levels),
    sizes AS (SELECT "column", segment, count(*) AS n, count(level) AS answered FROM grouped GROUP BY ALL)
    SELECT "column", segment, level, any_value(n) AS n, any_value(answered) AS answered, count(*) AS customers,
           count(*) / any_value(answered) AS share
    FROM grouped JOIN sizes USING ("column", segment)
    WHERE level IS NOT NULL AND NOT ("column" = 'uses_api' AND level = 'no') GROUP BY ALL
"""
QUARTILES = """
    WITH grouped AS (SELECT segment, seats FROM customers UNION ALL SELECT 'everyone', seats FROM customers)
    SELECT segment, count(*) AS n, count(seats) AS answered, quantile_cont(seats, 0.25) AS lower,
           quantile_cont(seats, 0.5) AS median, quantile_cont(seats, 0.75) AS upper
    FROM grouped GROUP BY segment
"""


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    """2,000 customers of three segments; of some a value is not known, and countries are more than are shown."""
    generator = np.random.default_rng(15)
    n = 2000
    countries = pd.Series(generator.choice([f"ü{k}" for k in range(12)], n, p=np.arange(1, 13) / 78), dtype="str")
    return pd.DataFrame(
        {
            "segment": pd.Series(generator.choice(SEGMENTS, n, p=(0.6, 0.3, 0.1)), dtype="str"),
            "country": countries.mask(generator.random(n) < 0.1),
            "uses_api": pd.Series(generator.integers(0, 2, n), dtype="float64").mask(generator.random(n) < 0.3),
            "seats": pd.Series(np.round(np.exp(generator.normal(2, 1, n)))).mask(generator.random(n) < 0.2),
        }
    )


@pytest.fixture(scope="module")
def labelled(customers: pd.DataFrame) -> Labelled:
    return Labelled.of(customers, customers["segment"], SEGMENTS)


def answer(customers: pd.DataFrame, query: str) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.register("customers", customers)
        return connection.execute(query).df()


def test_shares_equal_their_query(customers: pd.DataFrame, labelled: Labelled) -> None:
    keys = ["column", "segment", "level"]
    query = answer(customers, SHARES).set_index(keys).sort_index()
    ours = level_shares(labelled, COLUMNS, floor=10).set_index(keys).sort_index()
    assert query.index.isin(ours.index).all()
    assert len(query) > 30
    ours = ours.loc[query.index, ["n", "answered", "customers", "share"]].astype("float64")
    pd.testing.assert_frame_equal(ours, query.astype("float64"), check_index_type=False)


def test_quartiles_equal_their_query(customers: pd.DataFrame, labelled: Labelled) -> None:
    query = answer(customers, QUARTILES).set_index("segment").sort_index()
    ours = quartiles(labelled, COLUMNS, floor=10).set_index("segment").sort_index()[list(query.columns)]
    pd.testing.assert_frame_equal(ours, query, check_dtype=False, check_index_type=False)
