"""The front door is quick, knows its commands, and answers mistakes in one line without touching the registry."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from cli import main
from jobs import discover
from registry.connection import RegistryLocation
from registry.versions.versions import list_versions
from segment_model.errors import DiscoveryError, RegistryError
from training.settings import Settings

COMMANDS = {
    *(
        "ablate",
        "assign",
        "compare",
        "conditions",
        "demo",
        "discover",
        "effects",
        "experiment",
        "explain",
        "features",
        "figures",
        "history",
        "odds",
    ),
    *("init", "key", "list", "package", "promote", "rank", "rename", "report", "rollback", "schema", "select", "serve"),
    *("simulate", "split", "sql", "sweep", "sync"),
}


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'pandas', 'numpy', 'mlflow', 'bentoml', 'ibis', 'sklearn', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_command_has_help() -> None:
    assert set(main.commands) == COMMANDS
    for name, command in main.commands.items():
        assert command.help, name
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0
        assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


def test_the_list_of_commands_cuts_no_sentence() -> None:
    listed = CliRunner().invoke(main, ["--help"]).output.partition("Commands:")[2].splitlines()
    assert {line.split()[0] for line in listed if line} == COMMANDS
    assert [line for line in listed if line and (not line.endswith(".") or line.endswith("..."))] == []


@pytest.mark.parametrize("command", [["list"], ["promote", "1"], ["serve"]])
def test_a_forgotten_config_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    there_is_none = "segments: there is no settings file segments.yaml here; name yours with --config"
    assert result.stderr == f"{there_is_none}, or write one: segments init FILE...\n"
    named = CliRunner().invoke(main, [*command, "--config", "mine.yaml"])
    assert named.stderr == "segments: there is no settings file mine.yaml\n"


def test_the_schema_completes_the_settings_file() -> None:
    schema = json.loads(CliRunner().invoke(main, ["schema"]).output)
    assert {"as_of", "sources", "features", "discovery", "registry"} <= schema["properties"].keys()
    assert set(schema["required"]) == {"sources"}  # tables without dates need no as-of moment


ORDERS = pd.DataFrame(
    {
        "customer_id": [f"kunde-ü{number % 60}" for number in range(600)],
        "order_id": [f"o{number}" for number in range(600)],
        "ordered_at": pd.date_range("2026-01-01", periods=600, freq="6h"),
        "amount": [10.0 + (number * 37 % 60) ** 2 for number in range(600)],
    }
)
KMEANS_500 = {"algorithm": "kmeans", "segments": 500}
KMEANS_3 = {"algorithms": [{"algorithm": "kmeans", "segments": 3}], "min_share": 0}


def settings_with(folder: Path, orders: Any, **change: Any) -> Path:
    if isinstance(orders, pd.DataFrame):
        orders.to_parquet(folder / "orders.parquet")
    elif orders is not None:
        (folder / "orders.parquet").write_bytes(orders)
    content = {"as_of": "2026-06-01", "sources": {"orders": {"file": "orders.parquet"}}, "discovery": KMEANS_3}
    config = folder / "segments.yaml"
    config.write_text(yaml.safe_dump({**content, **change}, allow_unicode=True))
    return config


@pytest.mark.parametrize(
    ("orders", "change", "message"),
    [
        (ORDERS.iloc[:0], {}, "no customer has a usable row before 2026-06-01. orders: 0 rows"),
        (ORDERS.iloc[:1], {}, "1 customer is too few"),
        (ORDERS.assign(amount=5.0, ordered_at=pd.Timestamp("2026-02-01")), {}, "are the same in every basis column"),
        (ORDERS, {"discovery": {"algorithms": [KMEANS_500], "max_segments": 500}}, "fewer than 500 different"),
        (ORDERS.assign(ordered_at=pd.Timestamp("2027-01-01")), {}, "600 not before as of"),
        (ORDERS.drop(columns="amount"), {}, "amount"),
        (ORDERS.assign(amount=None), {}, "amount"),
        (b"this is no Parquet file", {}, "orders.parquet"),
        (None, {}, "orders.parquet"),
        (ORDERS, {"sources": {"orders": {"postgres": "NO_SUCH_VARIABLE", "table": "orders"}}}, "NO_SUCH_VARIABLE"),
        (ORDERS, {"sources": {"orders": {"postgres": "DEAD_DATABASE", "table": "orders"}}}, "DEAD_DATABASE"),
        (ORDERS, {"discovery": {"sed": 1}}, "Did you mean 'seed'?"),
        (ORDERS, {"features": {"roles": {"recncy_days": "basis"}}}, "Did you mean 'recency_days'?"),
    ],
)  # fmt: skip
def test_degenerate_input_is_one_line_and_registers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orders: Any, change: dict[str, Any], message: str
) -> None:
    monkeypatch.setenv("DEAD_DATABASE", "postgresql://nobody:s3cret@127.0.0.1:9/none")
    config = settings_with(tmp_path, orders, **change)
    result = CliRunner().invoke(main, ["discover", str(config)])
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert "s3cret" not in result.output
    location = RegistryLocation(f"sqlite:///{tmp_path / 'mlflow.db'}")
    with pytest.raises(RegistryError, match="there is no registry"):
        list_versions(location)


@pytest.mark.parametrize(
    ("options", "preferred"),
    [
        ([], "continuity"),
        (["--prefer", "continuity"], "continuity"),
        (["--prefer", "quality"], "quality"),
        (["--fresh"], "fresh"),
    ],
)
def test_what_becomes_of_the_champion_is_an_option_of_discover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], preferred: str
) -> None:
    asked: list[str] = []

    def run(settings: Settings, *_: Any) -> None:
        asked.append(settings.discovery.prefer)
        raise DiscoveryError("no more is needed")

    monkeypatch.setattr(discover, "run_discovery", run)
    outcome = CliRunner().invoke(main, ["discover", str(settings_with(tmp_path, ORDERS)), *options])
    assert "no more is needed" in outcome.stderr
    assert asked == [preferred]


def test_no_two_options_fill_one_argument() -> None:
    """click checks the value of a flag against the choices of another option that fills the same argument."""

    def walked(command: click.Command, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
        if not isinstance(command, click.Group):
            return [(path, command)]
        context = click.Context(command)
        inside = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
        return [each for name, below in inside if below is not None for each in walked(below, (*path, name))]

    commands = walked(main, ())
    assert len(commands) > 20
    for path, command in commands:
        filled = [parameter.name for parameter in command.params]
        assert len(filled) == len(set(filled)), f"{' '.join(path)}: two options fill one argument"


def test_the_champion_is_not_both_ignored_and_weighed(tmp_path: Path) -> None:
    config = settings_with(tmp_path, ORDERS)
    refused = CliRunner().invoke(main, ["discover", str(config), "--fresh", "--prefer", "quality"])
    assert refused.exit_code == 2
    assert "leave out one of them" in refused.stderr


@pytest.mark.parametrize("command", [["rename", "\udcff", "Loyal"], ["sql", "--table", "caf\udce9"]])
def test_bytes_that_are_no_text_are_one_line(command: list[str]) -> None:
    invoked = CliRunner().invoke(main, command)
    assert invoked.exit_code == 2
    assert "is no text in UTF-8: set the terminal to UTF-8" in invoked.stderr


def test_debug_shows_the_trace(tmp_path: Path) -> None:
    config = settings_with(tmp_path, ORDERS.iloc[:0])
    done = subprocess.run(
        [sys.executable, "-m", "cli", "--debug", "discover", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" in done.stderr
    assert "SourceError" in done.stderr


def test_unicode_ids_future_rows_and_constant_columns_are_fine(tmp_path: Path) -> None:
    future = ORDERS.assign(ordered_at=ORDERS["ordered_at"] + pd.Timedelta(days=365), order_id="future")
    config = settings_with(tmp_path, pd.concat([ORDERS, future]))
    out = tmp_path / "vectors.parquet"
    output = CliRunner().invoke(main, ["features", str(config), "--out", str(out)], catch_exceptions=False).output
    assert "600 not before as of" in output
    again = settings_with(tmp_path, ORDERS)
    other = tmp_path / "without-future.parquet"
    CliRunner().invoke(main, ["features", str(again), "--out", str(other)], catch_exceptions=False)
    pd.testing.assert_frame_equal(pd.read_parquet(out), pd.read_parquet(other))
    assert "kunde-ü7" in set(pd.read_parquet(out)["customer_id"])


def test_as_of_on_the_command_line_overrides_the_settings(tmp_path: Path) -> None:
    config = settings_with(tmp_path, ORDERS)
    out = tmp_path / "vectors.parquet"
    arguments = ["features", str(config), "--as-of", "2026-03-01", "--out", str(out)]
    outcome = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert "as of 2026-03-01" in outcome.output
    assert pd.read_parquet(out)["recency_days"].max() <= 59
    refused = CliRunner().invoke(main, ["features", str(config), "--as-of", "soon", "--out", str(out)])
    assert refused.exit_code == 2
    assert "'soon' is not a date such as 2026-07-01" in refused.output


def test_a_key_is_printed_once_and_revoked_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    made = CliRunner().invoke(main, ["key", "web shop", "--file", str(file)])
    key = made.stdout.strip()
    assert (made.exit_code, len(key)) == (0, 43)
    assert key not in file.read_text()
    assert key not in made.stderr
    again = CliRunner().invoke(main, ["key", "web shop", "--file", str(file)])
    assert (again.exit_code, again.stdout) == (2, "")
    assert "has a key named 'web shop' already" in again.stderr
    gone = CliRunner().invoke(main, ["key", "web shop", "--file", str(file), "--revoke"])
    assert (gone.exit_code, json.loads(file.read_text())) == (0, {})
    lost = CliRunner().invoke(main, ["key", "web", "--file", str(tmp_path / "none" / "keys.json")])
    assert (lost.exit_code, lost.stderr.count("\n")) == (2, 1)


def test_a_disk_without_room_for_what_is_printed_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "cli", "schema"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.stderr == "segments: No space left on device: make room, and run the command again\n"
    assert done.returncode == 2
