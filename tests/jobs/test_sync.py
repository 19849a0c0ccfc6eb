"""With the server down a discovery is finished and kept; `segments sync` sends it once, whatever breaks off."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cli import main
from experiments.load.service_process import free_port
from jobs import conclusion, delivery
from jobs.discover import run_discovery
from jobs.sync import sync
from registry.connection import RegistryLocation, connected
from registry.versions.versions import fetch, list_versions
from reporting.pictures.all_pictures import DrawnPictures
from segment_model.errors import SegmentsError, SettingsError, UnreachableError
from segment_model.storage.file_lock import HeldError, exclusive_lock, shared_lock
from training.outbox.pending_runs import (
    FOLDER,
    LOCK,
    RECORD,
    WRITING,
    PendingRecord,
    read_pending,
    remove_leftovers,
    waiting_folders,
    write_pending,
)
from training.settings import read_settings

REPOSITORY = Path(__file__).parents[2]
UP: dict[str, Any] = {}  # a SQLite file beside the settings


def folder_with(folder: Path, registry: dict[str, Any], growth: float = 1.0) -> Path:
    rows = []
    for customer in range(60):
        orders, amount = ((3, 8.0), (20, 150.0 * growth))[customer % 2]
        rows += [
            {
                "customer_id": f"kunde-ü{customer}",
                "order_id": f"o{customer}-{number}",
                "ordered_at": pd.Timestamp("2026-06-01") - pd.Timedelta(hours=7 + 31 * number * (41 - 2 * orders)),
                "amount": amount * (1 + 0.01 * ((customer * 7 + number) % 13)),
            }
            for number in range(orders)
        ]
    pd.DataFrame(rows).to_parquet(folder / "orders.parquet")
    content = {
        "as_of": "2026-06-01",
        "sources": {"orders": {"file": "orders.parquet"}},
        "discovery": {"algorithms": [{"algorithm": "kmeans", "segments": 2, "starts": 1}]},
        "registry": registry,
    }
    config = folder / "shop.yaml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    return config


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def here(folder: Path) -> RegistryLocation:
    return RegistryLocation(f"sqlite:///{folder / 'mlflow.db'}")


def parents(folder: Path) -> list[Any]:
    with connected(here(folder)) as connection:
        runs = connection.client.search_runs([connection.experiment_id()])
    return [entry for entry in runs if "mlflow.parentRunId" not in entry.data.tags]


def kept(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / FOLDER).glob("*") if path.name not in (LOCK, WRITING))


@pytest.fixture(scope="module", autouse=True)
def quickly_drawn() -> Iterator[None]:
    """Drawing and the analyst's record take most of a discovery's time, and are tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conclusion, "draw_pictures", lambda _: DrawnPictures({"customer_map": b"\x89PNG drawn"}, {}))
        patch.setattr(conclusion, "analyse", lambda *_: (None, "not computed in this test"))
        yield


@pytest.fixture(scope="module")
def server_port() -> int:
    """Of a server that is not there yet."""
    return free_port()


@pytest.fixture(scope="module")
def discovered_while_down(tmp_path_factory: pytest.TempPathFactory, server_port: int) -> tuple[Path, Result]:
    """To be copied, not changed."""
    folder = tmp_path_factory.mktemp("down")
    config = folder_with(folder, {"tracking_uri": f"http://127.0.0.1:{server_port}"})
    return folder, run("discover", config, "--promote", "--report", folder / "report.html")


@pytest.fixture
def shop(discovered_while_down: tuple[Path, Result], tmp_path: Path) -> Path:
    shutil.copytree(discovered_while_down[0], tmp_path / "shop")
    return tmp_path / "shop"


def test_with_the_server_down_everything_is_kept_and_one_line_says_so(
    discovered_while_down: tuple[Path, Result],
) -> None:
    folder, result = discovered_while_down
    assert result.exit_code == 3
    (pending,) = kept(folder)
    assert result.stderr == (
        "segments: finished, but MLflow did not answer, so nothing is registered. Kept in "
        f"{pending}; send it once MLflow answers: segments sync --config {folder / 'shop.yaml'}\n"
    )
    assert result.output.count("does not answer: start it") == 1
    assert "is now the champion" not in result.output
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")
    files = {path.relative_to(pending).as_posix() for path in pending.rglob("*") if path.is_file()}
    assert {RECORD, "vectors.parquet", "files/report.html", "files/settings.yaml", "files/rules.sql"} <= files
    assert {"files/tables/candidates.csv", "files/tables/segments.csv"} <= files
    assert (pending / "files/figures/customer_map.png").read_bytes() == b"\x89PNG drawn"
    assert [name for name in files if name.startswith("model/")]
    assert stat.S_IMODE(pending.stat().st_mode) == 0o700
    story = json.loads((pending / RECORD).read_text(encoding="utf-8"))
    assert story["metrics"]["customers"] == 60
    assert story["parameters"]["discovery.algorithms"] == [{"algorithm": "kmeans", "segments": 2, "starts": 1}]
    assert story["ended"] > story["began"]


def test_the_server_is_down_then_up_then_down(
    shop: Path, server_port: int, mlflow_server: Any, tries: list[float]
) -> None:
    """The same settings throughout."""
    (pending,) = kept(shop)
    digest = read_pending(pending).record.model.digest  # type: ignore[union-attr]
    result = run("sync", "--config", shop / "shop.yaml")
    assert tries == [10, 10, 10], "seconds; without our limits it tries for minutes"
    assert result.exit_code == 2
    assert f"the MLflow server at http://127.0.0.1:{server_port} does not answer" in result.stderr
    assert result.stderr.count("\n") == 1
    assert kept(shop) == [pending]

    with mlflow_server(shop / "server", server_port).running():
        sent = run("sync", "--config", shop / "shop.yaml")
        assert "registered customer-segments version 1" in sent.output
        assert kept(shop) == []
        assert run("sync", "--config", shop / "shop.yaml").output == "there is nothing to send\n"
        location = RegistryLocation(f"http://127.0.0.1:{server_port}")
        assert [version.digest for version in list_versions(location)] == [digest]
        assert fetch(location, "1").model.digest == digest
        with connected(location) as connection:
            run_id = list_versions(location)[0].run_id
            stored = {entry.path for entry in connection.client.list_artifacts(run_id)}
        assert {"report.html", "settings.yaml", "figures", "tables"} <= stored
    assert run("sync", "--config", shop / "shop.yaml").output == "there is nothing to send\n"  # it need not ask


def test_it_is_sent_once_though_killed_twice_in_between(shop: Path) -> None:
    """Killed by the system before the run is whole, and again between the run and the version."""
    folder_with(shop, UP)
    (pending,) = kept(shop)
    model = read_pending(pending).record.model
    ended = []
    for killed_in in ("log_model_artifacts", "create_model_version"):
        code = f"""
import os, signal, sys
sys.path.insert(0, {str(REPOSITORY)!r})
from registry.connection import load_mlflow
load_mlflow().MlflowClient.{killed_in} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
from cli import main
main(["sync", "--config", "shop.yaml"])
"""
        done = subprocess.run([sys.executable, "-c", code], cwd=shop, capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert kept(shop) == [pending]
        ended.append("1 run that a killed process left RUNNING is KILLED now" in done.stdout)
    assert ended == [False, True]
    assert sorted(entry.info.status for entry in parents(shop)) == ["FINISHED", "KILLED"]
    assert list_versions(here(shop)) == []

    sent = run("sync", "--config", shop / "shop.yaml")
    assert sent.exit_code == 0
    assert "registered customer-segments version 1" in sent.output
    assert "segments promote 1" in sent.output
    assert kept(shop) == []
    assert sorted(entry.info.status for entry in parents(shop)) == ["FINISHED", "KILLED"]
    (version,) = list_versions(here(shop))
    assert model is not None
    fetched = fetch(here(shop), "1").model
    assert fetched.digest == model.digest == version.digest
    with connected(here(shop)) as connection:
        stored = {entry.path for entry in connection.client.list_artifacts(version.run_id)}
        (used,) = connection.client.get_run(version.run_id).inputs.dataset_inputs
    assert {"report.html", "settings.yaml", "figures", "tables", "rules.sql"} <= stored
    assert json.loads(used.dataset.profile)["num_rows"] == 60

    again = run("sync", "--config", shop / "shop.yaml")
    assert (again.exit_code, again.output) == (0, "there is nothing to send\n")
    assert len(list_versions(here(shop))) == 1


def test_a_discovery_killed_while_it_logs_is_ended_by_the_next(tmp_path: Path) -> None:
    """Killed by the system: no version, and one run marked RUNNING until `segments discover` starts again."""
    config = folder_with(tmp_path, UP)
    code = f"""
import os, signal, sys
sys.path.insert(0, {str(REPOSITORY)!r})
from registry.connection import load_mlflow
load_mlflow().MlflowClient.log_model_artifacts = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
from jobs import conclusion
from reporting.pictures.all_pictures import DrawnPictures
conclusion.draw_pictures = lambda _: DrawnPictures({{}}, {{}})
from cli import main
main(["discover", "shop.yaml"])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [entry.info.status for entry in parents(tmp_path)] == ["RUNNING"]
    assert list_versions(here(tmp_path)) == []

    again = run("discover", config)
    assert again.exit_code == 0, again.output
    assert "1 run that a killed process left RUNNING is KILLED now" in again.output
    with connected(here(tmp_path)) as connection:
        every = connection.client.search_runs([connection.experiment_id()])
        models = connection.client.search_logged_models([connection.experiment_id()])
    assert sorted(entry.info.status for entry in parents(tmp_path)) == ["FINISHED", "KILLED"]
    assert "RUNNING" not in {entry.info.status for entry in every}
    assert sorted(entry.status.value for entry in models) == ["FAILED", "READY"]
    (version,) = list_versions(here(tmp_path))
    (finished,) = (entry.info.run_id for entry in parents(tmp_path) if entry.info.status == "FINISHED")
    assert (version.version, version.run_id) == ("1", finished)
    assert kept(tmp_path) == []


def test_with_another_champion_by_then_its_segments_are_continued(shop: Path) -> None:
    """The discovery could not ask for the champion; so it is made anew, with its ids."""
    folder_with(shop, UP, growth=1.1)  # other customers' data: another model
    assert run("discover", shop / "shop.yaml", "--promote").exit_code == 0
    champion = fetch(here(shop))
    (pending,) = kept(shop)
    alone = read_pending(pending).record.model
    assert alone is not None
    assert not set(alone.ids) & set(champion.model.ids)
    sent = run("sync", "--config", shop / "shop.yaml")
    assert sent.exit_code == 0
    assert "knew no champion: discovering anew, to continue the segments of the present one" in sent.output
    assert kept(shop) == []
    made = fetch(here(shop), "2")
    assert made.model.ids == champion.model.ids
    assert made.model.provenance["settings"] == alone.provenance["settings"]
    assert made.model.provenance.get("raw_columns") == alone.provenance.get("raw_columns")
    assert made.model.provenance["data_digest"] == alone.provenance["data_digest"]
    assert made.model.provenance["lineage"]["incumbent"] == champion.model.digest
    assert fetch(here(shop)).version == "1"


def test_the_same_champion_needs_nothing_anew(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server went down while the discovery ran: it knew its champion."""
    config = folder_with(shop, UP)
    for folder in kept(shop):
        for path in sorted(folder.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        folder.rmdir()
    assert run("discover", config, "--promote").exit_code == 0
    champion = fetch(here(shop)).model

    def gone(*_: Any) -> Any:
        raise UnreachableError("the MLflow server at http://here does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "log_discovery", gone)
        heard: list[str] = []
        outcome = run_discovery(read_settings(config)[0], shop, heard.append, lambda *_: None)
    assert outcome.kept == kept(shop)[0]
    assert [line for line in heard if "does not answer. The discovery is kept here" in line]
    with pytest.raises(UnreachableError, match="not registered yet: it is kept in"):
        _ = outcome.version
    monkeypatch.setattr("jobs.sync.conclude", lambda *_: pytest.fail("it was discovered anew"))
    done = sync(read_settings(config)[0], shop, heard.append, lambda *_: None)
    assert [sent.version for sent in done.sent] == ["2"]
    made = fetch(here(shop), "2").model
    assert made.digest == outcome.discovery.model.digest
    assert made.ids == champion.ids


def test_what_waits_for_another_registry_is_left(shop: Path) -> None:
    config = folder_with(shop, {"model_name": "another"})
    result = run("sync", "--config", config)
    assert "there is nothing to send" in result.output
    assert "kept for another model_name or experiment, and left there: 1" in result.output
    assert len(kept(shop)) == 1


def damage(folder: Path, what: str, content: Any) -> None:
    """Write something else into a file, or into a key of the record; None takes it away."""
    if what in PendingRecord.model_fields:
        story = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        story[what] = content
        if content is None:
            del story[what]
        what, content = RECORD, json.dumps(story).encode()
    path = folder / what
    if content is None:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    elif content == "a folder":
        path.unlink(missing_ok=True)
        path.mkdir()
    else:
        path.write_bytes(content)


DAMAGES: list[tuple[str, Any, str]] = [
    (RECORD, None, "record.json cannot be read: "),
    (RECORD, b"", "record.json cannot be read: Expecting value"),
    (RECORD, b"\xff\xfe", "record.json cannot be read: "),
    (RECORD, b"[]", "record.json must hold keys (format, champion, settings"),
    (RECORD, b"[" * 100_000, "record.json cannot be read: "),
    (RECORD, b"{}", "'settings' is needed"),
    (RECORD, b'{"format": 3}', "is of format 3; this version reads up to 2"),
    (RECORD, "a folder", "record.json cannot be read: "),
    ("champion", None, "'champion' is needed"),
    ("settings", [], "'settings' must be a block of names (found [])"),
    ("settings", {}, "the settings in "),
    ("tags", {"a": 1}, "'tags.a' must be text (found 1). Put it in quotes"),
    ("tags", {}, "is needed, because it identifies the run of the discovery"),
    ("metrics", {"a": "b"}, "'metrics.a' must be a number (found 'b')"),
    ("parameters", [1], "'parameters' must be "),
    ("began", "noon", "'began' must be "),
    ("raw_columns", {"orders": "amount"}, "'raw_columns.orders' must be a list, each entry text (found 'amount')"),
    ("data_digest", "sha256:00", "are not of the same customers"),
    ("vectors.parquet", None, "there is no file "),
    ("vectors.parquet", b"PAR1", "is not a vector file"),
    ("vectors.parquet", "a folder", "vectors.parquet"),
    ("model", None, "holds no saved model"),
    ("model/manifest.json", b"{", "is not valid JSON"),
    ("model/manifest.json", "a folder", "cannot be read: "),
    ("model/model.json", b"{}", "was changed after it was saved"),
    ("files", None, "files is missing"),
]


@pytest.mark.parametrize(("what", "content", "message"), DAMAGES)
def test_whatever_is_damaged_is_one_line_and_nothing_is_sent(
    shop: Path, monkeypatch: pytest.MonkeyPatch, what: str, content: Any, message: str
) -> None:
    folder_with(shop, UP)
    (pending,) = kept(shop)
    damage(pending, what, content)
    for asked in ("finished_run", "send", "register"):
        monkeypatch.setattr(f"jobs.sync.{asked}", lambda *_: pytest.fail("the registry was asked to take it"))
    monkeypatch.setattr("jobs.sync.end_killed", lambda *_: None)
    result = run("sync", "--config", shop / "shop.yaml")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"segments: {pending} cannot be sent: ")
    assert message in result.stderr
    assert result.stderr.endswith("Delete the folder to give it up\n")
    assert result.stderr.count("\n") == 1
    assert "nothing to send" not in result.output
    assert kept(shop) == [pending]


def test_what_the_version_before_kept_is_sent(shop: Path) -> None:
    """Format 1 held the candidates, and neither parameters nor times."""
    folder_with(shop, UP)
    (pending,) = kept(shop)
    story = json.loads((pending / RECORD).read_text(encoding="utf-8"))
    for part in ("parameters", "began", "ended"):
        del story[part]
    candidates = [{"name": "KMeans, 2 segments", "params": {"segments": 2}, "metrics": {}, "tags": {}}]
    (pending / RECORD).write_text(json.dumps({**story, "format": 1, "candidates": candidates}), encoding="utf-8")
    assert "registered customer-segments version 1" in run("sync", "--config", shop / "shop.yaml").output
    (sent,) = parents(shop)
    assert sent.data.params == {}
    assert sent.data.metrics["customers"] == 60


@given(place=st.floats(0, 1), put=st.binary(max_size=4), cut=st.integers(0, 4))
@settings(max_examples=150)
def test_bytes_changed_anywhere_are_noticed_or_harmless(
    discovered_while_down: tuple[Path, Result], place: float, put: bytes, cut: int
) -> None:
    """A record that can be read still is one; vectors that can be read are the same."""
    (pending,) = kept(discovered_while_down[0])
    whole = read_pending(pending)
    for name in (RECORD, "vectors.parquet"):
        content = (pending / name).read_bytes()
        at = int(place * len(content))
        try:
            (pending / name).write_bytes(content[:at] + put + content[at + cut :])
            restored = read_pending(pending)
            assert restored.vectors.digest == whole.vectors.digest
            pd.testing.assert_frame_equal(restored.vectors.frame, whole.vectors.frame)
            assert restored.discovery
        except SegmentsError:
            pass
        finally:
            (pending / name).write_bytes(content)


def test_a_damaged_folder_does_not_stand_in_the_way_of_another(shop: Path) -> None:
    config = folder_with(shop, UP)
    (whole,) = kept(shop)
    damaged = whole.with_name("20200101T000000Z-older")
    shutil.copytree(whole, damaged)
    damage(damaged, RECORD, b"[]")
    result = run("sync", "--config", config)
    assert result.exit_code == 2
    assert "registered customer-segments version 1" in result.output
    assert result.stderr.startswith(f"segments: {damaged} cannot be sent: ")
    assert kept(shop) == [damaged]
    assert len(list_versions(here(shop))) == 1
    shutil.rmtree(damaged)
    assert run("sync", "--config", config).output == "there is nothing to send\n"


def test_a_damaged_folder_is_named_and_stays(shop: Path) -> None:
    config = folder_with(shop, UP)
    (pending,) = kept(shop)
    (pending / "vectors.parquet").write_bytes(b"damaged")
    result = run("sync", "--config", config)
    assert result.exit_code == 2
    assert f"{pending} cannot be sent: " in result.stderr
    assert "Delete the folder to give it up" in result.stderr
    assert kept(shop) == [pending]
    (pending / RECORD).write_text("{")
    assert "cannot be read" in run("sync", "--config", config).stderr


def test_two_processes_do_not_send_at_once_and_a_dead_one_stands_in_nobodys_way(shop: Path) -> None:
    config = folder_with(shop, UP)
    place = shop / FOLDER
    other = f"""
import sys; sys.path.insert(0, {str(REPOSITORY)!r})
from pathlib import Path
from segment_model.storage.file_lock import exclusive_lock
with exclusive_lock(Path({str(place / LOCK)!r}), "another has it"):
    print("held", flush=True)
    sys.stdin.read()
"""
    child = subprocess.Popen([sys.executable, "-c", other], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        refused = run("sync", "--config", config)
        assert refused.exit_code == 2
        assert refused.stderr == (
            f"segments: another process sends what waits in {place} now: ask again when it is through\n"
        )
        assert "nothing to send" not in refused.output
        assert not (shop / "mlflow.db").exists()
        assert len(kept(shop)) == 1
    finally:
        child.kill()
        child.communicate()
    assert (place / LOCK).exists()
    assert "registered customer-segments version 1" in run("sync", "--config", config).output
    assert kept(shop) == []


def test_a_lock_that_cannot_be_made_is_one_line(shop: Path) -> None:
    lock = shop / FOLDER / LOCK
    lock.mkdir()
    refused = run("sync", "--config", folder_with(shop, UP))
    assert refused.exit_code == 2
    assert refused.stderr == f"segments: {lock} cannot be written: Is a directory\n"
    assert len(kept(shop)) == 1


def test_what_is_not_whole_does_not_wait(shop: Path) -> None:
    settings = read_settings(shop / "shop.yaml")[0]
    (pending,) = kept(shop)
    assert waiting_folders(shop, settings) == ([pending], 0)
    pending.rename(pending.with_name(f".writing-{pending.name}"))
    assert waiting_folders(shop, settings) == ([], 0)
    assert waiting_folders(shop / "nowhere", settings) == ([], 0)


def test_what_a_killed_process_left_is_deleted_by_the_next(shop: Path) -> None:
    (pending,) = kept(shop)
    record = read_pending(pending).record
    for beginning in (".writing-", ".sent-"):
        shutil.copytree(pending, pending.with_name(f"{beginning}{pending.name}"))
    announced: list[str] = []
    anew = write_pending(shop, record, read_pending(pending).vectors, "", announced.append)
    assert announced == []
    assert {path.name for path in (shop / FOLDER).iterdir() if path.is_dir()} == {pending.name, anew.name}
    for folder in (pending, anew):
        folder.rename(folder.with_name(f".sent-{folder.name}"))
    assert run("sync", "--config", folder_with(shop, UP)).output == "there is nothing to send\n"
    assert not [path for path in (shop / FOLDER).iterdir() if path.is_dir()]


def test_what_somebody_writes_at_this_moment_is_left_alone(shop: Path) -> None:
    (pending,) = kept(shop)
    place = shop / FOLDER
    writing, sent = (pending.with_name(f"{beginning}{pending.name}") for beginning in (".writing-", ".sent-"))
    shutil.copytree(pending, writing)
    shutil.copytree(pending, sent)
    with shared_lock(place / WRITING), shared_lock(place / WRITING), exclusive_lock(place / LOCK, "one only"):
        assert remove_leftovers(shop) == ()
        assert writing.exists()
        assert sent.exists()
    assert remove_leftovers(shop) == ()
    assert not writing.exists()
    assert not sent.exists()
    assert remove_leftovers(shop / "nowhere") == ()
    assert not (shop / "nowhere").exists()


def test_where_nothing_can_be_locked_a_discovery_is_kept_and_nothing_tidied(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder,) = kept(shop)
    pending, left = read_pending(folder), folder.with_name(f".writing-{folder.name}")
    shutil.copytree(folder, left)

    def without_locks(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    announced: list[str] = []
    lock = folder.with_name(WRITING)
    with monkeypatch.context() as only:
        only.setattr(fcntl, "flock", without_locks)
        anew = write_pending(shop, pending.record, pending.vectors, "", announced.append)
        failed = run("sync", "--config", folder_with(shop, UP))
    assert read_pending(anew).record.data_digest == pending.record.data_digest
    assert left.exists()
    assert announced == [
        f"{folder.with_name('.writing-')}* may hold customers that nobody needs any more, and stays: "
        f"{lock} cannot be locked: No locks available",
        f"{lock} cannot be locked (No locks available); the discovery is kept all the same",
    ]
    assert failed.stderr == f"segments: {folder.with_name(LOCK)} cannot be locked: No locks available\n"
    assert kept(shop) == [left, folder, anew]
    assert remove_leftovers(shop) == ()
    assert not left.exists()


def test_what_keep_finds_left_and_cannot_delete_is_told(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder,) = kept(shop)
    pending, left = read_pending(folder), folder.with_name(f".sent-{folder.name}")
    folder.rename(left)
    real = shutil.rmtree

    def denied(path: Any, *rest: Any, **more: Any) -> None:
        if Path(path) == left:
            raise PermissionError(errno.EACCES, "Permission denied")
        real(path, *rest, **more)

    announced: list[str] = []
    monkeypatch.setattr(shutil, "rmtree", denied)
    anew = write_pending(shop, pending.record, pending.vectors, "", announced.append)
    assert announced == [f"{left} holds customers that nobody needs any more, and cannot be deleted: Permission denied"]
    assert kept(shop) == [left, anew]


def test_a_lock_is_for_the_group_and_held_by_who_may_only_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / WRITING
    before = os.umask(0o002)
    try:
        with shared_lock(lock):
            assert stat.S_IMODE(lock.stat().st_mode) == 0o660
    finally:
        os.umask(before)
    real = os.open

    def reading_only(path: Any, flags: int, *rest: Any) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", reading_only)
    with shared_lock(lock), pytest.raises(HeldError, match="held"), exclusive_lock(lock, "it is held"):
        pass
    with exclusive_lock(lock, "it is held"), pytest.raises(HeldError, match="held"), exclusive_lock(lock, "it is held"):
        pass


def test_what_cannot_be_written_leaves_nothing_behind(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder,) = kept(shop)
    pending = read_pending(folder)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.outbox.pending_runs.write_vectors", full)
    with pytest.raises(SettingsError, match=r"cannot be kept in .*: No space left on device"):
        write_pending(shop, pending.record, pending.vectors, "", print)
    assert [path for path in (shop / FOLDER).iterdir() if path.is_dir()] == [folder]


def test_what_was_sent_and_cannot_be_deleted_is_told_with_the_place_where_it_is(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = folder_with(shop, UP)
    (pending,) = kept(shop)
    left = pending.with_name(f".sent-{pending.name}")

    real = shutil.rmtree

    def denied(path: Any, *rest: Any, **more: Any) -> None:
        if Path(path) == left:
            raise PermissionError(13, "Permission denied")
        real(path, *rest, **more)

    with monkeypatch.context() as only:
        only.setattr(shutil, "rmtree", denied)
        first, second = run("sync", "--config", config), run("sync", "--config", config)
    assert "registered customer-segments version 1" in first.output
    assert first.stderr == (
        f"segments: the discovery in {left} was sent, but the folder cannot be deleted: Permission denied\n"
    )
    assert second.stderr == (
        f"segments: {left} holds customers that nobody needs any more, and cannot be deleted: Permission denied\n"
    )
    assert run("sync", "--config", config).output == "there is nothing to send\n"
    assert not left.exists()
