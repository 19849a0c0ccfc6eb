"""`segments list` shows what the registry holds, also without a champion and beside versions of other programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from cli import main
from registry.connection import DEFAULT_NAME, RegistryLocation, connected
from registry.versions.segment_names import find_segment_id
from segment_model.errors import RegistryError

pytestmark = [
    # mlflow 3.17 maps a table by a loader strategy that sqlalchemy is about to remove
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"),
]

OURS = {"digest": "sha256:abc", "segment_ids": json.dumps(["seg-a", "seg-b"]), "verdict": "distinct groups"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry without a model; making its tables takes seconds."""
    folder = tmp_path_factory.mktemp("listed")
    settings = {"as_of": "2026-07-01", "sources": {"orders": {"file": "orders.csv"}}}
    (folder / "segments.yaml").write_text(yaml.safe_dump({**settings, "registry": {"tracking_uri": "sqlite:///r.db"}}))
    with connected(RegistryLocation(f"sqlite:///{folder / 'r.db'}"), create=True) as connection:
        connection.client.search_registered_models()
    return folder


def add_versions(folder: Path, *tags: dict[str, str], alias: tuple[str, str] | None = None) -> RegistryLocation:
    """Make the model anew with a version for each set of tags."""
    location = RegistryLocation(f"sqlite:///{folder / 'r.db'}")
    with connected(location) as connection:
        if connection.client.search_registered_models():
            connection.client.delete_registered_model(DEFAULT_NAME)
        if tags:
            connection.client.create_registered_model(DEFAULT_NAME)
        for own in tags:
            connection.client.create_model_version(DEFAULT_NAME, source=str(folder / "nowhere"), tags=own)
        if alias is not None:
            connection.client.set_registered_model_alias(DEFAULT_NAME, *alias)
    return location


def run(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["list", "--config", str(folder / "segments.yaml"), *more])


def lines_of(result: Result) -> list[str]:
    """What was printed, without the times."""
    return [line.rpartition(", ")[0] for line in result.stdout.splitlines()]


def test_a_registry_without_a_champion_shows_its_versions_and_names_those_of_others(shared: Path) -> None:
    add_versions(shared, OURS, {"made by": "somebody"}, {**OURS, "segment_ids": "{"})
    listed = run(shared)
    assert listed.exit_code == 0, listed.output
    assert lines_of(listed) == [
        "version 3: not registered by `segments`, distinct groups",
        "version 2: not registered by `segments`",
        "version 1: 2 segments, distinct groups",
    ]
    assert listed.stderr == "there is no champion yet: set one by `segments promote VERSION`\n"


@pytest.mark.parametrize(
    ("version", "message"), [("2", "version 2 of 'customer-segments' has no tag 'digest'"), ("1", "the files of the")]
)
def test_a_champion_that_cannot_be_read_hides_no_version(shared: Path, version: str, message: str) -> None:
    """Version 2 is of another program; the files of version 1 are lost."""
    add_versions(shared, OURS, {}, alias=("champion", version))
    listed = run(shared)
    assert (listed.exit_code, len(lines_of(listed))) == (2, 2)
    assert f"version {version} (champion): " in listed.stdout
    assert message in listed.stderr


def test_a_model_that_was_asked_for_and_is_not_there_is_an_error(shared: Path) -> None:
    add_versions(shared, OURS)
    listed = run(shared, "--model", "challenger")
    assert (listed.exit_code, lines_of(listed)) == (2, ["version 1: 2 segments, distinct groups"])
    assert "no version or alias 'challenger'" in listed.stderr
    add_versions(shared)
    nothing = run(shared)
    assert (nothing.exit_code, nothing.stdout) == (2, "")
    assert "run `segments discover` first" in nothing.stderr


def test_segments_are_looked_for_beside_versions_of_others(shared: Path) -> None:
    location = add_versions(shared, OURS, {})
    assert find_segment_id(location, "seg-b") == "seg-b"
    with pytest.raises(RegistryError, match="no version of 'customer-segments' has a segment 'Loyal'"):
        find_segment_id(location, "Loyal")
