"""Models made by hand, with every transform and odd names; rows of every odd value; and engines that run statements."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segment_model.assigners.gaussian_mixture import GaussianMixture
from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.cards import SegmentCard
from segment_model.encoding.encoder import CategoryEncoding, Encoder, NumberEncoding, RawCustomers, Transform
from segment_model.encoding.novelty import NoveltyRule
from segments import Column, Kind, Role, SegmentModel, VectorContract
from warehouse.dialects.all_dialects import DIALECTS
from warehouse.dialects.dialect import Dialect

LARGEST = float(np.finfo(np.float64).max)
ODD = (0.0, -0.0, 5e-324, -5e-324, 1e-310, 1e-160, -1e-160, 0.5, 1.0, 2.0, -1.0, 1e308, -1e308, LARGEST, -LARGEST)
NO_NUMBERS = (np.inf, -np.inf, np.nan)
TRANSFORMS = (Transform.QUANTILE, Transform.LOG1P, Transform.YEO_JOHNSON, Transform.NONE)
POWERS = (0.3, 0.0, 2.0, -0.7, 1e-9)
KINDS = {3: Kind.FLAG, 4: Kind.SHARE}  # by position
KIND_OF = {Transform.LOG1P: Kind.COUNT}
NAMES = {0: 'Umsatz "netto" €', 1: "select", 2: "MntWines"}
ODD_NAME = 'Zoë\'s \\ "best" 李 ${x} {{ y }} -- */'
LEVELS = ("pro", "PRO", "o'brien", "\\", "ü", "李", "${x}", "{{ a }}", "; --", "%s", "", "(missing)")


def _values(random: np.random.Generator, kind: Kind, size: int) -> Any:
    """Ordinary numbers of a kind."""
    if kind is Kind.SHARE:
        return random.random(size)
    if kind is Kind.FLAG:
        return random.integers(0, 2, size).astype(float)
    return random.gamma(1.0, 3.0, size) * (random.choice([-1, 1], size) if kind is Kind.NUMBER else 1)


class Engine(Protocol):
    """An engine with a table `customer_vectors`, which runs statements of its dialect."""

    dialect: Dialect

    def load(self, table: pa.Table, name: str) -> None:
        """Make a table of this name anew."""
        ...

    def query(self, sql: str) -> pd.DataFrame:
        """The rows of a statement."""
        ...

    def run(self, sql: str) -> None:
        """Run a statement without rows."""
        ...


class DuckDB:
    """An embedded engine that may take 2 GB, and no disk."""

    dialect = DIALECTS["duckdb"]

    def __init__(self) -> None:
        limits: dict[str, Any] = {"memory_limit": "2GB", "threads": 2, "max_temp_directory_size": "0KB"}
        self.connection = duckdb.connect(config=limits)

    def load(self, table: pa.Table, name: str) -> None:
        self.connection.register("incoming", table)
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS FROM incoming")
        self.connection.unregister("incoming")

    def query(self, sql: str) -> pd.DataFrame:
        frame: pd.DataFrame = self.connection.sql(sql).to_arrow_table().to_pandas()
        return frame

    def run(self, sql: str) -> None:
        self.connection.execute(sql)


class PostgreSQL:
    """A real server; `peak_bytes` is what the process behind the connection ever held."""

    dialect = DIALECTS["postgres"]
    types = (
        (pa.types.is_floating, "double precision"),
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "bigint"),
    )

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True, options="-c jit=off")

    def load(self, table: pa.Table, name: str) -> None:
        columns = ", ".join(f"{_quoted(field.name)} {self._type(field.type)}" for field in table.schema)
        text = io.BytesIO()
        for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
            text.write(("\t".join("\\N" if cell is None else _copied(cell) for cell in row) + "\n").encode())
        with self.connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {name} CASCADE; CREATE TABLE {name} ({columns})")  # type: ignore[arg-type]
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:  # type: ignore[arg-type]
                copy.write(text.getvalue())

    def _type(self, kind: pa.DataType) -> str:
        return next((theirs for is_kind, theirs in self.types if is_kind(kind)), "text")

    def query(self, sql: str) -> pd.DataFrame:
        with self.connection.cursor() as cursor:
            cursor.execute(sql.encode())
            names = [description.name for description in cursor.description or ()]
            return pd.DataFrame(cursor.fetchall(), columns=names)

    def run(self, sql: str) -> None:
        self.connection.execute(sql.encode())

    @property
    def peak_bytes(self) -> int:
        status = Path(f"/proc/{self.connection.info.backend_pid}/status").read_text()
        return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _copied(cell: object) -> str:
    if isinstance(cell, float):
        return {np.inf: "Infinity", -np.inf: "-Infinity"}.get(cell, repr(cell))
    return str(cell).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


class Spark:
    """Spark in this process; tables are views of Parquet files in a folder."""

    dialect = DIALECTS["spark"]

    def __init__(self, session: Any, folder: Path) -> None:
        self.session = session
        self.folder = folder
        self.views: set[str] = set()

    def load(self, table: pa.Table, name: str) -> None:
        pq.write_table(table, self.folder / f"{name}.parquet")
        self.session.read.parquet((self.folder / f"{name}.parquet").as_uri()).createOrReplaceTempView(name)
        self.views.add(name)

    def query(self, sql: str) -> pd.DataFrame:
        answers = self.folder / "answers"
        self.session.sql(sql).coalesce(1).write.mode("overwrite").parquet(answers.as_uri())
        return pd.read_parquet(answers)

    def run(self, sql: str) -> None:
        self.session.sql(sql)


ENGINES = ("duckdb", "postgres")  # that run every test; Spark takes seconds a statement and runs one


@pytest.fixture(scope="session")
def duckdb_engine() -> Iterator[DuckDB]:
    engine = DuckDB()
    yield engine
    engine.connection.close()


@pytest.fixture(scope="session")
def postgres_engine(postgres_url: str) -> Iterator[PostgreSQL]:
    engine = PostgreSQL(postgres_url)
    yield engine
    engine.connection.close()


@pytest.fixture
def spark_engine(spark: Any, tmp_path: Path) -> Iterator[Spark]:
    """The session is that of all tests: a view that stayed would hide a table of its name."""
    engine = Spark(spark, tmp_path)
    yield engine
    for name in engine.views:
        spark.catalog.dropTempView(name)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each test that asks for `engine` runs on every one."""
    chosen: Engine = request.getfixturevalue(f"{request.param}_engine")
    return chosen


class MakeModel(Protocol):
    """A model of so many number columns and segments."""

    def __call__(self, numbers: int, segments: int, mixture: bool = False, seed: int = 0) -> SegmentModel: ...


class _Background:
    """The training customers of a model made by hand."""

    def __init__(self, points: Any) -> None:
        self.points = points

    def prototypes(self) -> Any:
        return self.points[:3], np.full(3, 1 / 3)


@pytest.fixture(scope="session")
def make_model() -> MakeModel:
    """Columns take turns in kind and transform: every fourth a quantile rank of 100 edges, some of them equal."""

    def make(numbers: int, segments: int, mixture: bool = False, seed: int = 0) -> SegmentModel:
        random = np.random.default_rng(seed)
        transforms = tuple(TRANSFORMS[n % len(TRANSFORMS)] for n in range(numbers))
        kinds = [KINDS[n] if n in KINDS else KIND_OF.get(transforms[n], Kind.NUMBER) for n in range(numbers)]
        names = tuple(NAMES.get(n, f"column_{n}") for n in range(numbers))
        training = np.stack([_values(random, kind, 500) for kind in kinds])
        for row, transform in zip(training, transforms, strict=True):
            if transform is Transform.QUANTILE:
                row[:100] = 0.0
        columns = (
            Column(name, kind, unit="days", nullable=n % 2 == 0)
            for n, (name, kind) in enumerate(zip(names, kinds, strict=True))
        )
        contract = VectorContract(
            (
                *columns,
                Column("plan", Kind.CATEGORY, nullable=True),
                Column("Land", Kind.CATEGORY),
                Column("unread", Kind.NUMBER, Role.DESCRIPTOR),
            )
        )
        lower, upper = np.quantile(training, [0.005, 0.995], axis=1)
        ranked = [n for n, transform in enumerate(transforms) if transform is Transform.QUANTILE]
        unscaled = NumberEncoding(
            names=names,
            fill=np.median(training, axis=1),
            lower=lower,
            upper=upper,
            transforms=transforms,
            power=np.array([POWERS[n % len(POWERS)] for n in range(numbers)]),
            quantiles=np.quantile(training[ranked], np.linspace(0, 1, 100), axis=1).T,
            center=np.zeros(numbers),
            factor=np.ones(numbers),
        )
        encoded = unscaled.encode(training)
        scaled = replace(unscaled, center=encoded.mean(axis=1), factor=1 / encoded.std(axis=1))
        plans = CategoryEncoding("plan", (*LEVELS[:6], LEVELS[-1]), LEVELS[6:9], 1.3)
        encoder = Encoder(scaled, (plans, CategoryEncoding("Land", ("DE", "FR"), (), 0.7)))
        codes = np.stack([random.integers(0, 8, 500), random.integers(-1, 2, 500)])
        points = np.ascontiguousarray(encoder.encode(RawCustomers(training, codes, codes < 0)).T)
        means = points[random.choice(500, segments, replace=False)]
        assigner: Any = NearestCentroid(means)
        if mixture:
            width = points.shape[1]
            factors = np.triu(random.normal(0, 0.3, (segments, width, width))) + 1.5 * np.eye(width)
            assigner = GaussianMixture(means, factors, random.normal(0, 2, segments))
        explainer = assigner.learn_explainer(encoder, _Background(points))
        cards = tuple(SegmentCard(f"seg-{n}", f"{n}: {ODD_NAME}", "", 10, 0.1, {}) for n in range(segments))
        return SegmentModel(contract, encoder, assigner, explainer, NoveltyRule.learn(training), cards)

    return make


MakeRows = Callable[[SegmentModel, int, float], pa.Table]


@pytest.fixture(scope="session")
def make_rows() -> MakeRows:
    """Rows of which about a share holds no odd value: random numbers, the model's own bounds and edges, odd values."""

    def make(model: SegmentModel, size: int, plain: float = 0.5) -> pa.Table:
        random = np.random.default_rng(size)
        encoder = model.encoder
        columns: dict[str, pa.Array] = {"customer_id": pa.array([f"c{n}" for n in range(size)])}
        odd_rows = random.random(size) >= plain
        quantiles = iter(encoder.numbers.quantiles)
        for n, name in enumerate(encoder.numbers.names):
            kind = model.contract[name].kind
            edges = next(quantiles) if encoder.numbers.transforms[n] is Transform.QUANTILE else np.empty(0)
            own = np.array([encoder.numbers.lower[n], encoder.numbers.upper[n], model.novelty.upper[n], *edges[::7]])
            own = np.concatenate([own, np.nextafter(own, np.inf), np.nextafter(own, -np.inf), ODD])
            values = _values(random, kind, size)
            is_odd = odd_rows & (random.random(size) < 0.3)
            values[is_odd] = random.choice(own, int(is_odd.sum()))
            is_wrong = random.random(size) < 0.2 / len(encoder.columns)
            values[is_wrong] = random.choice(NO_NUMBERS, int(is_wrong.sum()))
            null = random.random(size) < (0.1 if model.contract[name].nullable else 0.005)
            columns[name] = pa.array(values, mask=null, from_pandas=False)
        for category in encoder.categories:
            words = random.choice(np.array([*LEVELS, "DE", "FR", "never seen"], dtype=object), size)
            null = random.random(size) < (0.1 if model.contract[category.name].nullable else 0.005)
            columns[category.name] = pa.array(words.tolist(), mask=null, type=pa.string())
        columns["unread"] = pa.array(np.full(size, np.inf))
        return pa.table(columns)

    return make
