from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry.connection import RegistryLocation, connected, load_mlflow
from registry.versions.versions import fetch
from segment_model.encoding.declared import as_declared
from segment_model.errors import ContractError, InputError
from segments import SegmentModel

pytestmark = [
    # mlflow 3.17 compares column labels with a range, which pandas 3.1 is about to change
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated:DeprecationWarning"),
    # mlflow 3.17 maps a table by a loader strategy that sqlalchemy is about to remove
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"),
]

# A process that knows MLflow and nothing of this checkout: isolated, elsewhere, its editable install unhooked.
STRANGER = """
import sys, importlib.util, warnings
warnings.simplefilter("ignore")
sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in getattr(f, "__module__", "").lower()]
assert importlib.util.find_spec("segment_model") is None, "the checkout is still importable"
assert importlib.util.find_spec("registry") is None
import mlflow, pandas as pd
tracking_uri, customers, answer = sys.argv[1:]
mlflow.set_tracking_uri(tracking_uri)
model = mlflow.pyfunc.load_model("models:/customer-segments@champion")
model.predict(pd.read_parquet(customers), params={"explain": True}).to_parquet(answer)
print(sys.modules["segment_model"].__file__)
"""


@pytest.fixture(params=["kmeans", "hdbscan"])
def champion(request: pytest.FixtureRequest) -> tuple[RegistryLocation, SegmentModel]:
    location, _ = request.getfixturevalue("logged" if request.param == "kmeans" else "logged_hdbscan")
    return location, request.getfixturevalue(f"{request.param}_model")


@pytest.fixture
def pyfunc(champion: tuple[RegistryLocation, SegmentModel], monkeypatch: pytest.MonkeyPatch) -> Any:
    return loaded(champion[0], "models:/customer-segments@champion", monkeypatch)


def loaded(location: RegistryLocation, uri: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """As anyone loads a model, pickles forbidden; the process is as before afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    with connected(location) as connection:
        mlflow = connection.mlflow
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(location.tracking_uri)
        try:
            return mlflow.pyfunc.load_model(uri)
        finally:
            mlflow.set_tracking_uri(before)


def test_a_stranger_gets_the_same_answers_to_the_bit(
    champion: tuple[RegistryLocation, SegmentModel], planted: Any, tmp_path: Path
) -> None:
    location, model = champion
    customers = as_declared(planted.frame, model.contract).iloc[:60]
    customers.to_parquet(tmp_path / "customers.parquet")
    arguments = [location.tracking_uri, str(tmp_path / "customers.parquet"), str(tmp_path / "answer.parquet")]
    done = subprocess.run(
        [sys.executable, "-I", "-P", "-c", STRANGER, *arguments],
        env={"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false", "MLFLOW_DISABLE_TELEMETRY": "true", "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "/code/segment_model/__init__.py" in done.stdout
    answer = pd.read_parquet(tmp_path / "answer.parquet")
    expected = model.assign(planted.frame.iloc[:60])
    pd.testing.assert_frame_equal(answer[list(expected.columns)], expected, check_exact=True)
    explained = model.explain_table(planted.frame.iloc[:60])
    contributions = answer[[f"contribution__{column}" for column in explained.columns]]
    np.testing.assert_array_equal(contributions.to_numpy(), explained.contributions)


def test_the_columns_are_those_promised_and_the_index_is_kept(
    pyfunc: Any, champion: tuple[RegistryLocation, SegmentModel], planted: Any
) -> None:
    customers = as_declared(planted.frame, champion[1].contract).sample(frac=1, random_state=3)
    customers.index = pd.Index([f"Kündin №{row}" for row in range(len(customers))], name="who")
    answer = pyfunc.predict(customers)
    assert list(answer.columns) == [
        "segment_id", "segment_name", "strength", "runner_up_id", "unassigned", "novel", "model_version",
    ]  # fmt: skip
    assert answer.index.equals(customers.index)
    assert answer.index.name == "who"
    assert set(answer["model_version"]) == {"1"}
    assert answer["segment_id"].isna().equals(answer["unassigned"])
    assert pyfunc.predict(customers, params={"explain": False}).equals(answer)


def test_reasons_add_up_to_the_score(
    pyfunc: Any, champion: tuple[RegistryLocation, SegmentModel], planted: Any
) -> None:
    model = champion[1]
    answer = pyfunc.predict(as_declared(planted.frame.iloc[:40], model.contract), params={"explain": True})
    reasons = answer.filter(like="contribution__")
    assert list(reasons.columns) == [f"contribution__{name}" for name in model.encoder.columns]
    np.testing.assert_allclose(answer["base"] + reasons.sum(axis="columns"), answer["score"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("batch", [1, 7])
def test_alone_or_in_a_batch_the_answer_is_the_same(
    pyfunc: Any, champion: tuple[RegistryLocation, SegmentModel], planted: Any, batch: int
) -> None:
    _, model = champion
    customers = as_declared(planted.frame.iloc[:42], model.contract)
    together = pyfunc.predict(customers)
    parts = [pyfunc.predict(customers.iloc[start : start + batch]) for start in range(0, 42, batch)]
    pd.testing.assert_frame_equal(pd.concat(parts), together, check_exact=True)


@pytest.mark.parametrize(
    "change",
    [
        {"recency_days": "int64", "frequency": "int32"},
        {"recency_days": "Int64", "frequency": "UInt16", "days_between_orders": "Float64"},
        {"monetary_value": object, "days_between_orders": object, "plan": object},
        {"plan": "category", "country": "category"},
        {"plan": "string", "country": "string"},
    ],
    ids=["integers", "nullable", "objects", "categories", "strings"],
)
def test_whatever_the_dtypes_the_answer_is_that_of_the_training_frame(
    pyfunc: Any, champion: tuple[RegistryLocation, SegmentModel], planted: Any, change: dict[str, Any]
) -> None:
    _, model = champion
    vectors = planted.frame.iloc[:50]
    plain = pyfunc.predict(as_declared(vectors, model.contract))
    for customers in (vectors.astype(change), vectors.iloc[:1].astype(change)):
        answer = pyfunc.predict(as_declared(customers, model.contract))
        pd.testing.assert_frame_equal(answer, plain.loc[customers.index], check_exact=True)


def test_a_missing_number_arrives_as_none_in_a_one_row_frame(
    pyfunc: Any, champion: tuple[RegistryLocation, SegmentModel], planted: Any
) -> None:
    _, model = champion
    vectors = planted.frame
    customer = vectors[vectors["days_between_orders"].isna()].iloc[[0]]
    sent = customer.astype(object).where(customer.notna(), None)
    expected = model.assign(customer)
    for frame in (sent, as_declared(sent, model.contract)):
        answer = pyfunc.predict(frame)
        assert answer["segment_id"].tolist() == expected["segment_id"].tolist()
        assert answer["strength"].tolist() == expected["strength"].tolist()


def test_descriptors_may_be_absent_and_change_nothing(
    pyfunc: Any, champion: tuple[RegistryLocation, SegmentModel], planted: Any
) -> None:
    _, model = champion
    customers = as_declared(planted.frame.iloc[:20], model.contract)
    without = customers[[column.name for column in model.contract.basis]]
    pd.testing.assert_frame_equal(pyfunc.predict(without), pyfunc.predict(customers), check_exact=True)


def test_what_cannot_be_scored_is_named(
    pyfunc: Any, champion: tuple[RegistryLocation, SegmentModel], planted: Any
) -> None:
    customers = as_declared(planted.frame.iloc[:3], champion[1].contract)
    with pytest.raises(InputError, match=r"row 1, monetary_value: got inf"):
        pyfunc.predict(customers.assign(monetary_value=[1.0, np.inf, 2.0]))
    with pytest.raises(InputError, match=r"row 0, monetary_value: got null"):
        pyfunc.predict(customers.assign(monetary_value=np.nan))
    with pytest.raises(ContractError, match=r"- days_between_orders \(missing"):
        pyfunc.predict(customers.drop(columns="days_between_orders"))


def test_people_pass_customers_as_they_have_them(
    pyfunc: Any, champion: tuple[RegistryLocation, SegmentModel], planted: Any
) -> None:
    vectors = planted.frame.iloc[:50]
    expected = champion[1].assign(vectors)
    for change in (
        {"recency_days": "int64", "frequency": "uint16"},
        {"recency_days": "Int64", "days_between_orders": "Float64", "plan": "category"},
        {"recency_days": "string", "frequency": "category", "plan": object},
    ):
        answer = pyfunc.predict(vectors.astype(change))
        pd.testing.assert_frame_equal(answer[list(expected.columns)], expected, check_exact=True)
    assert {column.type.name for column in pyfunc.metadata.get_input_schema().inputs} == {"double", "string"}


@pytest.mark.parametrize(
    ("column", "sent", "words"),
    [
        ("frequency", 2**53 + 1, r"row 0, frequency: got 9007199254740993"),
        ("frequency", "many", r"row 0, frequency: got 'many', expected a finite number of at least 0 \(orders\)"),
        ("monetary_value", 1j, r"row 0, monetary_value: got 1j"),
        ("plan", 1.5, r"row 0, plan: got 1.5, expected text"),
    ],
)
def test_what_would_lose_something_is_named(pyfunc: Any, planted: Any, column: str, sent: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        pyfunc.predict(planted.frame.head(3).assign(**{column: sent}))


def test_models_of_others_are_left_to_mlflow(
    logged: tuple[RegistryLocation, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The cast stands in front of every model of the process, and is for ours alone."""
    loaded(logged[0], "models:/customer-segments@champion", monkeypatch)
    mlflow = load_mlflow()
    (tmp_path / "double.py").write_text(
        "import mlflow\nimport pandas as pd\nfrom mlflow.pyfunc.model import PythonModel\n"
        "class Double(PythonModel):\n    def predict(self, model_input: pd.DataFrame, params=None):\n"
        "        return 2 * model_input\n"
        "mlflow.models.set_model(Double())\n"
    )
    numbers = pd.DataFrame({"number": [1.0, 2.0]})
    signature = mlflow.models.infer_signature(numbers, numbers)
    mlflow.pyfunc.save_model(
        str(tmp_path / "other"),
        python_model=str(tmp_path / "double.py"),
        signature=signature,
        pip_requirements=["mlflow"],
        input_example=numbers,
    )
    other = mlflow.pyfunc.load_model(str(tmp_path / "other"))
    assert other.predict(numbers)["number"].to_list() == [2.0, 4.0]
    with pytest.raises(mlflow.exceptions.MlflowException, match="Incompatible input types for column number"):
        other.predict(numbers.astype("int64") + 5)


def test_mlflows_own_predict_takes_them_too(
    logged: tuple[RegistryLocation, str], planted: Any, kmeans_model: SegmentModel, tmp_path: Path
) -> None:
    """`mlflow.models.predict` sends JSON to a process of its own, as `mlflow models serve` gets it."""
    location, _ = logged
    with connected(location) as connection:
        stored = connection.client.get_model_version_download_uri(location.model_name, "1")
        copied = connection.mlflow.artifacts.download_artifacts(artifact_uri=stored, dst_path=str(tmp_path))
        customers = planted.frame.head(5).dropna().astype({"recency_days": "Int64", "frequency": "int64"})
        customers["plan"] = customers["plan"].astype("category")
        out = tmp_path / "answer.json"
        connection.mlflow.models.predict(copied, customers, env_manager="local", output_path=str(out))
    answers = json.loads(out.read_text(encoding="utf-8"))["predictions"]
    expected = kmeans_model.assign(planted.frame.loc[customers.index])
    assert [answer["segment_id"] for answer in answers] == [*expected["segment_id"]]
    assert [answer["strength"] for answer in answers] == [*expected["strength"]]


def test_a_model_from_outside_the_registry_is_known_by_its_digest(
    logged: tuple[RegistryLocation, str], planted: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    location, _ = logged
    with connected(location) as connection:
        stored = connection.client.get_model_version_download_uri(location.model_name, "1")
        copied = connection.mlflow.artifacts.download_artifacts(artifact_uri=stored, dst_path=str(tmp_path))
    (Path(copied) / "registered_model_meta").unlink(missing_ok=True)
    model = loaded(location, copied, monkeypatch)
    fetched = fetch(location).model
    answer = model.predict(as_declared(planted.frame.head(2), fetched.contract))
    assert answer["model_version"].tolist() == [fetched.digest] * 2
