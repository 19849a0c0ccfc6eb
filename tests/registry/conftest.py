"""A tiny company with planted groups, its models by both algorithms, and a registry in a folder of the test."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from registry.connection import RegistryLocation, connected
from registry.records import CandidateRecord, DiscoveryRecord
from registry.runs import log_discovery
from registry.versions import promote, register
from segments.contract import Column, Kind, Role, VectorContract
from segments.explanation import CentroidExplainer, CoreExplainer
from segments.model import SegmentModel
from segments.novelty import NoveltyRule
from segments.profiles import SegmentCard
from training.encoding import fit_encoding
from training.recipes import HdbscanRecipe, KMeansRecipe
from training.settings import EncodingSettings

CONTRACT = VectorContract(
    (
        Column("recency_days", Kind.NUMBER, unit="days"),
        Column("orders", Kind.COUNT, unit="orders"),
        Column("discount_share", Kind.SHARE, nullable=True),
        Column("uses_app", Kind.FLAG),
        Column("plan", Kind.CATEGORY, nullable=True),
        Column("region", Kind.CATEGORY, Role.DESCRIPTOR, nullable=True),
        Column("employees", Kind.COUNT, Role.DESCRIPTOR, nullable=True),
    )
)


def make_vectors(size: int = 180, seed: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    group = np.arange(size) % 3
    share = np.clip(np.array([0.1, 0.5, 0.9])[group] + random.normal(0, 0.03, size), 0, 1)
    frame = pd.DataFrame(
        {
            "recency_days": np.array([3.0, 40.0, 200.0])[group] + random.normal(0, 1.5, size).clip(-2.9, 2.9),
            "orders": np.array([60.0, 20.0, 1.0])[group] + random.integers(0, 4, size),
            "discount_share": np.where(random.random(size) < 0.05, np.nan, share),
            "uses_app": np.array([1.0, 1.0, 0.0])[group],
            "plan": pd.array(np.array(["team", "größer", None], dtype=object)[group], dtype="str"),
            "region": pd.array(random.choice(np.array(["EU", "US", None], dtype=object), size), dtype="str"),
            "employees": np.where(random.random(size) < 0.3, np.nan, random.integers(1, 500, size)),
        },
        index=pd.Index([f"kündin-{row}" for row in range(size)], name="customer_id"),
    )
    return frame[list(CONTRACT.names)]


def make_model(vectors: pd.DataFrame, algorithm: str) -> SegmentModel:
    fitted = fit_encoding(vectors, CONTRACT, EncodingSettings())
    shell = SegmentModel.__new__(SegmentModel)  # only its reader is needed to encode
    object.__setattr__(shell, "contract", CONTRACT)
    object.__setattr__(shell, "encoder", fitted.encoder)
    raw = shell._reader.frame(vectors)
    points = fitted.encoder.encode(raw)
    recipe = KMeansRecipe(3, 5) if algorithm == "kmeans" else HdbscanRecipe(15, 5)
    fit = recipe.fit(np.ascontiguousarray(points.T), seed=3)
    assert fit is not None
    assigner = fit.assigner
    explainer = (
        CentroidExplainer(fitted.encoder, assigner, points.mean(axis=1))
        if algorithm == "kmeans"
        else CoreExplainer(fitted.encoder, assigner, np.ascontiguousarray(points[:, ::20].T), np.full(9, 1 / 9))
    )
    nearest = assigner.nearest(points).segment
    cards = []
    for position in range(assigner.size):
        members = vectors[nearest == position]
        medians: dict[str, float | str | None] = {}
        for column in CONTRACT.columns:
            values = members[column.name].dropna()
            if values.empty:
                medians[column.name] = None
            else:
                medians[column.name] = str(values.mode()[0]) if column.is_category else float(values.median())
        cards.append(
            SegmentCard(
                f"seg-{position}x", f"group {position}", "A group.", len(members), len(members) / len(vectors), medians
            )
        )
    return SegmentModel(
        CONTRACT,
        fitted.encoder,
        assigner,
        explainer,
        NoveltyRule.learn(raw.numbers),
        tuple(cards),
        {"algorithm": algorithm},
    )


def make_record(model: SegmentModel | None, vectors: pd.DataFrame, folder: Path) -> DiscoveryRecord:
    drawn = folder / "map.png"
    drawn.write_bytes(b"\x89PNG drawn")
    return DiscoveryRecord(
        name="planted company",
        settings={"as_of": "2026-01-31", "discovery": {"kmeans": {"k": [2, 3]}, "seed": 3}},
        vectors=vectors,
        data_digest="sha256:" + "ab" * 32,
        data_source="orders.parquet",
        model=model,
        metrics={"silhouette": 0.75, "stability": 0.9, "null_gap": float("nan"), "ari": None},
        tags={"verdict": "clear"},
        versions={"numpy": np.__version__},
        candidates=(
            CandidateRecord("kmeans, 2 segments", {"segments": 2}, {"silhouette": 0.5}, {"algorithm": "kmeans"}),
            CandidateRecord("kmeans, 3 segments", {"segments": 3}, {"silhouette": 0.75}, {"algorithm": "kmeans"}),
        ),
        tables={"segments": pd.DataFrame({"name": ["<b>loyal</b>", "new"], "median spend": [1234.5, 0.123456]})},
        figures={"map": drawn, "silhouette": b"\x89PNG bytes"},
        texts={"report.html": "<h1>Grüße</h1>", "run.md": "# Run"},
        note="# Three segments",
    )


@pytest.fixture(scope="session")
def vectors() -> pd.DataFrame:
    return make_vectors()


@pytest.fixture(scope="session", params=["kmeans", "hdbscan"])
def model(request: pytest.FixtureRequest, vectors: pd.DataFrame) -> SegmentModel:
    return make_model(vectors, request.param)


@pytest.fixture(scope="session")
def other_model(vectors: pd.DataFrame) -> SegmentModel:
    return make_model(vectors.iloc[:120], "kmeans")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry's tables take seconds to make; each test starts from a copy."""
    location = RegistryLocation.in_folder(tmp_path_factory.mktemp("empty"))
    with connected(location, create=True) as connection:
        connection.client.search_registered_models()
    assert location.database is not None
    return location.database


@pytest.fixture
def location(tmp_path: Path, empty_database: Path) -> RegistryLocation:
    place = RegistryLocation.in_folder(tmp_path / "registry")
    (tmp_path / "registry").mkdir()
    shutil.copyfile(empty_database, tmp_path / "registry" / "mlflow.db")
    return place


@pytest.fixture(scope="session")
def champion(
    tmp_path_factory: pytest.TempPathFactory, empty_database: Path, model: SegmentModel, vectors: pd.DataFrame
) -> tuple[RegistryLocation, str]:
    """A registry whose version 1 is the champion, and the run that logged it; to be read only."""
    folder = tmp_path_factory.mktemp("champion")
    shutil.copyfile(empty_database, folder / "mlflow.db")
    location = RegistryLocation.in_folder(folder)
    run_id = log_discovery(location, make_record(model, vectors, folder))
    promote(location, register(location, run_id))
    return location, run_id
