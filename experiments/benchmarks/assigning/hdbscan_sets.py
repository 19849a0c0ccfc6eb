"""The tables on which HDBSCAN's assigner and explanations are judged: labelled sets, real customers, planted groups."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.benchmarks.shared_data import EXTERNAL, labelled_files
from experiments.complete_journey import SETTINGS, load_tables
from jobs.customer_vectors import vectors_of
from segment_model.contract import Column, Kind, VectorContract
from training.settings import read_settings

JUDGED = ("fcps", "graves", "other")  # batteries


def labelled_sets() -> Iterator[tuple[str, pd.DataFrame]]:
    """The sets with known groups, without their labels."""
    for battery in JUDGED:
        for path in labelled_files(battery):
            frame = pd.read_parquet(path)
            yield path.stem, frame[[name for name in frame if not str(name).startswith("label")]]


def customer_sets() -> Iterator[tuple[str, pd.DataFrame]]:
    """Three tables of real customers."""
    yield "complete_journey", complete_journey()
    yield "online_retail", online_retail()
    yield "cc_general", cc_general()


def wide_sets() -> Iterator[tuple[str, pd.DataFrame]]:
    """Five tables of real customers with eight columns or more."""
    yield "cc_general", cc_general()
    airline = pd.read_parquet(EXTERNAL / "mlba_marketing" / "EastWestAirlinesCluster.parquet")
    yield "airline", airline.drop(columns=["ID#", "Award?"])
    people = pd.read_parquet(EXTERNAL / "customer_personality" / "customer_personality.parquet")
    books = pd.read_parquet(EXTERNAL / "mlba_marketing" / "CharlesBookClub.parquet")
    yield "book_club", books[["M", "R", "F", "FirstPurch", *(name for name in books if str(name).endswith("Bks"))]]
    yield "personality", people[[name for name in people if str(name).startswith(("Mnt", "Num", "Income", "Recency"))]]
    telco = pd.read_parquet(EXTERNAL / "telco_ibm" / "telco.parquet").drop(columns=["customerID", "Churn"])
    yield "telco", telco.assign(TotalCharges=pd.to_numeric(telco["TotalCharges"], errors="coerce"))


def complete_journey() -> pd.DataFrame:
    """The grocery households' vectors, as the demo makes them: their basis columns."""
    settings, _ = read_settings(SETTINGS)
    with tempfile.TemporaryDirectory() as folder:
        load_tables().write(Path(folder))
        vectors = vectors_of(settings, Path(folder))
    return vectors.frame[[column.name for column in vectors.contract.basis]]


def online_retail() -> pd.DataFrame:
    """Recency, frequency and monetary value of an online shop's customers."""
    lines = pd.read_parquet(EXTERNAL / "online_retail" / "online_retail.parquet")
    bought = lines["CustomerID"].notna() & ~lines["InvoiceNo"].str.startswith("C")
    lines = lines[bought & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)]
    lines = lines.assign(amount=lines["Quantity"] * lines["UnitPrice"])
    by_customer = lines.groupby("CustomerID")
    return pd.DataFrame(
        {
            "recency_days": (lines["InvoiceDate"].max() - by_customer["InvoiceDate"].max()).dt.days,
            "frequency": by_customer["InvoiceNo"].nunique(),
            "monetary_value": by_customer["amount"].sum(),
        }
    )


def cc_general() -> pd.DataFrame:
    """How the holders of a credit card use it."""
    return pd.read_parquet(EXTERNAL / "cc_general" / "cc_general.parquet").drop(columns=["CUST_ID"])


def planted_set(size: int, columns: int, seed: int, groups: int = 8) -> pd.DataFrame:
    """Groups of unequal spread, and one customer in twenty anywhere; another seed draws from the same groups."""
    places = np.random.default_rng(columns)
    centers, spread = places.normal(0, 3, (groups, columns)), places.uniform(0.5, 1.2, groups)
    generator = np.random.default_rng(seed)
    group = generator.integers(0, groups, size)
    values = centers[group] + spread[group, None] * generator.normal(size=(size, columns))
    anywhere = generator.random(size) < 0.05
    values[anywhere] = generator.uniform(-8, 8, (int(anywhere.sum()), columns))
    return pd.DataFrame(values, columns=[f"x{number}" for number in range(columns)])


def vectors(table: pd.DataFrame) -> tuple[pd.DataFrame, VectorContract]:
    """Any table as customer vectors with their contract: numbers, and categories as text."""
    columns, frame = [], {}
    for name, values in table.items():
        number = pd.api.types.is_numeric_dtype(values)
        frame[str(name)] = values.to_numpy(dtype=np.float64, na_value=np.nan) if number else values.astype("str").array
        columns.append(Column(str(name), Kind.NUMBER if number else Kind.CATEGORY, nullable=bool(values.isna().any())))
    index = pd.Index([f"C{number}" for number in range(len(table))], name="customer_id", dtype="str")
    return pd.DataFrame(frame, index=index), VectorContract(tuple(columns))
