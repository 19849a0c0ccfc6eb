"""rank, split and effects on a shop whose customers, arms and orders are planted, beside figures by pandas.

120 customers in 2026: odd ones order 900 and more each month from January to May, even ones 10 and more once, in
January. On 10 June all are exposed; four of five rare ones who got a mail order for 5,000 in the days after, so that
they look like frequent ones today. Half of the frequent ones order in June, whatever they got.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from cli import main
from jobs.discover import run_discovery
from jobs.registry_location import location_of
from registry.versions.promotions import promote
from training.settings import read_settings

SETTINGS = """
as_of: 2026-07-01
sources:
  orders: {file: orders.csv}
  experiments: {file: exposures.csv, shares: {lost: {control: 0.5, mail: 0.5}}}
features:
  rfm: {scores: false}
goals:
  june_order: {table: orders, within_days: 15}
  large_order: {table: orders, condition: amount > 900000, within_days: 15}
conditions: {lapsed: "recency_days > 100"}
discovery:
  algorithms: [{algorithm: kmeans, segments: 2, starts: 1}]
  force: true
"""
CUSTOMERS = range(120)


def arm_of(customer: int) -> str:
    return "mail" if customer // 2 % 2 else "control"


def orders_frame() -> pd.DataFrame:
    rows = []
    for customer in CUSTOMERS:
        if customer % 2:
            rows += [(f"c{customer}", f"2026-0{month}-05", 900 + customer) for month in range(1, 6)]
            if customer // 4 % 2:
                rows.append((f"c{customer}", "2026-06-15", 900 + customer))
        else:
            rows.append((f"c{customer}", "2026-01-05", 10 + customer))
            if arm_of(customer) == "mail" and customer // 4 % 5:
                rows.append((f"c{customer}", "2026-06-12", 5_000))
    return pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])


def exposures_frame() -> pd.DataFrame:
    rows = [(f"c{customer}", "june", arm_of(customer), "2026-06-10 09:00:00") for customer in CUSTOMERS]
    rows += [("c0", "june", "control", "2026-06-12 09:00:00"), ("c1", "june", "mail", "2026-06-11 09:00:00")]
    rows += [(f"c{customer}", "lost", "control" if customer < 100 else "mail", "2026-06-29") for customer in CUSTOMERS]
    rows += [("c5", "alone", "mail", "2026-06-10"), ("c6", None, "mail", "2026-06-10")]
    return pd.DataFrame(rows, columns=["customer_id", "experiment", "arm", "exposed_at"])


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, quick_discovery: Callable[[], AbstractContextManager[None]]
) -> Path:
    folder = tmp_path_factory.mktemp("project")
    orders_frame().to_csv(folder / "orders.csv", index=False)
    exposures_frame().to_csv(folder / "exposures.csv", index=False)
    (folder / "segments.yaml").write_text(SETTINGS)
    settings, _ = read_settings(folder / "segments.yaml")
    with quick_discovery():
        outcome = run_discovery(settings, folder, lambda _: None, lambda *_: None)
    promote(location_of(settings, folder), outcome.version, "champion")
    return folder


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--config", str(folder / "segments.yaml")])


def ranked(folder: Path, out: Path, *arguments: str) -> pd.DataFrame:
    done = run(folder, "rank", *arguments, "--out", str(out))
    assert done.exit_code == 0, done.output
    return pd.read_csv(out) if out.suffix == ".csv" else pd.read_parquet(out)


def by_month(month: str) -> pd.Series:
    orders = orders_frame()
    ids = [f"c{customer}" for customer in CUSTOMERS]
    return (
        orders[orders.ordered_at.str.startswith(month)].groupby("customer_id").amount.sum().reindex(ids, fill_value=0)
    )


def test_accounts_are_ranked_by_revenue_with_the_change_since_the_month_before(folder: Path, tmp_path: Path) -> None:
    accounts = ranked(folder, tmp_path / "accounts.csv", "--by", "revenue")
    june, may = by_month("2026-06"), by_month("2026-05")
    expected = pd.DataFrame({"june": june, "change": june - may}).reset_index()
    expected = expected.sort_values(["june", "customer_id"], ascending=[False, True])
    assert accounts["rank"].tolist() == list(range(1, 121))
    assert accounts.customer_id.tolist() == expected.customer_id.tolist()
    assert accounts.value.tolist() == expected.june.tolist()
    assert accounts.change.tolist() == expected.change.tolist()
    assert accounts.strength.between(0, 1).all()
    assert accounts.representative.sum() == 6  # three of each segment
    first = accounts.iloc[0]
    explained = run(folder, "explain", first.customer_id)
    assert first.reasons in explained.stdout
    assert first.segment_name in explained.stdout
    assert first.segment_id in explained.stdout


def test_parquet_holds_the_same_as_csv(folder: Path, tmp_path: Path) -> None:
    first, second = (
        ranked(folder, tmp_path / f"accounts{end}", "--by", "growth", "--top", "7") for end in (".csv", ".parquet")
    )
    pd.testing.assert_frame_equal(first, second, check_dtype=False)
    change = by_month("2026-06") - by_month("2026-05")
    assert first.change.tolist() == sorted(change, reverse=True)[:7]


def test_a_feature_of_one_segment_is_compared_with_that_of_a_month_before(folder: Path, tmp_path: Path) -> None:
    everyone = ranked(folder, tmp_path / "all.csv", "--by", "frequency").set_index("customer_id")
    orders = orders_frame()
    now = orders.groupby("customer_id").size()
    before = orders[orders.ordered_at < "2026-06-01"].groupby("customer_id").size()
    assert everyone.value.to_dict() == now.to_dict()
    assert everyone.value_month_before.to_dict() == before.to_dict()
    segment = everyone.segment_id.loc["c1"]
    own = ranked(folder, tmp_path / "own.csv", "--by", "frequency", "--segment", segment)
    assert set(own.segment_id) == {segment}
    assert len(own) == (everyone.segment_id == segment).sum()
    assert own["rank"].tolist() == list(range(1, len(own) + 1))


def test_only_who_meets_a_condition_is_listed(folder: Path, tmp_path: Path) -> None:
    """Rare ones who did not order in June had their last order on 5 January, 177 days before."""
    lapsed = ranked(folder, tmp_path / "lapsed.csv", "--by", "revenue", "--condition", "lapsed")
    last = orders_frame().groupby("customer_id").ordered_at.max()
    assert set(lapsed.customer_id) == set(last[last == "2026-01-05"].index)
    assert lapsed["rank"].tolist() == list(range(1, len(lapsed) + 1))
    text = ranked(folder, tmp_path / "text.csv", "--by", "revenue", "--condition", "recency_days > 100")
    pd.testing.assert_frame_equal(lapsed, text)
    wrong = run(folder, "rank", "--by", "revenue", "--condition", "lapst")
    assert "no condition 'lapst'. Did you mean 'lapsed'?" in wrong.stderr
    nobody = ranked(folder, tmp_path / "no.parquet", "--by", "frequency", "--condition", "frequency > 1000")
    assert nobody.empty
    assert "reasons" in nobody


def test_the_first_accounts_are_printed(folder: Path) -> None:
    done = run(folder, "rank", "--by", "revenue", "--top", "3")
    assert done.exit_code == 0, done.output
    assert "the first 3 of 120 accounts by revenue" in done.stdout
    assert "+5,000" in done.stdout
    assert "rather than" in done.stdout


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("revenu", "there is no measure or column 'revenu' to rank by. Did you mean 'revenue'?"),
        ("mrr", "mrr needs the table subscriptions"),
    ],
)
def test_what_cannot_be_ranked_by_is_one_line(folder: Path, by: str, words: str) -> None:
    done = run(folder, "rank", "--by", by)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "no segment 'nobody'" in run(folder, "rank", "--by", "revenue", "--segment", "nobody").stderr


def test_a_segment_is_split_by_the_documented_hash(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "arms.csv"
    done = run(folder, "split", "everyone", "--experiment", "july", "--arms", "mail=0.5,control=0.5", "--out", str(out))
    assert done.exit_code == 0, done.output
    arms = pd.read_csv(out)
    assert len(arms) == 120
    for row in arms.itertuples():
        digest = hashlib.blake2b(f"july\x1f{row.customer_id}".encode(), digest_size=8).hexdigest()
        assert row.arm == ("control" if int(digest, 16) < 2**63 else "mail")
    segment = arms.segment_id.iloc[0]
    done = run(folder, "split", segment, "--experiment", "july", "--arms", "mail=0.5,control=0.5", "--out", str(out))
    own = pd.read_csv(out).set_index("customer_id").arm
    assert own.to_dict() == arms[arms.segment_id == segment].set_index("customer_id").arm.to_dict()
    assert f"{len(own)} customers of" in done.stdout
    wrong = run(
        folder, "split", segment, "--experiment", "e", "--arms", "a=0.5,b=0.4", "--out", str(tmp_path / "no.csv")
    )
    assert wrong.exit_code == 2
    assert "add up to 0.9" in wrong.stderr
    assert not (tmp_path / "no.csv").exists()


@pytest.fixture(scope="module")
def effects(folder: Path) -> dict[str, object]:
    done = run(folder, "effects", "--format", "json")
    assert done.exit_code == 0, done.output
    assert "SAMPLE RATIO MISMATCH in lost: control 100 customers where 60 were expected" in done.stderr
    document: dict[str, object] = json.loads(done.stdout)
    return document


def test_effects_are_by_the_segment_as_of_exposure(effects: dict[str, object]) -> None:
    """By today's segments the rare ones who ordered after their mail would stand among the frequent ones."""
    rows = pd.DataFrame(effects["effects"])
    june = rows[(rows.experiment == "june") & (rows.goal == "june_order")]
    assert june.group.iloc[0] == "everyone"
    by_size = {(row.n, row.n_control): row for row in june.iloc[1:].itertuples()}
    assert set(by_size) == {(30, 30), (30, 29)}  # c1 got both arms
    rare, often = by_size[30, 30], by_size[30, 29]
    mailed = [customer // 4 % 5 > 0 for customer in CUSTOMERS if customer % 2 == 0 and arm_of(customer) == "mail"]
    assert rare.outcome == pytest.approx(sum(mailed) / 30)
    assert rare.outcome_control == 0
    assert rare.mark == "above"
    assert often.mark == ""
    half = [
        customer // 4 % 2 for customer in CUSTOMERS if customer % 2 and customer != 1 and arm_of(customer) == "control"
    ]
    assert often.outcome_control == pytest.approx(sum(half) / 29)
    test = pd.DataFrame(effects["interactions"]).set_index(["experiment", "goal"]).loc[("june", "june_order")]
    assert test.best == rare.group
    assert test.p < 1e-6


def test_money_of_the_window_is_compared_by_means(effects: dict[str, object]) -> None:
    rows = pd.DataFrame(effects["effects"])
    money = rows[
        (rows.experiment == "june") & (rows.goal == "revenue in 15 days") & (rows.n == 30) & (rows.n_control == 30)
    ]
    mailed = [
        customer for customer in CUSTOMERS if customer % 2 == 0 and arm_of(customer) == "mail" and customer // 4 % 5
    ]
    assert money.outcome.iloc[0] == pytest.approx(5_000 * len(mailed) / 30)
    assert money.measure.iloc[0] == "mean"
    assert money.mark.iloc[0] == "above"


def test_who_is_not_counted_is_said(effects: dict[str, object]) -> None:
    notes = "\n".join(effects["notes"])  # type: ignore[arg-type]
    for words in (
        "1 row has no experiment or no arm, and is left out",
        "1 exposed customer came several times: the first exposure counts",
        "1 customer was exposed to several arms of one experiment, and counts in none",
        "that of the midnight before its exposure",
        "the model was fitted on data until 2026-07-01, after the exposures of 2026-06-10",
        "lost, june_order: 120 exposed customers not counted, since the 15 days after it are not over by 2026-07-01",
        "alone has no arm 'control', but mail, and so no effects",
        "large order: nobody reaches it after an exposure, in any arm; see whether orders write the values of its "
        "condition so: amount > 900000",
    ):
        assert words in notes
    (summary,) = (each for each in effects["experiments"] if each["name"] == "june")  # type: ignore[attr-defined]
    assert (summary["exposed_again"], summary["in_two_arms"]) == (1, 1)
    assert summary["ratio"]["customers"] == {"control": 59 + 0, "mail": 60}


def test_effects_for_people_and_of_one_experiment(folder: Path) -> None:
    done = run(folder, "effects", "--experiment", "june", "--goal", "june_order")
    assert done.exit_code == 0, done.output
    assert "pp" in done.stdout
    assert "the effect differs between segments" in done.stdout
    assert "revenue" not in done.stdout
    assert "MISMATCH" not in done.stderr
    rows = pd.read_csv(io.StringIO(run(folder, "effects", "--experiment", "june", "--format", "csv").stdout))
    assert set(rows.experiment) == {"june"}
    assert "everyone" in set(rows.name)


def test_an_experiment_a_goal_or_a_table_that_is_not_there_is_one_line(folder: Path, tmp_path: Path) -> None:
    assert (
        "there is no experiment 'juni'. Did you mean 'june'?" in run(folder, "effects", "--experiment", "juni").stderr
    )
    assert (
        "there is no goal 'june_ordr'. Did you mean 'june_order'?"
        in run(folder, "effects", "--goal", "june_ordr").stderr
    )
    without = "\n".join(line for line in SETTINGS.splitlines() if "experiments:" not in line)
    (folder / "without.yaml").write_text(without)
    done = CliRunner().invoke(main, ["effects", "--config", str(folder / "without.yaml")])
    assert done.exit_code == 2
    assert "there is no table of experiments" in done.stderr


def test_a_table_without_exposures_and_one_in_which_everyone_got_two_arms(folder: Path) -> None:
    (folder / "nobody.csv").write_text("customer_id,experiment,arm,exposed_at\n")
    rows = [f"c{customer},both,{arm},2026-06-10" for customer in range(5) for arm in ("control", "mail")]
    (folder / "both.csv").write_text("\n".join(["customer_id,experiment,arm,exposed_at", *rows]))
    late = ["c1,late,mail,2035-01-01", "c2,late,control,", ",late,mail,2026-06-10"]
    (folder / "late.csv").write_text("\n".join(["customer_id,experiment,arm,exposed_at", *late]))
    for name, words in (
        ("nobody", "nobody was exposed"),
        ("both", "5 customers were exposed to several arms"),
        ("late", "of 3 rows of experiments are left out: 1 without customer, 1 without time, 1 not before as of"),
    ):
        (folder / f"{name}.yaml").write_text(SETTINGS.replace("exposures.csv", f"{name}.csv"))
        done = CliRunner().invoke(main, ["effects", "--format", "json", "--config", str(folder / f"{name}.yaml")])
        assert done.exit_code == 0, done.output
        document = json.loads(done.stdout)
        assert document["effects"] == []
        assert any(words in note for note in document["notes"])


def test_exposures_before_the_data_begin_are_counted_apart(folder: Path, tmp_path: Path) -> None:
    """The first order of all is of 5 January. Who was exposed on 4 January has a window of which a day was not seen."""
    days = ("2026-01-04", "2026-01-05")
    rows = [f"c{customer},new,{arm_of(customer)},{days[customer % 3 == 0]}" for customer in CUSTOMERS]
    (folder / "early.csv").write_text("\n".join(["customer_id,experiment,arm,exposed_at", *rows]))
    (folder / "early.yaml").write_text(SETTINGS.replace("exposures.csv", "early.csv"))
    done = CliRunner().invoke(main, ["effects", "--format", "json", "--config", str(folder / "early.yaml")])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    everyone = pd.DataFrame(document["effects"]).query("group == 'everyone'").set_index("goal")
    seen = [arm_of(customer) for customer in CUSTOMERS if customer % 3 == 0]
    for goal in ("june_order", "revenue in 15 days"):
        assert (everyone.n[goal], everyone.n_control[goal]) == (seen.count("mail"), seen.count("control"))
    sentence = "new: 80 exposed customers not counted by what orders tell, since orders begin on 2026-01-05, after the"
    assert [sentence in note for note in document["notes"]].count(True) == 1
    assert not any("not over" in note for note in document["notes"])
    out = tmp_path / "early.html"
    page = CliRunner().invoke(
        main, ["report", "--months", "2", "--out", str(out), "--config", str(folder / "early.yaml")]
    )
    assert page.exit_code == 0, page.output
    assert sentence.removeprefix("new") in out.read_text()  # a note on the page begins with a capital letter


def test_the_report_shows_the_experiments(folder: Path, tmp_path: Path) -> None:
    done = run(folder, "report", "--months", "2", "--out", str(tmp_path / "page.html"))
    assert done.exit_code == 0, done.output
    page = (tmp_path / "page.html").read_text()
    assert "june: mail against control, june order" in page
    assert "SAMPLE RATIO MISMATCH in lost" in page
    assert "The effect differs between segments" in page
