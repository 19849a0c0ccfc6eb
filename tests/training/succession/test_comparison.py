"""Who moved and whom the new model reassigned: counted by hand, drawn, and logged on the new version's run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from matplotlib.patches import Polygon, Rectangle

from cli import main
from features.learned import LearnedFeatures
from features.vector_file import write_vectors
from features.vector_table import CustomerVectors, digest
from registry.connection import RegistryLocation, connected
from registry.runs.discovery_runs import log_discovery
from registry.runs.records import DiscoveryRecord
from registry.versions.promotions import promote
from registry.versions.registration import register
from registry.versions.versions import fetch_champion, list_versions
from reporting.pictures.drawing import png
from reporting.pictures.flow_picture import flow_picture
from segment_model.errors import ContractError
from segments import Column, Kind, SegmentLabel, SegmentModel, VectorContract
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings
from training.succession.comparison import compare
from training.succession.succession import succeed

CONTRACT = VectorContract((Column("spend", Kind.NUMBER, unit="USD"),))


def frame_of(values: Any) -> pd.DataFrame:
    index = pd.Index([f"c{number}" for number in range(len(values))], dtype="str", name="customer_id")
    return pd.DataFrame({"spend": np.asarray(values, dtype=float)}, index=index)


def model_of(values: Any, segments: int) -> SegmentModel:
    chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=segments),))
    return discover(frame_of(values), CONTRACT, chosen, {"values": len(values)}).model


@pytest.fixture(scope="module")
def versions() -> tuple[SegmentModel, SegmentModel]:
    """Borders at 5 in the first, at 5 and about 50 in the second, which continues the first."""
    low, middle, high = [0.0, 1.0, 2.0] * 20, [8.0, 9.0, 10.0] * 20, [90.0, 91.0, 92.0] * 4
    old = model_of([*low, *middle], 2)
    new, _ = succeed(model_of([*low, *middle, *high], 3), old, frame_of([*low, *middle, *high]))
    return old, new


def test_moved_and_reassigned_are_told_apart(versions: tuple[SegmentModel, SegmentModel]) -> None:
    old, new = versions
    before = frame_of([1, 1, 9, 9, 9, 1])
    now = frame_of([1, 9, 9, 1, 91, 91])  # stays, moves up, stays, moves down, reassigned, moves and is reassigned
    comparison = compare(old, new, now, before)
    assert comparison.moved is not None
    assert comparison.moved.tolist() == [False, True, False, True, False, True]
    assert comparison.reassigned.tolist() == [False, False, False, False, True, True]
    assert "moved: 3 (50.0 %), because they changed (the old model says so)" in comparison.sentences
    assert "stayed: 2 (33.3 %)" in comparison.sentences
    flow = comparison.flow()
    assert flow["customers"].sum() == 6
    assert flow["moved"].sum() == 3
    assert flow["reassigned"].sum() == 2
    shares = flow.groupby("from_id")["share_of_from"].sum()
    assert shares.to_numpy() == pytest.approx(np.ones(2))
    assert comparison.metrics == {"reassigned_share": pytest.approx(2 / 6), "moved_share": pytest.approx(0.5)}


def test_without_earlier_vectors_only_the_model_counts(versions: tuple[SegmentModel, SegmentModel]) -> None:
    comparison = compare(*versions, frame_of([1, 9, 91, 92]))
    assert comparison.moved is None
    assert comparison.reassigned.tolist() == [False, False, True, True]
    assert "moved" not in comparison.flow().columns
    assert comparison.sentences == ["reassigned: 2 (50.0 %), because the model changed"]


def test_who_is_not_compared_is_counted(versions: tuple[SegmentModel, SegmentModel]) -> None:
    now, before = frame_of([1, 9, np.nan, 1]), frame_of([1, 9, 9])
    comparison = compare(*versions, now, before)
    assert (comparison.customers, comparison.arrived, comparison.left, comparison.unread) == (2, 1, 0, 1)
    assert "not compared: 1 customer in the later vectors only" in comparison.sentences
    with pytest.raises(ContractError, match="the vectors hold no customer, so there is nothing to compare"):
        compare(*versions, now.iloc[:0])
    with pytest.raises(ContractError, match="none of 4 customers is in the earlier vectors too"):
        compare(*versions, now, before.iloc[:0])
    with pytest.raises(ContractError, match="none of 1 customer has every value that both models need"):
        compare(*versions, now.iloc[2:3])
    with pytest.raises(ContractError, match="the vectors lack spend"):
        compare(*versions, now.rename(columns={"spend": "money"}))


def test_models_of_different_lines_share_no_id(versions: tuple[SegmentModel, SegmentModel]) -> None:
    stranger = model_of(np.arange(60.0), 2)
    comparison = compare(versions[0], stranger, frame_of([1, 9]))
    assert comparison.reassigned.all()
    assert any("share no segment id" in sentence for sentence in comparison.sentences)


def test_the_unassigned_flow_too(planted: Any, hdbscan_model: SegmentModel, kmeans_model: SegmentModel) -> None:
    comparison = compare(hdbscan_model, kmeans_model, planted.frame)
    outside = int(hdbscan_model.assign(planted.frame)["unassigned"].sum())
    flow = comparison.flow()
    assert flow.loc[flow["from_id"].isna(), "customers"].sum() == outside > 0
    assert flow.loc[flow["from_id"].isna(), "from"].unique().tolist() == ["unassigned"]
    assert compare(hdbscan_model, hdbscan_model, planted.frame).reassigned.sum() == 0


def test_the_picture_shows_every_customer_once_a_stage(versions: tuple[SegmentModel, SegmentModel]) -> None:
    old, new = versions
    generator = np.random.default_rng(1)
    before, now = frame_of(generator.uniform(0, 12, 300)), frame_of(generator.uniform(0, 100, 300))
    picture = flow_picture(compare(old, new, now, before))
    (axes,) = picture.axes
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    ribbons = [patch for patch in axes.patches if isinstance(patch, Polygon)]
    assert sum(bar.get_height() for bar in bars) == pytest.approx(3)  # three bars of all customers
    heights = [outline[-2, 1] - outline[0, 1] for outline in (ribbon.get_xy() for ribbon in ribbons)]
    assert sum(heights) == pytest.approx(2)  # and twice all customers on the way
    assert png(picture) == png(flow_picture(compare(old, new, now, before)))


def test_a_picture_of_any_names(versions: tuple[SegmentModel, SegmentModel]) -> None:
    old, new = versions
    named = new.with_overlay(
        {segment_id: SegmentLabel(f"$x_{{ <b>Größe</b> 顧客 {segment_id}" * 4) for segment_id in new.ids}
    )
    assert png(flow_picture(compare(old, named, frame_of([1, 9, 91])))).startswith(b"\x89PNG")


# -- through the front door -------------------------------------------------------------------------------------------


def vectors_of(frame: pd.DataFrame, as_of: str) -> CustomerVectors:
    moment = pd.Timestamp(as_of).date()
    return CustomerVectors(frame, CONTRACT, LearnedFeatures(), moment, digest(frame), {"orders": {"rows": len(frame)}})


def logged(location: RegistryLocation, model: SegmentModel) -> str:
    frame = frame_of([3.0, 4.0])
    record = DiscoveryRecord("shop", {}, frame, digest(frame), "orders", model=model)
    return register(location, log_discovery(location, record))


def run(*arguments: object, code: int = 0) -> Result:
    outcome = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert outcome.exit_code == code, outcome.output
    return outcome


def test_compare_prints_and_logs_the_flow(versions: tuple[SegmentModel, SegmentModel], tmp_path: Path) -> None:
    old, new = versions
    location = RegistryLocation(f"sqlite:///{tmp_path / 'mlflow.db'}", "shop", "shop")
    assert fetch_champion(location) is None
    assert logged(location, old) == "1"
    assert fetch_champion(location) is None  # nothing is promoted yet
    promote(location, "1")
    champion = fetch_champion(location)
    assert champion is not None
    assert champion.model.digest == old.digest
    assert logged(location, new) == "2"
    second, first = list_versions(location)
    lineage = new.provenance["lineage"]["summary"]
    with connected(location) as connection:
        tags = [connection.client.get_model_version("shop", each.version).tags for each in (first, second)]
    assert not {"succeeds", "lineage"} & tags[0].keys()
    assert (tags[1]["succeeds"], tags[1]["lineage"]) == (old.digest, lineage)

    config = tmp_path / "shop.yaml"
    config.write_text("as_of: 2026-02-01\nsources: {orders: {file: orders.parquet}}\nregistry: {model_name: shop}\n")
    later, earlier = tmp_path / "later.parquet", tmp_path / "earlier.parquet"
    write_vectors(vectors_of(frame_of([1, 9, 9, 1, 91, 91]), "2026-02-01"), later)
    write_vectors(vectors_of(frame_of([1, 1, 9, 9, 9, 1]), "2026-01-01"), earlier)
    picture = tmp_path / "flow.png"
    options = ("--vectors", later, "--vectors-before", earlier, "--out", picture, "--config", config)
    output = run("compare", "champion", "2", *options).output
    assert "moved: 3 (50.0 %)" in output
    assert "reassigned: 2 (33.3 %)" in output
    assert f"version 2 continues version 1: {lineage}" in output
    assert picture.read_bytes().startswith(b"\x89PNG")
    with connected(location) as connection:
        client = connection.client
        files = {file.path for folder in ("figures", "tables") for file in client.list_artifacts(second.run_id, folder)}
        metrics = client.get_run(second.run_id).data.metrics
        table = pd.read_csv(client.download_artifacts(second.run_id, "tables/flow_from_version_1.csv", str(tmp_path)))
    assert {"figures/flow_from_version_1.png", "tables/flow_from_version_1.html"} <= files
    assert metrics["reassigned_share_from_version_1"] == pytest.approx(1 / 3)
    assert table["customers"].sum() == 6

    assert "no version or alias '7'" in run("compare", "1", "7", "--vectors", later, "--config", config, code=2).output
    absent = tmp_path / "absent.parquet"
    assert "there is no file" in run("compare", "1", "2", "--vectors", absent, "--config", config, code=2).output
