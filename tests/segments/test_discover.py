"""`segments.discover`: any frame or file gives the same segments, and what it returns can be shown, logged and used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import yaml
from sklearn.metrics import adjusted_rand_score

import segments
from cli import main
from segments import SegmentDiscovery, SegmentsError

ONE = {"algorithms": [{"algorithm": "kmeans", "segments": 4}]}
BASIS = ["recency_days", "frequency", "monetary_value", "top_feature_share", "plan"]


@pytest.fixture(scope="module")
def frame(planted: Any) -> pd.DataFrame:
    """The planted customers, in an order of their own, with whole numbers as ids."""
    numbered = planted.frame.set_axis(pd.Index(range(1000, 1000 + len(planted.frame)), name="customer"))
    return numbered.drop(columns="days_between_orders").sample(frac=1, random_state=3)


@pytest.fixture(scope="module")
def discovered(frame: pd.DataFrame) -> SegmentDiscovery:
    return segments.discover(frame, BASIS, seed=1, discovery=ONE, title="Planted")


def test_the_planted_groups_are_labelled_under_the_users_ids_in_their_order(
    discovered: SegmentDiscovery, frame: pd.DataFrame, planted: Any
) -> None:
    labels = discovered.labels
    assert labels.index.equals(frame.index)
    truth = pd.Series(planted.truth, index=range(1000, 1000 + len(planted.frame)))
    assert adjusted_rand_score(truth[labels.index], labels) > 0.9
    assert [*labels] == [*discovered.model.assign(discovered.vectors.loc[[str(i) for i in frame.index]])["segment_id"]]


def test_columns_outside_the_basis_describe(discovered: SegmentDiscovery) -> None:
    roles = {column.name: str(column.role) for column in discovered.model.contract.columns}
    assert roles == {name: "basis" if name in BASIS else "descriptor" for name in roles}
    assert {"employees", "country"} <= roles.keys()


def forms(frame: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """The same customers in every form that is taken."""
    column = frame.rename_axis("customer_id").reset_index()
    column.to_parquet(folder / "customers.parquet")
    column.to_csv(folder / "customers.csv", index=False)
    arrow = pa.Table.from_pandas(column, preserve_index=False)
    frames = pl.from_arrow(arrow)
    assert isinstance(frames, pl.DataFrame)

    class Stream:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return arrow.__arrow_c_stream__(requested_schema)

    return {
        "a column of ids": column,
        "polars": frames,
        "a LazyFrame": frames.lazy(),
        "Arrow": arrow,
        "a stream": Stream(),
        "Parquet": folder / "customers.parquet",
        "CSV": str(folder / "customers.csv"),
    }


@pytest.mark.parametrize("form", ["a column of ids", "polars", "a LazyFrame", "Arrow", "a stream", "Parquet", "CSV"])
def test_every_form_gives_the_same_segments(
    form: str, discovered: SegmentDiscovery, frame: pd.DataFrame, tmp_path: Path
) -> None:
    again = segments.discover(forms(frame, tmp_path)[form], BASIS, seed=1, discovery=ONE)
    assert again.model.learned_digest == discovered.model.learned_digest
    ours = again.labels.set_axis([int(name) for name in again.labels.index]).reindex(discovered.labels.index)
    assert adjusted_rand_score(ours, discovered.labels) == 1


def test_numbers_that_do_not_count_are_said(frame: pd.DataFrame) -> None:
    """Two customers have an infinite number, which counts as missing; the notes say of how many."""
    infinite = frame[BASIS].copy()
    infinite.iloc[[3, 8], infinite.columns.get_loc("recency_days")] = [np.inf, -np.inf]
    infinite = infinite.astype({"recency_days": float})
    notes = segments.discover(infinite, ["frequency", "plan"], seed=1, discovery=ONE).notes
    assert "vectors: of 400 rows, 2 with infinity as missing" in notes
    assert not [note for note in segments.discover(frame[BASIS], seed=1, discovery=ONE).notes if "missing" in note]


def test_kinds_are_inferred_and_said(discovered: SegmentDiscovery) -> None:
    assert any("kinds inferred" in note and "'plan'" in note for note in discovered.notes)
    assert "kinds inferred" in repr(discovered)


def test_it_shows_itself_as_text_and_as_html_without_script(frame: pd.DataFrame) -> None:
    named = frame.assign(plan=frame["plan"].replace({"basic": "<script>alert(1)</script>"}))
    html = segments.discover(named, BASIS, seed=1, discovery=ONE)._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "400 customers" in html
    assert "<svg" in html
    assert html.count("mathjax_ignore") == 2, "a dollar in a name begins no formula, in the table and in the legend"


def test_the_text_names_each_segment_with_its_size(discovered: SegmentDiscovery) -> None:
    text = repr(discovered)
    for card in discovered.model.cards:
        assert card.id in text
        assert f"{card.size:,}" in text
    assert discovered.verdict in text


def test_figures_are_sizes_shares_and_quartiles(discovered: SegmentDiscovery, frame: pd.DataFrame) -> None:
    figures = discovered.figures().set_index(["figure", "group"])
    for segment, members in frame.groupby(discovered.labels.reindex(frame.index)):
        assert figures.loc[("customers", segment), "value"] == len(members)
        assert figures.loc[("employees: median", segment), "value"] == pytest.approx(members["employees"].median())
        japan = (members["country"] == "JP").sum() / members["country"].notna().sum()
        assert figures.loc[("country = JP", segment), "value"] == pytest.approx(japan)
        assert figures.loc[("country = JP", segment), "low"] < japan < figures.loc[("country = JP", segment), "high"]


def test_candidates_and_segments_are_frames(discovered: SegmentDiscovery) -> None:
    assert discovered.candidates["chosen"].sum() == 1
    assert discovered.segments["size"].sum() == 400


def test_pictures_are_axes(discovered: SegmentDiscovery) -> None:
    assert [label.get_text() for label in discovered.plot_profiles().get_yticklabels()][:2] == [
        "recency days",
        "frequency",
    ]


def test_the_report_is_one_page(discovered: SegmentDiscovery, tmp_path: Path) -> None:
    page = discovered.report(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<title>Planted" in page
    assert all(card.id in page or card.name in page for card in discovered.model.cards)


@pytest.mark.parametrize("nothing", ["", " ", 5])
def test_an_address_a_name_or_a_path_that_is_none_is_refused(discovered: SegmentDiscovery, nothing: Any) -> None:
    for option in ("tracking_uri", "model_name", "experiment"):
        with pytest.raises(SegmentsError, match=f"{option} is text, or left out to take that of the settings; got"):
            discovered.log(**{option: nothing})
    with pytest.raises(SegmentsError, match=r"the page is written to a file such as 'report\.html'; got"):
        discovered.report("" if isinstance(nothing, str) else nothing)


@pytest.mark.parametrize("name", ["my/shop", "shop:eu", "shop's"])
def test_a_name_that_no_registered_model_has_is_refused_before_the_report(
    discovered: SegmentDiscovery, tmp_path: Path, name: str
) -> None:
    with pytest.raises(SegmentsError, match=f"log: 'model_name' must be a name without any of .*{name}"):
        discovered.log(f"sqlite:///{tmp_path / 'mlflow.db'}", name)
    assert not [*tmp_path.iterdir()]


def test_logged_and_promoted_it_loads_by_every_address(discovered: SegmentDiscovery, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    logged = discovered.log(address, "shop").promote()
    for name in ("models:/shop@champion", f"models:/shop/{logged.version}", f"runs:/{logged.run_id}/model"):
        assert segments.load(name, tracking_uri=address).digest == discovered.model.digest
    discovered.model.save(tmp_path / "model")
    assert segments.load(tmp_path / "model").digest == discovered.model.digest
    with pytest.raises(SegmentsError, match=r"no version or alias 'challenger'\. Versions: 1; aliases: champion"):
        segments.load("models:/shop@challenger", tracking_uri=address)
    with pytest.raises(SegmentsError, match="no address of a model"):
        segments.load("models:/shop", tracking_uri=address)


def test_a_settings_file_gives_what_the_command_gives(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.rename_axis("customer_id").reset_index().to_parquet(tmp_path / "customers.parquet")
    config = tmp_path / "segments.yaml"
    config.write_text(
        yaml.safe_dump({"sources": {"vectors": {"file": "customers.parquet"}}, "discovery": {**ONE, "seed": 1}})
    )
    from_python = segments.discover_from(config)
    main(["discover", str(config), "--promote"], standalone_mode=False)
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    by_command = segments.load("models:/customer-segments@champion", tracking_uri=address)
    assert from_python.model.digest == by_command.digest
    assert segments.features(config).equals(from_python.vectors)
    again = segments.discover_from(config)  # continues the champion
    assert again.model.ids == by_command.ids


def wrong_calls() -> dict[str, tuple[Any, dict[str, Any], str]]:
    """What is called wrongly: customers, options, and what the error says."""
    rng = np.random.default_rng(0)
    good = pd.DataFrame({"spend": rng.normal(size=60), "visits": rng.poisson(3, 60)})
    ids = good.assign(customer_id=range(60))
    twice = pd.concat([good[["spend"]], good[["spend"]]], axis=1)
    levels = good.set_axis(pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]), axis=1)
    return {
        "no frame": ([1, 2, 3], {}, r"expected a frame .* got list"),
        "nothing": (None, {}, r"expected a frame .* got NoneType"),
        "an array": (good.to_numpy(), {}, r"expected a frame .* got ndarray"),
        "empty": (good.head(0), {}, "the table has no rows"),
        "one row": (good.head(1), {}, "the same for everyone"),
        "a basis that is text": (good, {"basis": "spend"}, r"write basis=\['spend'\]"),
        "an empty basis": (good, {"basis": []}, "basis names no column"),
        "an unknown basis": (good, {"basis": ["spent"]}, "no column 'spent'. Did you mean 'spend'"),
        "a number as basis": (good, {"basis": [1]}, "no column 1"),
        "an unknown kind": (good, {"kinds": {"spend": "money"}}, "kinds"),
        "a kind of no column": (good, {"kinds": {"spent": "number"}}, "no column 'spent'"),
        "an unknown setting": (good, {"discovery": {"min_shar": 0.1}}, "min_share"),
        "one segment": (good, {"segments": 1}, "from 2 on; got 1"),
        "segments the wrong way round": (good, {"segments": (8, 4)}, r"got \(8, 4\)"),
        "half a segment": (good, {"segments": 2.5}, r"got 2\.5"),
        "a seed below zero": (good, {"seed": -1}, "seed"),
        "no such ids": (good, {"customer_id": "CustomerID"}, "no column 'CustomerID' for the ids"),
        "duplicate ids": (
            ids.assign(customer_id=1),
            {},
            "a customer must have one row; 1 id stands in several, such as 1",
        ),
        "missing ids": (ids.assign(customer_id=[None, *range(59)]), {}, "1 customer has no id"),
        "ids with decimals": (ids.assign(customer_id=ids["customer_id"] + 0.5), {}, "text or a whole number; got 0.5"),
        "ids that are dates": (
            ids.assign(customer_id=pd.date_range("2026-01-01", periods=60)),
            {},
            "an id must be text",
        ),
        "an index of several levels": (ids.set_index(["customer_id", "visits"]), {}, "the index has several levels"),
        "columns of several levels": (levels, {}, "the columns have several levels"),
        "names that are no text": (good.set_axis([1, 2], axis=1), {}, "a column's name must be text; got 1"),
        "duplicate columns": (twice, {}, "columns appear more than once: spend"),
        "an object column": (good.assign(mixed=[1, "a"] * 30), {}, "column 'mixed' holds int and str"),
        "a complex column": (good.assign(wave=1j), {}, "column 'wave' holds complex"),
        "nested values": (good.assign(nested=[[1, 2]] * 60), {"basis": ["nested"]}, "cannot be a feature: 'nested'"),
        "all null": (good.assign(empty=np.nan), {"basis": ["empty"]}, "cannot be a feature: 'empty'"),
        "too few": (good.head(5), {}, "5 customers are too few"),
        "all the same": (good.assign(spend=1.0)[["spend"]], {}, "nothing to segment by|spend"),
        "infinities": (good.assign(spend=np.inf)[["spend"]], {}, "spend"),
        "no such file": ("nowhere.csv", {}, "nowhere.csv"),
        "no path": ("", {}, "the path of the customers is empty"),
        "a file of another kind": (__file__, {}, r"must end in \.csv"),
        "segments as text": (good, {"segments": "4-8"}, "got '4-8'"),
        "three numbers of segments": (good, {"segments": [2, 3, 4]}, r"got \[2, 3, 4\]"),
        "no segments": (good, {"segments": 0}, "from 2 on; got 0"),
        "more segments than customers": (good, {"segments": 500}, "fewer than 500 different customers"),
        "no seed": (good, {"seed": None}, "seed.*found null"),
        "two seeds": (good, {"seed": 3, "discovery": {"seed": 4}}, "the seed is named twice, 3 and 4: leave it out"),
        "half a seed": (good, {"seed": 1.5}, r"seed.*found 1\.5"),
        "a generator as seed": (good, {"seed": rng}, "seed.*Generator"),
        "a seed that no generator takes": (good, {"seed": 2**40}, "seed.*found 1099511627776"),
        "the ids as basis": (ids, {"basis": ["customer_id"]}, "no column 'customer_id'"),
        "bytes as basis": (good, {"basis": b"spend"}, "no column 115"),
        "settings in a list": (good, {"discovery": [1]}, "discovery is a dict of settings .* got list"),
        "kinds in a list": (good, {"kinds": ["number"]}, "kinds is a dict by column; got list"),
        "sensitive as text": (good, {"sensitive": "spend"}, r"write sensitive=\['spend'\]"),
        "sensitive as nothing": (good, {"sensitive": None}, "got NoneType. Leave it out to name none"),
        "a basis column twice": (good, {"basis": ["spend", "spend"]}, "basis names 'spend' twice"),
        "an address as champion": (good, {"champion": "models:/shop@champion"}, "champion is a model.* got str"),
        "a number as the name of ids": (
            good,
            {"customer_id": 3},
            "name of a column, as text; got 3",
        ),
        "ids that are lists": (pa.table({"customer_id": [[1]] * 60, "spend": good["spend"]}), {}, r"got \[1\]"),
        "infinite ids": (ids.assign(customer_id=np.r_[np.inf, np.arange(59)]), {}, "got Infinity"),
        "a column without a name": (good.set_axis(["spend", " "], axis=1), {}, "column 2 has no name"),
        "names that are moments": (good.set_axis(pd.date_range("2026", periods=2), axis=1), {}, "must be text"),
        "whole numbers beyond 64 bits": (
            good.assign(large=10**30),
            {},
            "column 'large' holds object that",
        ),
        "a column of 128 bits": (pl.DataFrame({"wide": pl.Series([1, 2], dtype=pl.Int128)}), {}, "column 'wide' holds"),
        "categories of several types": (good.assign(c=pd.Categorical([1, "a"] * 30)), {}, "'c' holds int and str"),
        "a single column": (good["spend"], {}, r"got a single column \(Series\)"),
        "a column of polars": (pl.Series([1, 2]), {}, r"got a single column \(Series\)"),
        "a query that fails": (pl.LazyFrame({"a": [1]}).select("b"), {}, "the LazyFrame cannot be collected: .*b"),
        "the class of frames": (pd.DataFrame, {}, "expected a frame .* got type"),
        "a generator": ((row for row in [1]), {}, "expected a frame .* got generator"),
        "a dict": ({"spend": [1]}, {}, "expected a frame .* got dict"),
        "a matrix of NumPy": (np.zeros((2, 2, 2)), {}, "expected a frame .* got ndarray"),
        "no column but the ids": (ids[["customer_id"]], {}, "there is none but the ids"),
    }


@pytest.mark.parametrize("call", wrong_calls())
def test_a_wrong_call_says_what_is_wrong(call: str) -> None:
    customers, options, words = wrong_calls()[call]
    with pytest.raises(SegmentsError, match=words):
        segments.discover(customers, **{"discovery": ONE, **options})


def test_the_frame_that_was_discovered_in_is_assigned_under_its_own_names(frame: pd.DataFrame) -> None:
    foreign = frame.rename(columns={"frequency": "Käufe im Jahr"}).assign(since=pd.Timestamp("2026-01-01"), vip=True)
    basis = ["recency_days", "Käufe im Jahr", "monetary_value"]
    discovered = segments.discover(foreign, basis, seed=1, discovery=ONE)
    answers = discovered.assign(foreign.head(60))
    assert answers.index.equals(foreign.index[:60])
    assert answers["segment_id"].to_list() == discovered.labels.head(60).to_list()


def test_codes_as_categories_and_durations_are_read_again_as_they_were() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], 50)
    customers = pd.DataFrame(
        {
            "spend": rng.normal(np.array([20, 60, 120])[group], 3),
            "store": group * 10.0,
            "visits": pd.arrays.SparseArray(rng.poisson(np.array([0, 9, 30])[group])),
            "stay": pd.to_timedelta(rng.normal(np.array([1, 30, 90])[group], 1), unit="h"),
        }
    )
    discovered = segments.discover(customers, kinds={"store": "category"}, seed=1, discovery=ONE)
    assert "durations are taken as days: 'stay'" in discovered.notes
    assert discovered.vectors["stay"].to_numpy() * 24 == pytest.approx(
        customers["stay"].loc[discovered.vectors.index.astype(int)].dt.total_seconds() / 3600
    )
    for again in (customers, customers.drop(columns="visits").assign(visits=customers["visits"].astype("Int64"))):
        assert [*discovered.assign(again)["segment_id"]] == [*discovered.labels]


def test_files_of_the_home_folder_are_read_and_written_there(
    frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    frame.to_csv(tmp_path / "c [1].csv", index_label="customer_id")
    discovered = segments.discover("~/c [1].csv", seed=1, discovery=ONE)
    assert len(discovered.labels) == len(frame)
    assert discovered.report("~/page.html") == tmp_path / "page.html"
    (tmp_path / "in").mkdir()
    settings = "sources: {vectors: {file: '~/c *.csv'}}\nregistry: {tracking_uri: 'sqlite:///~/mlflow.db'}\n"
    (tmp_path / "in" / "s.yaml").write_text(settings)
    assert len(segments.features("~/in/s.yaml")) == len(frame)


def test_a_report_that_cannot_be_written_is_one_line(discovered: SegmentDiscovery, tmp_path: Path) -> None:
    with pytest.raises(SegmentsError, match=r"r\.html cannot be written: No such file or directory"):
        discovered.report(tmp_path / "absent" / "r.html")
