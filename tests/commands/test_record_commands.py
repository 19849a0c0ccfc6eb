"""report, figures and history show the champion's record under today's names, without discovering."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
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
def folder(
    tmp_path_factory: pytest.TempPathFactory, quick_discovery: Callable[[], AbstractContextManager[None]]
) -> Path:
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
    with quick_discovery():
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
    assert "Named conditions" not in page
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


@pytest.fixture(scope="module")
def with_conditions(folder: Path) -> Path:
    """The same company and model, asked nine conditions: c1 and others buy each month for 900 and more."""
    conditions = {"big": "monetary_value >= 900", "lately": "recency_days < 30 or recency_days is null"}
    conditions |= {"best_20_percent": "ready", **{f"more_{n}": f"frequency >= {n}" for n in range(1, 7)}}
    settings = folder / "asked.yaml"
    settings.write_text(SETTINGS + "conditions:\n" + "".join(f'  {n}: "{text}"\n' for n, text in conditions.items()))
    return settings


@pytest.fixture(scope="module")
def asked_figures(with_conditions: Path) -> pd.DataFrame:
    done = CliRunner().invoke(main, ["figures", "--by", "big", "--format", "csv", "--config", str(with_conditions)])
    assert done.exit_code == 0, done.output
    return pd.read_csv(io.StringIO(done.stdout))


def test_figures_by_a_condition_are_of_those_who_met_it_at_the_end_of_each_month(asked_figures: pd.DataFrame) -> None:
    assert set(asked_figures.grouping) == {"everyone", "big"}
    revenue = asked_figures[(asked_figures.figure == "revenue") & (asked_figures.grouping == "big")]
    months = revenue.pivot_table(index="period", columns="group", values="value")
    odd, even = sum(900 + customer for customer in range(1, 60, 2)), sum(10 + customer for customer in range(0, 60, 2))
    assert months.loc["2026-03", "meets"] == odd
    assert months.loc["2026-06", ["meets", "rest"]].tolist() == [odd, even]


def test_history_prints_the_conditions(with_conditions: Path) -> None:
    done = CliRunner().invoke(main, ["history", "--conditions", "--format", "csv", "--config", str(with_conditions)])
    sizes = pd.read_csv(io.StringIO(done.stdout))
    big = sizes[sizes.condition == "big"].set_index("month").customers
    assert big[big > 0].to_dict() == {f"2026-{month:02d}": 30 for month in range(1, 7)}
    lately = sizes[sizes.condition == "lately"].set_index("month").customers
    assert lately["2026-06"] == 53, "an order on the first of June is 30 days old"


def test_the_page_shows_eight_conditions_and_names_the_others(with_conditions: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    done = CliRunner().invoke(main, ["report", "--out", str(out), "--config", str(with_conditions)])
    assert done.exit_code == 0, done.output
    page = out.read_text()
    assert "Named conditions" in page
    assert "monetary_value &gt;= 900" in page
    assert "In the file of figures only: more_6." in page
    assert "the best 20 % by money spent of those who spent any" in page
    assert "The condition best_20_percent is monetary_value &gt;= 1870.0" in page, "the best 12 of 60"
    figures = pd.read_csv(tmp_path / "page-figures.csv")
    assert {"big", "more_6"} <= set(figures.grouping)


def test_select_counts_by_segment_and_writes_the_customers(with_conditions: Path, tmp_path: Path) -> None:
    out = tmp_path / "idle.csv"
    done = CliRunner().invoke(main, ["select", "frequency >= 2", "--out", str(out), "--config", str(with_conditions)])
    assert done.exit_code == 0, done.output
    assert "27 customers meet frequency >= 2 as of 2026-07-01 (60 customers in all, 45.0 %; version 1)" in done.stdout
    customers = pd.read_csv(out, index_col="customer_id")
    assert sorted(customers.index) == sorted(f"c{number}" for number in range(1, 60, 2) if number % 9)
    assert customers.loc["c1", ["frequency", "monetary_value"]].tolist() == [2, 1802.0], "of the window of 60 days"
    by_segment = customers.segment_name.value_counts()
    line = next(line for line in done.stdout.splitlines() if line.startswith("Stammkunden <b>"))
    assert line.split()[2] == str(by_segment["Stammkunden <b>"])
    assert f"{customers.monetary_value.sum():,.2f}" in done.stdout


def test_select_takes_names_and_another_moment(with_conditions: Path) -> None:
    march = ["select", "big", "--as-of", "2026-04-01", "--config", str(with_conditions)]
    words = "30 customers meet monetary_value >= 900 as of 2026-04-01 (30 customers in all, 100.0 %"
    assert words in CliRunner().invoke(main, march).stdout
    wrong = CliRunner().invoke(main, ["select", "frequncy >= 2", "--config", str(with_conditions)])
    assert wrong.exit_code == 2
    assert "no column 'frequncy' in the vector. Did you mean 'frequency'?" in wrong.stderr


def test_conditions_lists_what_can_be_asked_and_what_is_off(with_conditions: Path) -> None:
    done = CliRunner().invoke(main, ["conditions", "--config", str(with_conditions)])
    assert done.exit_code == 0, done.output
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert "in the settings" in lines["big"]
    assert lines["inactive"].split()[1:5] == ["0", "recency_days", ">=", "180"]
    assert "off: power: needs the columns active_days_30" in done.stdout
    assert "off: device_...: needs the columns main_device" in done.stdout


def test_odds_of_goals_by_segment(folder: Path) -> None:
    """At 2026-06-01 the 30 customers with odd numbers are known, and all of them order in June; half of it is large."""
    goals = "goals:\n  large: {table: orders, condition: amount >= 930, within_days: 30, target: 0.6, by: 2026-07-31}\n"
    (folder / "goals.yaml").write_text(SETTINGS + goals)

    def odds(*arguments: str) -> Result:
        done = CliRunner().invoke(main, ["odds", *arguments, "--config", str(folder / "goals.yaml")])
        assert done.exit_code == 0, done.output
        return done

    rows = pd.read_csv(io.StringIO(odds("--format", "csv").stdout))
    latest = rows[rows.latest & (rows.grouping == "everyone")].iloc[0]
    assert (latest.period, latest.n, latest.reached, latest.light) == ("2026-05", 30, 15, "on the way")
    assert "Stammkunden <b>" in set(rows.name)
    document = json.loads(odds("--format", "json", "--goal", "large").stdout)
    assert document["goals"][0]["start"] == "2026-06-01"
    assert document["advice"] == []
    assert "an order where amount >= 930 within 30 days" in odds().stdout
    refused = CliRunner().invoke(main, ["odds", "--goal", "larg", "--config", str(folder / "goals.yaml")])
    assert "no goal 'larg'. Did you mean 'large'?" in refused.stderr
