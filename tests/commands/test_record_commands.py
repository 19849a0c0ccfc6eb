"""report, figures and history show the champion's record under today's names, without discovering."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from cli import main
from jobs.discover import run_discovery
from jobs.registry_location import location_of
from registry.versions.promotions import promote
from registry.versions.segment_names import rename_segment
from training.settings import read_settings

SETTINGS = """
as_of: 2026-07-01
sources:
  orders: {file: orders.csv}
features:
  rfm: {scores: false, window_days: 60}
discovery:
  algorithms: [{algorithm: kmeans, segments: 2, starts: 1}]
  force: true
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 customers from January to June 2026: half order 900 and more each month, half 10 and more once, in June."""
    folder = tmp_path_factory.mktemp("project")
    orders = [
        f"c{customer},2026-{month:02d}-{1 + customer % 9:02d},{(900 if customer % 2 else 10) + customer}"
        for customer in range(60)
        for month in (range(1, 7) if customer % 2 else (6,))
    ]
    (folder / "orders.csv").write_text("\n".join(["customer_id,ordered_at,amount", *orders]))
    (folder / "segments.yaml").write_text(SETTINGS)
    settings, _ = read_settings(folder / "segments.yaml")
    outcome = run_discovery(settings, folder, lambda _: None, lambda *_: None)
    location = location_of(settings, folder)
    promote(location, outcome.version, "champion")
    model = outcome.discovery.model
    often = model.assign(outcome.vectors.frame.loc[["c1"]]).segment_id.iloc[0]
    rename_segment(location, often, "Stammkunden <b>", by="maria", at=datetime(2026, 7, 1, 12, tzinfo=UTC))
    return folder


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--config", str(folder / "segments.yaml")])


def printed_csv(folder: Path, *arguments: str) -> pd.DataFrame:
    done = run(folder, *arguments, "--format", "csv")
    assert done.exit_code == 0, done.output
    return pd.read_csv(io.StringIO(done.stdout))


def test_figures_as_csv_are_those_of_the_orders(folder: Path) -> None:
    figures = printed_csv(folder, "figures", "--figure", "revenue")
    odd, even = sum(900 + customer for customer in range(1, 60, 2)), sum(10 + customer for customer in range(0, 60, 2))
    months = figures[figures.period.str.len() == len("2026-01")]
    everyone = months[months.name == "everyone"].set_index("period").value.to_dict()
    assert everyone == {**{f"2026-{month:02d}": odd for month in range(1, 6)}, "2026-06": odd + even}
    by_segment = months[months.grouping == "segment"]
    assert "Stammkunden <b>" in set(by_segment.name)
    assert by_segment.groupby("period").value.sum().to_dict() == everyone


def test_history_as_csv_counts_customers_by_month(folder: Path) -> None:
    sizes = printed_csv(folder, "history")
    assert "Stammkunden <b>" in set(sizes.name)
    customers = sizes.groupby("month").customers.sum()
    assert customers[customers > 0].to_dict() == {**{f"2026-{month:02d}": 30 for month in range(1, 6)}, "2026-06": 60}


def test_tables_for_people_and_json_for_programs(folder: Path) -> None:
    table = run(folder, "figures")
    assert table.exit_code == 0, table.output
    assert "Stammkunden <b>" in table.stdout
    assert "95 % interval" in table.stdout
    document = json.loads(run(folder, "history", "--format", "json", "--months", "3").stdout)
    assert document["months"] == ["2026-04", "2026-05", "2026-06"]
    assert {row["name"] for row in document["sizes"]} > {"Stammkunden <b>"}
    figures = json.loads(run(folder, "figures", "--format", "json", "--figure", "revenue").stdout)
    assert [definition["name"] for definition in figures["definitions"]] == ["revenue"]
    assert "joined" in run(folder, "history").stdout


def test_the_list_says_who_named_a_segment_and_when(folder: Path) -> None:
    done = run(folder, "list")
    assert done.exit_code == 0, done.output
    assert "Stammkunden <b> (named by maria, 2026-07-01)" in done.stdout


def test_distributions_are_printed_on_request(folder: Path) -> None:
    """The odd customers have 6 orders each, but 60 days hold those of May and June only."""
    rows = printed_csv(folder, "figures", "--distributions", "--figure", "frequency")
    often = rows[rows.name == "Stammkunden <b>"].set_index("statistic").value.to_dict()
    assert often == {"lower": 2.0, "median": 2.0, "upper": 2.0}
    assert set(rows[rows.name == "everyone"].n) == {60}
    table = run(folder, "figures", "--distributions")
    assert "Stammkunden <b>" in table.stdout
    assert "2 (2 to 2)" in table.stdout
    assert "share of a level" in table.stdout
    document = json.loads(run(folder, "figures", "--distributions", "--format", "json").stdout)
    assert {row["statistic"] for row in document["distributions"]} >= {"lower", "median", "upper"}
    done = run(folder, "figures", "--distributions", "--figure", "frequncy")
    assert done.exit_code == 2
    assert "no distribution of 'frequncy'. Did you mean 'frequency'" in done.stderr


def test_a_figure_or_a_grouping_that_is_not_there_is_one_line(folder: Path) -> None:
    for arguments, words in (
        (("figures", "--figure", "revenu"), "the record has no figure 'revenu'. Did you mean 'revenue'"),
        (("figures", "--by", "planet"), "the record has no grouping 'planet'"),
        (("figures", "--model", "7"), "7"),
    ):
        done = run(folder, *arguments)
        assert done.exit_code == 2
        assert words in done.stderr
        assert done.stderr.count("segments: ") == 1


def test_a_report_is_made_anew_with_the_names_of_today(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    before = sorted(path.name for path in folder.iterdir())
    done = run(folder, "report", "--months", "4", "--out", str(out))
    assert done.exit_code == 0, done.output
    page = out.read_text()
    assert "Stammkunden &lt;b&gt;" in page
    assert "Stammkunden <b>" not in page
    assert "page-figures.csv" in page
    figures = pd.read_csv(tmp_path / "page-figures.csv")
    assert {period for period in figures.period.dropna() if len(period) == len("2026-01")} == {
        f"2026-{month:02d}" for month in range(3, 7)
    }
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_report_without_what_the_discovery_stored_says_what_to_do(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.report.fetch_files", lambda *_: {})
    done = run(folder, "report", "--out", str(tmp_path / "page.html"))
    assert done.exit_code == 2
    assert "holds no evidence.json" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_table_that_cannot_be_read_leaves_no_half_report(folder: Path, tmp_path: Path) -> None:
    settings = tmp_path / "segments.yaml"
    settings.write_text(SETTINGS + f"registry: {{tracking_uri: 'sqlite:///{folder}/mlflow.db'}}\n")
    done = CliRunner().invoke(main, ["report", "--config", str(settings), "--out", str(tmp_path / "page.html")])
    assert done.exit_code == 2
    assert "there is no orders.csv" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"segments.yaml"}
