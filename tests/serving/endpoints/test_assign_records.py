"""`POST /assign_records` gives customers, from their raw rows, the same answers as the batch path."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from experiments.load.callers import as_json
from experiments.load.raw_requests import under_our_names
from experiments.load.service_process import free_port
from experiments.simulated_company.company import SimulatedCompany, simulate, write_company
from features.feature_spec import FeatureSpec
from features.request.duckdb_engine import RecordEngine
from features.tables.raw_tables import RawType
from features.vector_table import CustomerVectors
from jobs.customer_vectors import vectors_of
from jobs.named_discovery import with_conditions
from jobs.run_content.provenance import provenance
from segment_model.model import SegmentModel
from serving.assignment.raw_rows import ATTRIBUTES, TABLES, read_moment
from serving.contracts.requests import MOST_ROWS, RecordsRequest
from serving.contracts.responses import RecordsResponse
from serving.endpoints.customers.assign_records import read_raw_customers
from serving.gateway.gateway import Gateway
from serving.gateway.request_log import FIELDS
from serving.launcher import running_service
from serving.metrics.metrics import Metrics
from serving.metrics.shadow_metrics import ShadowMetrics
from serving.model.live_model import LiveModel
from serving.model.served_model import ServedModel
from serving.model.shadow import Shadow
from serving.settings import ServiceSettings
from serving.wire.refusals import Refusal
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings, Settings, parse_settings

AS_OF = date(2026, 7, 1)
CONDITIONS = {"near": "limit_use >= 0.8 and mrr > 0", "frequent": "frequency > 12", "known": "industry is not null"}
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def company() -> SimulatedCompany:
    return simulate(150, 5, AS_OF)


@pytest.fixture(scope="module")
def chosen(company: SimulatedCompany, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, CustomerVectors]:
    folder = tmp_path_factory.mktemp("company")
    write_company(company, folder)
    parsed = parse_settings(yaml.safe_load((folder / "segments.yaml").read_text()))
    return parsed, vectors_of(parsed, folder)


@pytest.fixture(scope="module")
def discovered(chosen: tuple[Settings, CustomerVectors], tmp_path_factory: pytest.TempPathFactory) -> SegmentModel:
    """A model of the company's four tables, with conditions, as it comes back from disk."""
    parsed, vectors = chosen
    tried = DiscoverySettings(algorithms=(KMeansSettings(segments=4),), force=True)
    discovery = discover(vectors.frame, vectors.contract, tried, provenance(parsed, vectors))
    path = tmp_path_factory.mktemp("model") / "company"
    with_conditions(discovery.model, CONDITIONS).save(path)
    return SegmentModel.load(path)


@pytest.fixture(scope="module")
def raw(company: SimulatedCompany, chosen: tuple[Settings, CustomerVectors]) -> Callable[[str], dict[str, Any]]:
    """A customer's rows as JSON would have them, under our column names."""
    sources, kept = chosen[0].sources, chosen[1].columns
    frames = {"orders": company.orders, "events": company.events, "subscriptions": company.subscriptions}

    def rows(table: str, frame: pd.DataFrame, customer: str) -> list[dict[str, Any]]:
        columns = [name for name in kept[table] if name != "customer_id"]
        own = under_our_names(table, frame[frame.account_id == customer], sources, columns)
        return [{name: as_json(value) for name, value in row.items()} for row in own.to_dict("records")]

    def customer(name: str) -> dict[str, Any]:
        (attributes,) = rows("customers", company.customers, name)
        return {"id": name, **{t: rows(t, frame, name) for t, frame in frames.items()}, "attributes": attributes}

    return customer


@pytest.fixture(scope="module")
def caller(discovered: SegmentModel, make_caller: Any) -> Any:
    return make_caller(discovered)


@pytest.fixture(scope="module")
def ask(caller: Any) -> Callable[..., Any]:
    def records(customers: list[Any], as_of: Any = "2026-07-01", **more: Any) -> Any:
        body = {"as_of": as_of, "customers": customers, **more}
        return caller("POST", "/assign_records", json.dumps(body).encode())

    return records


def test_raw_rows_get_the_answer_of_the_batch_to_the_bit(
    ask: Any, raw: Any, chosen: tuple[Settings, CustomerVectors], discovered: SegmentModel
) -> None:
    frame, kept = chosen[1].frame, discovered.contract.names
    ids = list(frame.index[::5])
    batch = discovered.assign(frame)
    reply = ask([raw(name) for name in ids])
    RecordsResponse.model_validate(reply.json)
    singles = [ask([raw(name)]).json["assignments"][0] for name in ids[:8]]
    for assignment in [*reply.json["assignments"], *singles]:
        row, answer = frame.loc[assignment["id"]], batch.loc[assignment["id"]]
        assert assignment["features"] == {name: None if pd.isna(row[name]) else row[name] for name in kept}
        assert (assignment["segment_id"], assignment["novel"]) == (answer.segment_id, answer.novel)
        assert assignment["strength"] == pytest.approx(answer.strength, abs=1e-12)
    assert [row["id"] for row in reply.json["assignments"]] == ids
    assert len({row["segment_id"] for row in reply.json["assignments"]}) > 1


def flags_by_hand(frame: pd.DataFrame) -> list[dict[str, bool]]:
    """The flags of the conditions by pandas."""
    flags = {
        "near": (frame.limit_use >= 0.8) & (frame.mrr > 0),
        "frequent": frame.frequency > 12,
        "known": frame.industry.notna(),
    }
    return [{name: bool(flag[place]) for name, flag in flags.items()} for place in frame.index]


def test_conditions_are_flags_of_the_features_made_of_the_rows(ask: Any, raw: Any, chosen: Any) -> None:
    frame = chosen[1].frame.iloc[::5]
    reply = ask([raw(name) for name in frame.index], conditions=[*CONDITIONS])
    RecordsResponse.model_validate(reply.json)
    answered = [assignment["conditions"] for assignment in reply.json["assignments"]]
    assert answered == flags_by_hand(frame)
    assert {tuple(flags.values()) for flags in answered} >= {(False, False, True), (True, True, True)}
    refused = ask([raw(frame.index[0])], conditions=["nere"])
    assert (refused.status, refused.error["code"]) == (422, "unknown_condition")
    assert "Did you mean 'near'?" in refused.error["details"][0]["expected"]


def test_rows_left_out_are_counted_by_reason(ask: Any, raw: Any, chosen: tuple[Settings, CustomerVectors]) -> None:
    customer = raw(chosen[1].frame.index[3])
    late = {**customer["orders"][0], "ordered_at": "2026-07-01T00:00:00"}
    refund = {**customer["orders"][0], "amount": -5.0}
    zero = len([row for row in customer["orders"] if row["amount"] is not None and row["amount"] < 0])
    plain = ask([customer]).json
    more = ask([{**customer, "orders": [*customer["orders"], late, refund]}]).json
    assert more["assignments"] == plain["assignments"], "neither counts"
    assert plain["rows"]["orders"]["rows"] == len(customer["orders"])
    assert more["rows"]["orders"]["rows"] == len(customer["orders"]) + 2
    assert (more["rows"]["orders"]["not_before_as_of"], more["rows"]["orders"]["refunds_dropped"]) == (1, zero + 1)
    assert more["rows"]["attributes"]["rows"] == 1


def test_raw_rows_are_explained_on_request(ask: Any, raw: Any, chosen: Any) -> None:
    customer = raw(chosen[1].frame.index[0])
    answer = ask([customer], words=True).json["assignments"][0]
    contributions = answer["explanation"]["contributions"]
    assert {c["feature"]: c["value"] for c in contributions}.items() <= answer["features"].items()
    assert all(c["words"] for c in contributions)


def test_a_customer_with_rows_in_some_tables_only_is_assigned_as_in_the_batch(
    ask: Any, raw: Any, chosen: Any, discovered: SegmentModel
) -> None:
    """Without events: a count of 0, and an unknown use of the limit, which training never saw."""
    assert not discovered.contract["limit_use"].nullable
    reply = ask([{**raw(chosen[1].frame.index[0]), "events": []}])
    (detail,) = reply.error["details"]
    assert (reply.status, detail["feature"], detail["got"]) == (422, "limit_use", "null")
    without = {name: rows for name, rows in raw(chosen[1].frame.index[0]).items() if name != "attributes"}
    features = ask([without]).json["assignments"][0]["features"]
    assert features["industry"] is None
    assert features["frequency"] > 0


@pytest.mark.parametrize("empty", [{}, {"orders": []}, {"orders": [{"ordered_at": "2027-01-01", "amount": 1}]}])
def test_a_customer_without_usable_rows_is_named(ask: Any, raw: Any, chosen: Any, empty: dict[str, Any]) -> None:
    reply = ask([raw(chosen[1].frame.index[0]), {"id": "nobody ü", **empty}])
    (detail,) = reply.error["details"]
    assert (reply.status, reply.error["code"], detail["customer"]) == (422, "no_usable_rows", "nobody ü")


ROW = {"ordered_at": "2026-06-01", "order_id": "O1", "amount": 5}
WRONG: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "no moment": ({"orders": [{"amount": 5}]}, "orders[0].ordered_at", "nothing", "a date or time"),
    "null moment": ({"orders": [{**ROW, "ordered_at": None}]}, "orders[0].ordered_at", "null", "a date or time"),
    "a number as moment": ({"orders": [{**ROW, "ordered_at": 1.7e9}]}, "orders[0].ordered_at", "1700000000.0", "date"),
    "no such day": ({"orders": [ROW, {**ROW, "ordered_at": "2026-02-30"}]}, "orders[1].ordered_at", "2026-02-30", ""),
    "another calendar": ({"orders": [{**ROW, "ordered_at": "01.06.2026"}]}, "orders[0].ordered_at", "01.06.", "date"),
    "the first day": ({"orders": [{**ROW, "ordered_at": "0001-01-01"}]}, "orders[0].ordered_at", "0001", "date"),
    "week dates": ({"orders": [{**ROW, "ordered_at": "2026-W22-1"}]}, "orders[0].ordered_at", "2026-W22-1", "date"),
    "zones for some": (
        {"orders": [ROW, {**ROW, "ordered_at": "2026-06-01T10:00:00+02:00"}]},
        "orders[1].ordered_at", "+02:00", "all have a time zone, or none",
    ),
    "text as amount": ({"orders": [{**ROW, "amount": "5"}]}, "orders[0].amount", "the text '5'", "a finite number"),
    "true as amount": ({"orders": [{**ROW, "amount": True}]}, "orders[0].amount", "true", "a finite number"),
    "NaN": ({"orders": [{**ROW, "amount": float("nan")}]}, "orders[0].amount", "NaN", "a finite number"),
    "huge integer": ({"orders": [{**ROW, "amount": 10**400}]}, "orders[0].amount", "a huge integer", "a finite number"),
    "a list as id": ({"orders": [{**ROW, "order_id": [1]}]}, "orders[0].order_id", "a list of 1", "whole number"),
    "unknown column": ({"orders": [{**ROW, "amuont": 5}]}, "orders[0].amuont", "an unknown column", "mean 'amount'?"),
    "a column that the model never had": (
        {"orders": [{**ROW, "discount": 1}]}, "orders[0].discount", "an unknown column", "only amount, order_id",
    ),
    "another customer's row": ({"orders": [{**ROW, "customer_id": "C2"}]}, "orders[0].customer_id", "unknown", "only"),
    "unknown attribute": ({"attributes": {"industri": "x"}}, "attributes.industri", "unknown", "mean 'industry'?"),
    "text as flag": ({"attributes": {"single_sign_on": "yes"}}, "attributes.single_sign_on", "text", "true or"),
    "two as flag": ({"attributes": {"single_sign_on": 2}}, "attributes.single_sign_on", "2", "true or false"),
    "a number as text": ({"attributes": {"industry": 2.5}}, "attributes.industry", "2.5", "text"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_bad_value_names_customer_table_row_and_column(ask: Any, case: str) -> None:
    tables, where, got, expected = WRONG[case]
    reply = ask([{"id": "fine", "orders": [ROW]}, {"id": "bad ü", **tables}])
    assert (reply.status, reply.error["code"]) == (422, "invalid_records")
    detail = reply.error["details"][0]
    assert (detail["customer"], detail["feature"]) == ("bad ü", where)
    assert got in detail["got"]
    assert expected in detail["expected"]
    assert where in reply.error["message"]


def test_a_huge_number_is_refused_where_it_is_summed_and_answered_as_assign_does_where_not(
    ask: Any, caller: Any, raw: Any, chosen: tuple[Settings, CustomerVectors], discovered: SegmentModel
) -> None:
    recipe, ids = FeatureSpec.of(discovered.provenance), chosen[1].frame.index
    name = next(
        customer for customer in ids if all(raw(customer)[table] for table in ("orders", "events", "subscriptions"))
    )
    summed, answered = set(), set()
    for table, ours in ((table, ours) for table, ours in TABLES.items() if ours in recipe.tables):
        for column in (raw_column for raw_column in recipe.columns(ours) if raw_column.type is RawType.NUMBER):
            customer = raw(name)
            rows = [customer[table]] if table == ATTRIBUTES else customer[table]
            rows[-1][column.name] = 1e300
            reply = ask([{**raw(name), "id": "fine"}, customer])
            if reply.status == 422:
                summed.add(column.name)
                (detail,) = reply.error["details"]
                where = f"{table}[{len(rows) - 1}].{column.name}"
                assert (reply.error["code"], detail["customer"], detail["feature"]) == ("invalid_records", name, where)
                assert (detail["got"], detail["expected"]) == ("1e+300", "a number between -1e12 and 1e12 or null")
                rows[-1][column.name] = 1e12
                assert ask([customer]).status == 200, "the largest is usable"
            else:
                answered.add(column.name)
                assignment = reply.json["assignments"][1]
                (same,) = caller.assign([{"id": name, "features": assignment["features"]}]).json["assignments"]
                assert same == {key: assignment[key] for key in same}
                assert 1e300 in assignment["features"].values() or assignment["features"]["limit_use"] < 1e-290
    assert summed >= {"amount", "quantity", "mrr", "seats", "seats_used"}
    attributes = {column.name for column in recipe.columns("customers") if column.type is RawType.NUMBER}
    assert answered == attributes | {"allowed"}, "an attribute is taken as it is, a limit is the largest of some"


@pytest.mark.parametrize(
    ("moment", "first"),
    [("2026-06-30T23:30:00Z", 1), ("2026-07-01T01:30:00+02:00", 1), ("2026-06-30T20:30:00-05:00", 0)],
)
def test_instants_are_compared_as_instants(ask: Any, raw: Any, chosen: Any, moment: str, first: int) -> None:
    """The company's business time zone is UTC."""
    customer = raw(chosen[1].frame.index[0])
    here = ask([customer]).json["assignments"][0]["features"]
    for rows in (customer["orders"], customer["events"], customer["subscriptions"], [customer["attributes"]]):
        for row in rows:
            row |= {name: f"{row[name]}Z" for name in row if name.endswith("_at") and row[name]}
    assert ask([customer]).json["assignments"][0]["features"] == here
    customer["orders"].append({"ordered_at": moment, "amount": 5})
    features = ask([customer]).json["assignments"][0]["features"]
    assert features["frequency"] == here["frequency"] + first


@pytest.mark.parametrize(
    "as_of",
    [
        "0001-01-01",
        "9999-12-31T23:59:59-14:00",
        None,
        5,
        "",
        "yesterday",
        "2026-13-01",
        "2026-07-01T25:00",
        "2026-07-01 ",
        ["2026"],
    ],
)
def test_as_of_must_be_a_date_or_a_timestamp(ask: Any, as_of: Any) -> None:
    reply = ask([{"id": "C1", "orders": [ROW]}], as_of)
    assert (reply.status, reply.error["code"]) == (422, "invalid_request")
    assert "'as_of'" in reply.error["details"][0]["expected"]


@pytest.mark.parametrize("failure", [duckdb.BinderException, duckdb.OutOfMemoryException, duckdb.InternalException])
def test_an_error_of_the_engine_is_a_failure_of_the_service(
    ask: Any,
    raw: Any,
    chosen: Any,
    failure: type[duckdb.Error],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The rows were checked before: no caller could mend it. What the engine says may hold values of a customer."""

    def fail(*_: Any) -> Any:
        raise failure("a riddle\nof the engine")

    customer = raw(chosen[1].frame.index[3])
    with monkeypatch.context() as patched:
        patched.setattr(RecordEngine, "values", fail)
        reply = ask([customer])
    assert (reply.status, reply.error["code"], reply.error["details"]) == (500, "internal_error", [])
    assert reply.error["message"] == "the service failed; its log says why"
    (line,) = [record for record in caplog.records if record.getMessage() == "failed: EngineError"]
    assert f"from {failure.__name__}:" in getattr(line, FIELDS)["trace"]
    assert "riddle" not in caplog.text
    assert ask([customer]).status == 200, "the next request is answered"


def test_too_many_rows_are_refused(ask: Any) -> None:
    reply = ask([{"id": "C1", "orders": [{}] * (MOST_ROWS + 1)}])
    assert (reply.status, reply.error["code"]) == (422, "too_many_rows")


def test_a_model_without_a_feature_specification_refuses_raw_rows(call: Any) -> None:
    body = {"as_of": "2026-07-01", "customers": [{"id": "C1", "orders": [ROW]}]}
    reply = call("POST", "/assign_records", json.dumps(body).encode())
    assert (reply.status, reply.error["code"]) == (409, "no_feature_recipe")
    assert "does not know how its features were made" in reply.error["message"]


def test_callers_at_once_each_get_their_own(
    ask: Any, raw: Any, chosen: tuple[Settings, CustomerVectors], discovered: SegmentModel
) -> None:
    frame, kept = chosen[1].frame, discovered.contract.names
    sent = [raw(name) for name in frame.index[:40]]
    with ThreadPoolExecutor(4) as pool:
        answers = [reply.json["assignments"][0] for reply in pool.map(lambda customer: ask([customer]), sent)]
    for customer, assignment in zip(sent, answers, strict=True):
        row = frame.loc[customer["id"]]
        assert assignment["id"] == customer["id"]
        assert assignment["features"] == {name: None if pd.isna(row[name]) else row[name] for name in kept}


def test_a_challenger_in_the_shadow_is_asked_about_the_vectors_that_rows_came_to(
    discovered: SegmentModel, raw: Any, chosen: tuple[Settings, CustomerVectors], make_caller: Any
) -> None:
    frame = chosen[1].frame
    others = DiscoverySettings(algorithms=(KMeansSettings(segments=3),), force=True)
    other = discover(frame, chosen[1].contract, others, discovered.provenance).model
    metrics = Metrics()
    challenger = LiveModel(lambda: ServedModel(other, "company", "8", "tests"))
    challenger.load()
    live = LiveModel(lambda: ServedModel(discovered, "company", "7", "tests"))
    live.load()
    shadow = Shadow(challenger, ShadowMetrics(metrics))
    ids = list(frame.index[:30])
    body = {"as_of": "2026-07-01", "customers": [raw(name) for name in ids]}
    reply = make_caller(Gateway(live, ServiceSettings(), shadow=shadow))(
        "POST", "/assign_records", json.dumps(body).encode()
    )
    while shadow.compare():
        pass
    champions = [row["segment_id"] for row in reply.json["assignments"]]
    different = sum(a != b for a, b in zip(champions, other.assign(frame.loc[ids])["segment_id"], strict=True))
    counts = {labels: cell[0] for labels, cell in metrics.snapshot()["segments_shadowed_customers"]}
    assert different > 0
    assert counts.pop(("7", "8", "different")) == different
    assert counts == ({("7", "8", "same"): 30 - different} if different < 30 else {})


def test_a_built_bento_carries_how_features_are_made(
    discovered: SegmentModel, raw: Any, chosen: tuple[Settings, CustomerVectors], tmp_path: Path
) -> None:
    """Neither training libraries nor any engine but the embedded one can be imported."""
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    training = ("mlflow", "sklearn", "umap", "shap", "registry", "training")
    for name in (*training, "pandas", "pyarrow", "psycopg", "pandera"):
        (blocked / f"{name}.py").write_text(f"raise ImportError('{name} is no part of serving')\n")
    environment = {**os.environ, "PYTHONPATH": str(blocked), "BENTOML_HOME": str(tmp_path / "bentoml")}
    discovered.save(tmp_path / "company")
    script = (
        "import sys\nfrom segments import SegmentModel\nfrom serving.packaging import package\n"
        "print(package(SegmentModel.load(sys.argv[1]), 'simulated-company', '3'))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "company")]
    built = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    tag = built.stdout.strip().splitlines()[-1]
    frame, kept = chosen[1].frame, discovered.contract.names
    asked = {"as_of": "2026-07-01", "customers": [raw(name) for name in frame.index[:3]], "conditions": [*CONDITIONS]}
    body = json.dumps(asked).encode()
    with (
        (tmp_path / "log").open("wb") as log,
        running_service(
            ServiceSettings(), port=free_port(), target=tag, log=log, timeout=120.0, environment=environment
        ) as url,
    ):
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{url}/assign_records", body, headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            assignments = json.load(reply)["assignments"]
        vectors = [{"id": answer["id"], "features": answer["features"]} for answer in assignments]
        request = urllib.request.Request(
            f"{url}/assign", json.dumps({"customers": vectors, "conditions": [*CONDITIONS]}).encode(), headers
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            again = json.load(reply)["assignments"]
        with urllib.request.urlopen(f"{url}/", timeout=60) as reply:
            assert b"explorer.js" in reply.read()
    for key in ("segment_id", "conditions"):
        assert [answer[key] for answer in again] == [answer[key] for answer in assignments]
    assert [answer["conditions"] for answer in assignments] == flags_by_hand(frame.iloc[:3])
    for answer in assignments:
        row = frame.loc[answer["id"]]
        assert answer["features"] == {name: None if pd.isna(row[name]) else row[name] for name in kept}


names = st.sampled_from(["as_of", "customers", "id", "orders", "events", "attributes", "explain", "policy", "amount"])
plain = st.none() | st.booleans() | st.integers() | st.floats() | names
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=15
)
rows = st.lists(st.dictionaries(names, plain, max_size=3) | anything, max_size=3) | anything
someone = st.fixed_dictionaries(
    {"id": names | plain}, optional={"orders": rows, "subscriptions": rows, "attributes": st.dictionaries(names, plain)}
)
near = st.fixed_dictionaries(
    {"customers": st.lists(someone | anything, max_size=3)},
    optional={"as_of": st.just("2026-07-01") | plain, "explain": plain, "policy": names},
)


@quick
@given(value=near | anything)
def test_the_published_model_and_the_reader_give_the_same_verdict(value: Any) -> None:
    """Except for values in rows, which the model in service checks, and repeated ids, which a schema cannot express."""
    try:
        read_raw_customers(value)
    except Refusal as refusal:
        well_formed = refusal.code == "duplicate_ids"
    else:
        well_formed = True
    read = well_formed and read_moment(value.get("as_of")) is not None
    try:
        RecordsRequest.model_validate(value)
    except ValidationError as error:
        published = all(in_a_row(problem["loc"]) for problem in error.errors())
    else:
        published = True
    assert read == published


def in_a_row(place: tuple[int | str, ...]) -> bool:
    """Whether a place is a value of a row: customers, number, table, (row,) column."""
    return len(place) > (4 if "attributes" in place[:3] else 5) - ("attributes" in place[:3])


@quick
@given(value=near | anything)
def test_any_json_is_answered(caller: Any, value: Any) -> None:
    reply = caller("POST", "/assign_records", json.dumps(value).encode())
    assert reply.status in {200, 400, 422}
    assert reply.status == 200 or reply.error["message"]
