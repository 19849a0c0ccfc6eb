"""The generated blocks hold what the code declares, and a stale page fails the check."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel, Field

import cli
import serving
from features.catalogue import every_column
from reference.__main__ import DOCS, PAGES, all_blocks, main
from reference.commands import blocks as command_blocks
from reference.settings import model_table, models_in
from segment_model.errors import SettingsError
from serving.contracts.error_codes import ERROR_CODES
from training.settings import Settings


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A copy of the pages."""
    for name in PAGES:
        shutil.copy(DOCS / name, tmp_path / name)
    return tmp_path


def check(docs: Path) -> click.testing.Result:
    return CliRunner().invoke(main, ["--check", "--docs", str(docs)])


def test_the_pages_are_current(docs: Path) -> None:
    assert check(docs).exit_code == 0, check(docs).output


def test_a_changed_default_makes_the_page_stale_until_it_is_written_anew(docs: Path) -> None:
    page = docs / "reference.md"
    before = page.read_text(encoding="utf-8")
    page.write_text(before.replace("| `3000` |", "| `3001` |"), encoding="utf-8")
    stale = check(docs)
    assert stale.exit_code == 1
    assert "reference.md" in stale.output
    assert "make docs" in stale.output
    assert CliRunner().invoke(main, ["--docs", str(docs)]).exit_code == 0
    assert page.read_text(encoding="utf-8") == before


def test_a_new_command_needs_help_for_each_option(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = click.Command("paint", params=[click.Option(["--colour"])], help="Paint.")
    monkeypatch.setitem(cli.main.commands, "paint", silent)
    with pytest.raises(SettingsError, match="--colour"):
        command_blocks()


def test_a_new_command_has_a_block_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = click.Command("paint", params=[click.Option(["--colour"], help="Which.")], help="Paint.")
    monkeypatch.setitem(cli.main.commands, "paint", spoken)
    assert "| `--colour TEXT` | | Which. |" in command_blocks()["command paint"]


def test_every_model_of_the_settings_is_on_the_page() -> None:
    text = "\n".join(all_blocks().values())
    keys = {name for model in models_in(Settings) for name in model.model_fields}
    assert [key for key in sorted(keys) if f"| `{key}` |" not in text] == []


def test_every_feature_is_on_the_page_with_its_formula() -> None:
    text = "\n".join(all_blocks().values())
    assert [column.name for column in every_column() if f"| {column.description} |" not in text] == []


class Paint(BaseModel):
    """A made-up block of settings."""

    colours: tuple[str, ...] = Field(("red",), description="in order")
    coats: int = Field(description="how many")
    spare: float | None = Field(None, description="litres")


def test_a_table_says_what_each_key_takes_and_its_default() -> None:
    assert model_table(Paint).splitlines()[2:] == [
        '| `colours` | [text, ...] | `["red"]` | in order |',
        "| `coats` | whole number | required | how many |",
        "| `spare` | number | | litres |",
    ]


def test_every_metric_that_the_service_names_is_on_the_page() -> None:
    page = all_blocks()["metrics"]
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in Path(serving.__path__[0]).joinpath("metrics").rglob("*.py")
    )
    named = set(re.findall(r"\"(segments_[a-z_]+)\"", sources))
    assert named
    assert [name for name in sorted(named) if f"| `{name}` |" not in page and f"| `{name}_total` |" not in page] == []


def test_every_error_code_has_a_meaning_and_a_remedy() -> None:
    blocks = all_blocks()
    assert len({error.code for error in ERROR_CODES}) == len(ERROR_CODES)
    for error in ERROR_CODES:
        assert f"| {error.status} | `{error.code}` | {error.meaning} |" in blocks["error codes"]
        assert f"| `{error.code}` | {error.cause} | {error.remedy} |" in blocks["remedies"]
