"""`segments rollback` warns of what callers of the former version lose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

import jobs.champion.rollback
import registry.versions.promotions
from cli import main
from commands import versions as commands_of_versions
from segment_model.contract import Column, Kind, Role, VectorContract
from segment_model.errors import ArtefactError
from segments import SegmentModel


@pytest.fixture
def rolled_back(kmeans_model: SegmentModel, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command from version 2, of these contracts, back to version 1."""
    contracts: dict[str, Any] = {"1": kmeans_model.contract}

    def fetch(_: object, which: str) -> Any:
        if which not in contracts:
            raise ArtefactError(f"version {which} is damaged")
        return SimpleNamespace(model=replace(kmeans_model, contract=contracts[which]))

    def run(**more: Any) -> Any:
        contracts.update({name.removeprefix("version_"): contract for name, contract in more.items()})
        return CliRunner().invoke(main, ["rollback"], catch_exceptions=False)

    moved = SimpleNamespace(before="2", after="1")
    monkeypatch.setattr(registry.versions.promotions, "rollback", lambda *_: moved)
    monkeypatch.setattr(jobs.champion.rollback, "fetch", fetch)
    monkeypatch.setattr(commands_of_versions, "location_of", lambda _: Path())
    return run


def test_what_callers_lose_is_a_warning(rolled_back: Any, kmeans_model: SegmentModel) -> None:
    more = VectorContract((*kmeans_model.contract.columns, Column("seats", Kind.COUNT, Role.DESCRIPTOR)))
    result = rolled_back(version_2=more)
    assert result.exit_code == 0
    assert result.stdout == "champion is version 1 again; it was version 2\n"
    assert result.stderr.startswith("warning: callers of version 2 may stumble: seats is not known any more.")


def test_of_the_same_contract_there_is_nothing_to_say(rolled_back: Any, kmeans_model: SegmentModel) -> None:
    assert rolled_back(version_2=kmeans_model.contract).stderr == ""


def test_a_damaged_version_can_be_left_all_the_same(rolled_back: Any) -> None:
    result = rolled_back()
    assert result.exit_code == 0
    assert "versions 2 and 1 were not compared: version 2 is damaged" in result.stderr
