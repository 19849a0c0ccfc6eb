"""The pages say what is true: examples run, commands and links exist, pictures are small.

The tables that are generated from the code are tested in `tests/reference`.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel, ValidationError

import segments
from cli import main
from segments import SegmentModel
from serving.contracts import errors, requests, responses
from training.settings import Settings, parse_settings

REPOSITORY = Path(__file__).resolve().parents[2]
REFERENCE = REPOSITORY / "docs" / "reference.md"
README = REPOSITORY / "README.md"
CHANGELOG = REPOSITORY / "CHANGELOG.md"
OPERATIONS = REPOSITORY / "docs" / "operations.md"
PAGES = sorted(
    [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"), REPOSITORY / "experiments" / "README.md"],
    key=str,
)
LOOPBACK = {"127.0.0.1", "localhost"}  # the only hosts that a page may send a reader's browser or program to
LARGEST_PICTURE = 200_000  # bytes


def page_name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


# -- reading the pages ------------------------------------------------------------------------------------------------


def section(page: Path, heading: str) -> str:
    """The text below a heading, up to the next one of the same or a higher level."""
    lines: list[str] = []
    level = 0
    fenced = False
    for line in page.read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        marks = 0 if fenced else len(line) - len(line.lstrip("#"))
        if level and 0 < marks <= level:
            break
        if level:
            lines.append(line)
        elif marks and line.lstrip("# ") == heading:
            level = marks
    assert level, f"{page.name} has no section {heading!r}"
    return "\n".join(lines)


def fences(page: Path, *languages: str) -> Iterator[str]:
    """The fenced blocks of a page in one of the languages."""
    for language, text in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M):
        if language in languages:
            yield text


def code(page: Path) -> str:
    """Everything on a page that a reader could type into a shell."""
    text = page.read_text(encoding="utf-8")
    outside = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    indented = re.findall(r"^ {4}(?=\S).*$", outside, re.M)
    typed = (_typed(block) for block in fences(page, "", "console", "bash"))
    return "\n".join([*typed, *indented, *re.findall(r"`([^`]+)`", outside)])


def _typed(block: str) -> str:
    """Of a block that shows commands behind `$` and what they print, the commands."""
    return "\n".join(re.findall(r"^\$ (.*)$", block, re.M)) if block.startswith("$ ") else block


# -- what is named exists --------------------------------------------------------------------------------------------


def test_operations_name_metrics_and_variables_that_exist() -> None:
    """A histogram's series end in `_bucket`."""
    text, reference = OPERATIONS.read_text(encoding="utf-8"), REFERENCE.read_text(encoding="utf-8")
    metrics = {name.removesuffix("_bucket") for name in re.findall(r"\bsegments_[a-z_]+", text)}
    variables = set(re.findall(r"\bSEGMENTS_[A-Z_]+", text))
    assert [name for name in sorted(metrics | variables) if f"| `{name}` |" not in reference] == []


def test_every_public_name_is_in_the_reference() -> None:
    text = section(REFERENCE, "Python")
    assert [name for name in segments.__all__ if f"`{name}`" not in text] == []


# -- the examples work ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_yaml_examples_are_valid_settings(page: Path) -> None:
    smallest = {"as_of": "2026-07-01", "sources": {"orders": {"file": "orders.csv"}}}
    for text in fences(page, "yaml"):
        content = yaml.safe_load(text)
        assert content.keys() <= Settings.model_fields.keys(), text
        parse_settings({**smallest, **content})


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_json_examples_are_of_the_api(page: Path) -> None:
    models: list[type[BaseModel]] = [
        requests.AssignRequest,
        responses.AssignResponse,
        requests.RecordsRequest,
        requests.ChangeRequest,
        responses.ChangeResponse,
        errors.ErrorResponse,
    ]
    for text in fences(page, "json"):
        assert any(fits(model, text) for model in models), text


def fits(model: type[BaseModel], text: str) -> bool:
    try:
        model.model_validate_json(text)
    except ValidationError:
        return False
    return True


def test_python_examples_compile() -> None:
    for page in PAGES:
        for text in fences(page, "python"):
            compile(text, f"{page.name}, a python example", "exec")


def test_python_examples_import_what_exists() -> None:
    for page in PAGES:
        for text in fences(page, "python"):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ImportFrom):
                    module = importlib.import_module(str(node.module))
                    assert [name.name for name in node.names if not hasattr(module, name.name)] == [], node.module


def test_names_that_moved_are_in_their_new_places() -> None:
    rows = re.findall(r"^\| `[^|]+` \| `([\w.]+)` \|$", section(CHANGELOG, "Moved"), re.M)
    assert rows
    for place in rows:
        module, _, name = place.rpartition(".")
        assert hasattr(importlib.import_module(module), name), place


def test_the_example_of_assigning_runs(kmeans_model: SegmentModel, tmp_path: Path, monkeypatch: Any) -> None:
    """With the planted company's model and vectors in place of the reader's."""
    monkeypatch.chdir(tmp_path)
    kmeans_model.save("model")
    medians = {column.name: kmeans_model.cards[0].medians[column.name] for column in kmeans_model.contract.basis}
    pd.DataFrame([{"customer_id": "C1", **medians}]).to_parquet("customers.parquet")
    text = next(text for text in fences(REFERENCE, "python") if "model.explain" in text)
    names: dict[str, Any] = {}
    exec(compile(text, "reference.md", "exec"), names)  # noqa: S102  (our own documentation)
    assert names["answers"].loc["C1", "segment_id"] == kmeans_model.ids[0]
    assert names["why"].values.shape == (1, len(kmeans_model.contract.basis))


def test_your_own_data_makes_vectors_as_the_readme_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of step 1, through its command; the settings are those shown, and make vectors."""
    monkeypatch.chdir(tmp_path)
    steps = section(README, "Your own data in three steps")
    (rows,) = re.findall(r"^```csv\n(.*?)^```", steps, re.S | re.M)
    (settings,) = re.findall(r"^```yaml\n(.*?)^```", steps, re.S | re.M)
    Path("orders.csv").write_text(rows.replace("...\n", ""), encoding="utf-8")
    for arguments in (["init", "orders.csv"], ["features", "segments.yaml", "--out", "customers.parquet"]):
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    assert Path("segments.yaml").read_text(encoding="utf-8") == settings
    customers = pd.read_parquet("customers.parquet").set_index("customer_id")
    assert customers.loc["K-17", "frequency"] == 2
    assert customers.loc["K-17", "monetary_value"] == pytest.approx(129.8)
    assert customers.loc["K-17", "recency_days"] == 1


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_commands_and_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"\bmake ([a-z]+)", code(page))) <= targets
    for name, rest in re.findall(r"(?<![\w/.])(?:\.venv/bin/)?segments ([a-z]+)\b(.*)", code(page)):
        assert name in main.commands, f"segments {name}"
        command = main.commands[name]
        if isinstance(command, click.Group) and (own := rest.split()[:1]) and not own[0].isupper():  # capitals: any
            assert own[0] in command.commands, f"segments {name}{rest}"
            command = command.commands[own[0]]
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= options, f"segments {name}{rest}"


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_files_of_the_code_exist(page: Path) -> None:
    """Capitals stand for a name to choose: `training/candidates/NAME.py`."""
    packages = "|".join(path.parent.name for path in sorted(REPOSITORY.glob("*/__init__.py"))) + "|tests|docs"
    named = re.findall(rf"`((?:{packages})/[a-z0-9_./-]+)(?:::\w+)?`", page.read_text(encoding="utf-8"))
    folders = (REPOSITORY, REPOSITORY / "tests")
    assert [path for path in named if not any((folder / path).exists() for folder in folders)] == []


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if urlsplit(target).scheme:
            continue
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), target


def anchors(page: Path) -> set[str]:
    """The names that a forge gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_no_page_names_a_machine_or_an_index(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert REPOSITORY.as_posix() not in text
    assert re.findall(r"(?<![\w.:/~])/(?:home|root|tmp|Users|mnt|opt)/\S*", text) == []
    for url in re.findall(r"\bhttps?://[^\s`)>\"]+", text):
        assert urlsplit(url).hostname in LOOPBACK, url


def test_pictures_are_small_and_used() -> None:
    pictures = set((REPOSITORY / "docs" / "images").iterdir())
    shown = {
        (page.parent / target).resolve()
        for page in PAGES
        for target in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    }
    assert pictures == shown
    assert all(picture.stat().st_size < LARGEST_PICTURE for picture in pictures)
