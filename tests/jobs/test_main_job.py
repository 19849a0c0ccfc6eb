"""The main job through the front door, and the same answer for the same customer on every path."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result
from sklearn.metrics import adjusted_rand_score

from cli import main
from experiments.load.service_process import free_port
from features.vector_file import read_vectors
from registry.connection import RegistryLocation, connected, load_mlflow
from registry.versions.versions import fetch, list_versions
from segment_model.rules import RuleSet
from serving.launcher import running_service
from serving.settings import ServiceSettings

CUSTOMERS = 600
ASKED = 500
ALGORITHMS = {
    "kmeans": {"algorithm": "kmeans", "segments": 8},
    "hdbscan": {"algorithm": "hdbscan", "min_cluster_sizes": [15]},
    "gaussian_mixture": {"algorithm": "gaussian_mixture", "segments": 8},
}


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


@dataclass(frozen=True)
class Company:
    """A simulated company with a champion, its vectors, and the location of its registry."""

    folder: Path
    config: Path
    vectors: Path
    location: RegistryLocation


@pytest.fixture(scope="module", params=sorted(ALGORITHMS))
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp(request.param)
    run("simulate", folder, "--customers", CUSTOMERS, "--seed", 5)
    config = folder / "segments.yaml"
    settings = yaml.safe_load(config.read_text())
    settings["discovery"] = {"algorithms": [ALGORITHMS[request.param]]}
    config.write_text(yaml.safe_dump(settings))
    discovered = run("discover", config, "--promote", "--report", folder / "report.html")
    assert "version 1 is now the champion" in discovered.output
    assert (folder / "report.html").read_text().startswith("<!")
    vectors = folder / "vectors.parquet"
    run("features", config, "--out", vectors)
    location = RegistryLocation(f"sqlite:///{folder / 'mlflow.db'}", settings["registry"]["model_name"])
    return Company(folder, config, vectors, location)


def asked(company: Company) -> pd.DataFrame:
    """500 random customers, shuffled."""
    return read_vectors(company.vectors).frame.sample(ASKED, random_state=11)


def body_of(frame: pd.DataFrame, **options: Any) -> bytes:
    rows = frame.astype(object).where(frame.notna(), None).to_dict(orient="index")
    customers = [{"id": customer, "features": features} for customer, features in rows.items()]
    return json.dumps({"customers": customers, **options}).encode()


def post(url: str, body: bytes) -> list[dict[str, Any]]:
    request = urllib.request.Request(f"{url}/assign", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answers: list[dict[str, Any]] = json.load(response)["assignments"]
    return answers


def assert_same(answer: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Identical segments, strengths equal to 1e-9."""
    for column in ("segment_id", "runner_up_id"):
        assert answer[column].fillna("-").tolist() == expected[column].fillna("-").tolist()
    for column in ("unassigned", "novel"):
        assert answer[column].tolist() == expected[column].tolist()
    np.testing.assert_allclose(answer["strength"], expected["strength"], atol=1e-9, rtol=0)


def test_the_planted_segments_are_recovered(company: Company) -> None:
    truth = pd.read_parquet(company.folder / "truth.parquet").set_index("customer_id")["planted_segment"]
    frame = read_vectors(company.vectors).frame
    model = fetch(company.location).model
    answer = model.assign(frame, policy="nearest")
    assert adjusted_rand_score(truth.loc[frame.index], answer["segment_id"]) >= 0.9


def test_every_path_gives_the_same_answer(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = asked(company)
    model = fetch(company.location).model
    expected = model.assign(frame)

    records = frame.to_dict(orient="records")
    one_by_one = pd.concat([model.frame_of(model.assign_records([dict(record)])) for record in records])
    assert_same(one_by_one, expected)
    batches = pd.concat([model.assign(frame.iloc[start : start + 37]) for start in range(0, ASKED, 37)])
    assert_same(batches, expected)
    assert_same(model.assign(frame.iloc[::-1]).iloc[::-1], expected)

    out = company.folder / "assigned.parquet"
    run("assign", company.vectors, "--out", out, "--explain", "--config", company.config)
    offline = pd.read_parquet(out).loc[frame.index]
    assert_same(offline, expected)
    contributions = offline[[name for name in offline.columns if name.startswith("contribution__")]]
    np.testing.assert_allclose(offline["base"] + contributions.sum(axis=1), offline["score"], atol=1e-9)

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    mlflow = load_mlflow()
    mlflow.set_tracking_uri(company.location.tracking_uri)
    scorer = mlflow.pyfunc.load_model(f"models:/{company.location.model_name}@champion")
    assert_same(scorer.predict(frame), expected)
    explained = scorer.predict(frame.iloc[:20], params={"explain": True})
    np.testing.assert_allclose(explained["score"], offline["score"].iloc[:20], atol=1e-9)
    assert_same(scorer.predict(frame.iloc[[0]]), expected.iloc[[0]])

    settings = ServiceSettings(tracking_uri=company.location.tracking_uri, model_name=company.location.model_name)
    with (
        (company.folder / "service.log").open("wb") as log,
        running_service(settings, port=free_port(), log=log) as url,
    ):
        whole = pd.DataFrame(post(url, body_of(frame)))
        assert whole["id"].tolist() == frame.index.tolist()
        assert_same(whole, expected)
        singles = pd.DataFrame([post(url, body_of(frame.iloc[[row]]))[0] for row in range(60)])
        assert_same(singles, expected.iloc[:60])
        for answer, (customer, row) in zip(
            post(url, body_of(frame.iloc[:5], explain=True)), offline.iterrows(), strict=False
        ):
            assert answer["id"] == customer
            for part in answer["explanation"]["contributions"]:
                assert part["contribution"] == pytest.approx(row[f"contribution__{part['feature']}"], abs=1e-9)
        strange = frame.iloc[[0]].rename(columns={frame.columns[0]: "recenzy"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(url, body_of(strange))
        assert refused.value.code // 100 == 4
        refused.value.close()


def test_a_customer_who_has_not_ordered_yet_is_left_out_and_named(company: Company, tmp_path: Path) -> None:
    early, out = tmp_path / "early.parquet", tmp_path / "early.csv"
    run("features", company.config, "--as-of", "2025-03-01", "--model", "champion", "--out", early)
    frame = read_vectors(early).frame
    model = fetch(company.location).model
    needed = [column.name for column in model.contract.basis if not column.nullable]
    strangers = frame.index[frame[needed].isna().any(axis=1)]
    assigned = run("assign", early, "--out", out, "--config", company.config)
    answered = pd.read_csv(out, index_col="customer_id")
    assert set(answered.index) == set(frame.index) - set(strangers)
    assert len(strangers) > 0
    assert strangers[0] in assigned.stderr
    assert "customers whose" in assigned.stderr


def test_a_name_survives_and_the_model_stays(company: Company) -> None:
    before = fetch(company.location).model
    run("rename", before.ids[0], "Unsere Besten ✓", "--notes", "call them first", "--config", company.config)
    after = fetch(company.location).model
    assert after.digest == before.digest
    assert after.cards[0].name == "Unsere Besten ✓"
    listed = run("list", "--config", company.config).output
    assert "Unsere Besten ✓" in listed
    assert "version 1 (champion)" in listed


def test_the_run_carries_rules_that_replay_to_their_figures(company: Company, tmp_path: Path) -> None:
    """As JSON and as SQL; the vectors are those that `segments features` writes."""
    fetched = fetch(company.location)
    with connected(company.location) as connection:
        stored = {
            name: Path(connection.client.download_artifacts(fetched.run_id, name, str(tmp_path))).read_text("utf-8")
            for name in ("rules.json", "rules.sql", "tables/rules.csv")
        }
    frame = read_vectors(company.vectors).frame
    segment = fetched.model.assign(frame)["segment_id"]
    rules = [RuleSet.from_json(rule_set) for rule_set in json.loads(stored["rules.json"])]
    assert [rule_set.segment_id for rule_set in rules] == list(fetched.model.ids)
    queries = [query for query in stored["rules.sql"].split(";\n") if "SELECT" in query]
    with duckdb.connect() as database:
        database.register("customer_vectors", frame.reset_index())
        for rule_set, query in zip(rules, queries, strict=True):
            members, matched = segment == rule_set.segment_id, rule_set.holds(frame)
            assert (rule_set.matched, rule_set.hits, rule_set.size) == (
                matched.sum(),
                (matched & members).sum(),
                members.sum(),
            )
            selected = {row[0] for row in database.sql(query).fetchall()}
            assert selected == set(frame.index[matched])
    table = pd.read_csv(io.StringIO(stored["tables/rules.csv"]))
    assert table["precision"].tolist() == pytest.approx([rule_set.precision for rule_set in rules], nan_ok=True)
    assert table["coverage"].tolist() == pytest.approx([rule_set.coverage for rule_set in rules], nan_ok=True)


def test_the_run_and_the_version_tell_the_verdict_with_its_evidence(company: Company, tmp_path: Path) -> None:
    fetched = fetch(company.location)
    verdict = fetched.model.provenance["verdict"]
    kind, evidence = verdict["verdict"], verdict["evidence"]
    assert kind == "distinct groups"
    with connected(company.location) as connection:
        logged = connection.client.get_run(fetched.run_id).data
        table, page = (
            Path(connection.client.download_artifacts(fetched.run_id, name, str(tmp_path))).read_text("utf-8")
            for name in ("tables/evidence.csv", "report.html")
        )
    assert logged.tags["verdict"] == kind
    note = logged.tags["mlflow.note.content"]
    assert all(reason in note for reason in verdict["reasons"])
    assert note.startswith("| segment | customers | share |")
    (version,) = list_versions(company.location)
    with connected(company.location) as connection:
        assert connection.client.get_model_version(company.location.model_name, version.version).description == note
    expected = {
        "recovered_least": min(evidence["recovered"]),
        "gap_share": 1.0,
        "customers": CUSTOMERS,
        "segments": len(fetched.model.ids),
        **{f"size/{card.id}": card.size for card in fetched.model.cards},
    }
    assert {name: logged.metrics[name] for name in expected} == pytest.approx(expected)
    others = {"silhouette", "stability", "unassigned_share", "mrr_total", "revenue_total"}
    rates = {f"churn_rate/{card.id}" for card in fetched.model.cards}  # missing where a segment has no churn rate
    assert others <= set(logged.metrics) - set(expected) <= others | rates
    pairs = pd.read_csv(io.StringIO(table))
    assert pairs["gap"].tolist() == [True] * len(evidence["pairs"])
    ids = [[fetched.model.ids[position] for position in pair["segments"]] for pair in evidence["pairs"]]
    assert pairs[["segment_a", "segment_b"]].to_numpy().tolist() == ids
    assert pairs["valley_depth"].tolist() == pytest.approx([pair["valley_depth"] for pair in evidence["pairs"]])
    assert f"{len(pairs)} of {len(pairs)} pairs of neighbours" in page
    assert version.verdict == kind
    assert f"segments, {kind}, " in run("list", "--config", company.config).output


def test_the_run_has_a_row_a_candidate_with_its_scores_and_what_was_said_of_it(
    tmp_path: Path, quick_discovery: Callable[[], AbstractContextManager[None]]
) -> None:
    """A whole choice: the chosen, and those passed over; one discovery is one run."""
    run("simulate", tmp_path, "--customers", CUSTOMERS, "--seed", 5)
    config = tmp_path / "segments.yaml"
    settings = yaml.safe_load(config.read_text())
    settings["discovery"] = {"algorithms": [{"algorithm": "kmeans", "segments": [8, 9]}]}
    config.write_text(yaml.safe_dump(settings))
    with quick_discovery():
        run("discover", config, "--promote")
    location = RegistryLocation(f"sqlite:///{tmp_path / 'mlflow.db'}", settings["registry"]["model_name"])
    fetched = fetch(location)
    with connected(location) as connection:
        (only,) = connection.client.search_runs([connection.experiment_id()])
        stored = connection.client.download_artifacts(only.info.run_id, "candidates.json", str(tmp_path))
    candidates = pd.read_json(stored, orient="split")
    assert only.info.run_id == fetched.run_id
    assert only.info.run_name == f"v1 · {len(fetched.model.ids)} segments · distinct groups · {settings['as_of']}"
    assert only.data.params["discovery.algorithms"] == '[{"algorithm": "kmeans", "segments": [8, 9]}]'
    assert not [name for name in only.data.params if name.startswith("registry")]
    kinds = ("KMeans", "KMeans allowing for correlation")
    assert set(candidates["candidate"]) == {f"{kind}, {k} segments" for kind in kinds for k in (8, 9)}
    chosen = candidates[candidates["chosen"]]
    assert chosen["segments"].tolist() == [len(fetched.model.ids)]
    (parameters,) = chosen["parameters"].tolist()
    assert sorted(parameters.split(", ")) == sorted(
        f"{name}={value}" for name, value in fetched.model.provenance["parameters"].items()
    )
    for row in candidates.to_dict(orient="records"):
        assert str(int(row["segments"])) in row["candidate"]
        assert 0 <= row["gap_share"] <= 1
        assert 0 < row["smallest_share"] <= row["largest_share"] < 1
        if pd.notna(row["silhouette"]):
            assert f"silhouette {row['silhouette']:.3f}" in row["remark"]
        else:
            assert row["remark"] == "refused: too few gaps between its segments"
            assert row["gap_share"] < 0.75


def test_explain_one_customer_in_words(company: Company) -> None:
    frame = asked(company)
    model = fetch(company.location).model
    customer = frame.index[0]
    words = run("explain", customer, "--vectors", company.vectors, "--config", company.config).output
    from_raw = run("explain", customer, "--config", company.config).output
    assert words == from_raw
    card = model.cards[model.position(model.assign(frame.iloc[[0]], policy="nearest")["segment_id"].iloc[0])]
    assert f"{customer}: " in words
    assert card.name in words
    other = next(segment for segment in model.ids if segment != card.id)
    assert other in run(
        "explain", customer, "--against", other, "--vectors", company.vectors, "--config", company.config
    ).output  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explain", "nobody", "--vectors", "{vectors}"], "there is no customer 'nobody' among the 600"),
        (["promote", "99"], "99"),
        (["assign", "{config}", "--out", "x.parquet"], "is not a vector file; write one with"),
        (["assign", "{vectors}", "--out", "x.xlsx"], "must end in .parquet or .csv"),
        (["list", "--model", "challenger"], "challenger"),
        (["rename", "seg-nobody", "X"], "seg-nobody"),
        (["package", "--model", "9"], "9"),
    ],
)
def test_what_users_get_wrong_is_answered_in_one_line(company: Company, arguments: list[str], message: str) -> None:
    filled = [a.format(vectors=company.vectors, config=company.config) for a in arguments]
    result = run(*filled, "--config", company.config, code=2)
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output


def test_a_persons_name_and_notes_survive_a_retrain(
    company: Company, tmp_path: Path, quick_discovery: Callable[[], AbstractContextManager[None]]
) -> None:
    """Renamed, retrained with another seed, fetched: nothing of it by hand. The lineage is a file of the run."""
    champion = fetch(company.location).model
    named = champion.ids[1]
    run("rename", named, "Treue Kunden", "--notes", "never call on Mondays", "--config", company.config)
    settings = yaml.safe_load(company.config.read_text())
    settings["discovery"]["seed"] = 12
    retrained = company.folder / "retrained.yaml"
    retrained.write_text(yaml.safe_dump(settings))
    with quick_discovery():
        output = run("discover", retrained).output
    assert "of the champion's segments: " in output
    retrain = fetch(company.location, "2")
    assert named in retrain.model.ids
    card = retrain.model.cards[retrain.model.position(named)]
    assert (card.name, card.notes) == ("Treue Kunden", "never call on Mondays")
    with connected(company.location) as connection:
        lineage = json.loads(
            Path(connection.client.download_artifacts(retrain.run_id, "lineage.json", str(tmp_path))).read_text("utf-8")
        )
    assert lineage == retrain.model.provenance["lineage"]
    assert lineage["incumbent"] == champion.digest
    assert {segment["id"] for segment in lineage["segments"]} == set(retrain.model.ids)
