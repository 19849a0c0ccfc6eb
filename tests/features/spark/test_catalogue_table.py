"""A table of Spark's catalogue: what readers see, also after a driver died between rows and switch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, ItemsView, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from features.spark.catalogue_table import CatalogueTable
from segment_model.errors import DestinationError, SettingsError, SourceError

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # of py4j's gateway
]
TABLE = CatalogueTable.named("marts.customer_segments")
MARCH, NOON = datetime(2026, 3, 1), datetime(2026, 3, 1, 12, 0, 0, 500_000)
DRIVER = Path(__file__).with_name("catalogue_driver.py")
COLUMNS = "customer_id string, segment_id string"
SECONDS = 240


@pytest.fixture
def marts(spark: Any) -> Iterator[Any]:
    """A session with an empty schema `marts`."""
    spark.sql("CREATE SCHEMA marts")
    yield spark
    spark.sql("DROP SCHEMA marts CASCADE")


def rows_of(
    session: Any, segments: dict[str, str | None], columns: str = "customer_id string, segment_id string"
) -> Any:
    return session.createDataFrame(list(segments.items()), columns)


def seen(session: Any) -> set[tuple[Any, ...]]:
    rows = session.table("marts.customer_segments").collect()
    return {(row["customer_id"], row["as_of"], row["segment_id"]) for row in rows}


def test_readers_see_the_last_version_of_each_moment(marts: Any) -> None:
    first = TABLE.write(marts, rows_of(marts, {"a": "x", "ü": None}), MARCH, {"say": 'it\'s "\\" ☃'})
    assert seen(marts) == {("a", MARCH, "x"), ("ü", MARCH, None)}
    assert {(row["customer_id"], row["segment_id"]) for row in first.frame.collect()} == {("a", "x"), ("ü", None)}
    TABLE.write(marts, rows_of(marts, {"a": "y"}), NOON, {})
    TABLE.write(marts, rows_of(marts, {"b": "z"}), MARCH, {"say": "again"})
    assert seen(marts) == {("b", MARCH, "z"), ("a", NOON, "y")}
    last = TABLE.read(marts)
    assert last.story == {"say": "again"}
    assert [tuple(row) for row in last.frame.collect()] == [("b", "z")]
    assert marts.table("marts.customer_segments").columns == ["customer_id", "as_of", "segment_id", "version"]
    assert marts.sql("SELECT DISTINCT version FROM marts.customer_segments WHERE customer_id = 'b'").first()[0] == (
        last.version
    )


def test_what_is_said_of_a_version_comes_back(marts: Any) -> None:
    story = {"say": 'it\'s "\\n" ${x} {{ y }} ☃\n', "numbers": [1, None, 0.1]}
    TABLE.write(marts, rows_of(marts, {"a": "x"}), MARCH, story)
    assert TABLE.read(marts).story == story


def test_the_version_before_the_present_one_stays_and_older_ones_go(marts: Any) -> None:
    versions = [TABLE.write(marts, rows_of(marts, {"a": str(n)}), MARCH, {}).version for n in range(4)]
    for table in ("rows", "versions"):
        listed = marts.sql(f"SHOW PARTITIONS marts.customer_segments_{table}").collect()
        assert [row[0].rpartition("=")[2] for row in listed] == versions[2:]
    assert seen(marts) == {("a", MARCH, "3")}


def test_nobody_replaces_somebody(marts: Any) -> None:
    TABLE.write(marts, rows_of(marts, {"a": "x"}), MARCH, {})
    TABLE.write(marts, rows_of(marts, {}), MARCH, {})
    assert seen(marts) == set()


class Overtaken(dict[str, Any]):
    """A story that is asked for when the rows are written and not yet seen; until then another job ends."""

    def __init__(self, write: Callable[[], Any]) -> None:
        super().__init__(say="it")
        self._write = write

    def items(self) -> ItemsView[str, Any]:
        self._write()
        return super().items()


def test_a_job_that_another_overtook_is_refused_and_readers_see_the_other(marts: Any) -> None:
    """The one that began later counts, whichever ends first; another moment is nobody's business."""
    later = Overtaken(lambda: TABLE.write(marts, rows_of(marts, {"a": "later"}), MARCH, {}))
    with pytest.raises(DestinationError, match=r"another job, which began later, has finished version 2.* of 2026-03"):
        TABLE.write(marts, rows_of(marts, {"a": "first", "b": "first"}), MARCH, later)
    assert seen(marts) == {("a", MARCH, "later")}
    assert [tuple(row) for row in TABLE.read(marts).frame.collect()] == [("a", "later")]
    elsewhere = Overtaken(lambda: TABLE.write(marts, rows_of(marts, {"a": "noon"}), NOON, {}))
    TABLE.write(marts, rows_of(marts, {"a": "again"}), MARCH, elsewhere)
    assert seen(marts) == {("a", MARCH, "again"), ("a", NOON, "noon")}


def test_files_lie_where_the_catalogue_says_whatever_columns_and_folders_are_called(marts: Any, tmp_path: Path) -> None:
    """A column `Location` is no line of the description, and a folder's name may hold what SQL quotes."""
    folder = tmp_path / "it's 100%3A here"
    marts.sql(f'CREATE SCHEMA odd LOCATION "{folder}"')
    try:
        table = CatalogueTable.named("odd.t")
        table.write(marts, rows_of(marts, {"a": "x"}, "customer_id string, Location string"), MARCH, {})
        assert [tuple(row)[:3] for row in marts.table("odd.t").collect()] == [("a", MARCH, "x")]
        assert len([*folder.rglob("as_of=2026-03*/version=*/*.parquet")]) > 1
    finally:
        marts.sql("DROP SCHEMA odd CASCADE")


class Broken(dict[str, Any]):
    """A story that cannot be written: it fails after the rows are written and before they are seen."""

    def items(self) -> ItemsView[str, Any]:
        raise RuntimeError


def test_a_write_that_fails_before_the_switch_is_seen_by_nobody(marts: Any) -> None:
    TABLE.write(marts, rows_of(marts, {"a": "x"}), MARCH, {})
    with pytest.raises(RuntimeError):
        TABLE.write(marts, rows_of(marts, {"a": "y"}), MARCH, Broken(say="it"))
    assert len(marts.sql("SHOW PARTITIONS marts.customer_segments_rows").collect()) == 2
    assert seen(marts) == {("a", MARCH, "x")}
    assert [tuple(row) for row in TABLE.read(marts).frame.collect()] == [("a", "x")]
    TABLE.write(marts, rows_of(marts, {"a": "z"}), MARCH, {})
    assert seen(marts) == {("a", MARCH, "z")}


def test_what_cannot_be_written_is_refused_and_changes_nothing(marts: Any) -> None:
    with pytest.raises(DestinationError, match="these vectors have none: set as_of"):
        TABLE.write(marts, rows_of(marts, {"a": "x"}), None, {})
    with pytest.raises(DestinationError, match="has a column version of its own"):
        TABLE.write(marts, rows_of(marts, {"a": "x"}, "customer_id string, version string"), MARCH, {})
    assert marts.catalog.listTables("marts") == []
    marts.sql("CREATE TABLE marts.customer_segments (customer_id string) USING parquet")
    with pytest.raises(DestinationError, match="is there already, and segments did not write it: name another"):
        TABLE.write(marts, rows_of(marts, {"a": "x"}), MARCH, {})
    marts.sql("DROP TABLE marts.customer_segments")
    TABLE.write(marts, rows_of(marts, {"a": "x"}), MARCH, {})
    for columns in ("customer_id string, segment string", "customer_id string, segment_id int"):
        with pytest.raises(DestinationError, match=r"differs in (segment, )?segment_id: name another table"):
            TABLE.write(marts, rows_of(marts, {}, columns), MARCH, {})
    assert seen(marts) == {("a", MARCH, "x")}


def test_a_table_that_is_not_there_and_names_that_are_none(marts: Any) -> None:
    with pytest.raises(SourceError, match=r"marts\.other is no table of Spark's catalogue that segments wrote"):
        CatalogueTable.named("marts.other").read(marts)
    for name in ("", "a.b.c.d", "a b", "a..b", "a`b", "a;b"):
        with pytest.raises(SettingsError, match="names no table of a catalogue"):
            CatalogueTable.named(name)


def test_a_driver_that_is_killed_before_the_switch_leaves_the_old_and_the_next_one_writes_the_new(
    spark: Any, tmp_path: Path
) -> None:
    """By drivers of their own, with a catalogue on disk."""
    assert spark is not None  # Java and pyspark are there
    with subprocess.Popen(
        [sys.executable, str(DRIVER), str(tmp_path), "first"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    ) as killed:  # fmt: skip
        assert killed.stdout is not None
        try:
            assert killed.stdout.readline() == "between\n"
        finally:
            os.killpg(killed.pid, signal.SIGKILL)
    written, finished = (
        [*tmp_path.glob(f"warehouse/customer_segments_{table}/as_of=2026-04*/*/*.parquet")]
        for table in ("rows", "versions")
    )
    assert (len({path.parent for path in written}), len(finished)) == (2, 1)
    command = [sys.executable, str(DRIVER), str(tmp_path), "second"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    march = [["a", "2026-03-01", "old"], ["b", "2026-03-01", "old"]]
    april = [["a", "2026-04-01"], ["b", "2026-04-01"]]
    assert json.loads(done.stdout.splitlines()[-1]) == [
        [*march, *([*row, "old"] for row in april)],
        [*march, *([*row, "new"] for row in april)],
    ]
