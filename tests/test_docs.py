"""The documentation says what the code does: names, defaults, formulas, routes, links and examples are compared.

A table of `docs/reference.md` is found by the heading above it. Where code holds the words (a setting's description, a
feature's formula), the reference must repeat them; elsewhere it must say something.
"""

from __future__ import annotations

import ast
import json
import re
import types
from collections.abc import Iterator
from datetime import date, datetime
from enum import EnumMeta
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit

import click
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import segments
from cli import main
from features.catalogue import every_column
from features.settings import (
    Attribute,
    AttributeSettings,
    CustomersSource,
    FeatureSettings,
    RfmSettings,
    Sources,
    TableSource,
    UsageSettings,
    Words,
)
from features.tables.raw_tables import RAW_TABLES, RawTable
from segments import Column, SegmentModel
from serving.contracts import errors, requests, responses
from serving.endpoints.table import route_table
from serving.model.live_model import LiveModel
from serving.settings import PREFIX, ServiceSettings
from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.all_candidates import registered_algorithms
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.candidates.umap_embedding import UmapSettings
from training.settings import DiscoverySettings, EncodingSettings, RegistrySettings, Settings, parse_settings
from training.sweep_settings import SweepRange, SweepSettings

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCE = REPOSITORY / "docs" / "reference.md"
README = REPOSITORY / "README.md"
OPERATIONS = REPOSITORY / "docs" / "operations.md"
TUTORIAL = REPOSITORY / "docs" / "tutorial.md"
PAGES = sorted(
    [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"), REPOSITORY / "experiments" / "README.md"],
    key=str,
)
HERE = {"127.0.0.1", "localhost"}  # the only hosts that a page may send a reader's browser or program to
LARGEST_PICTURE = 200_000  # bytes

BLOCKS: dict[type[BaseModel], str] = {
    Settings: "The file",
    Sources: "`sources`",
    TableSource: "`sources.TABLE`",
    CustomersSource: "`sources.customers`",
    Attribute: "`sources.customers.attributes.NAME`",
    FeatureSettings: "`features`",
    RfmSettings: "`features.rfm`",
    UsageSettings: "`features.usage`",
    AttributeSettings: "`features.attributes`",
    Words: "`features.words.COLUMN`",
    DiscoverySettings: "`discovery`",
    EncodingSettings: "`discovery.encoding`",
    KMeansSettings: "`discovery.algorithms` with `algorithm: kmeans`",
    HdbscanSettings: "`discovery.algorithms` with `algorithm: hdbscan`",
    UmapSettings: "`embedding`",
    RegistrySettings: "`registry`",
    SweepSettings: "`sweep`",
    SweepRange: "`sweep.space.PATH`",
}


# -- reading the pages ------------------------------------------------------------------------------------------------


def section(page: Path, heading: str) -> str:
    """The text below a heading, up to the next one of the same or a higher level."""
    found: list[str] = []
    level = 0
    fenced = False
    for line in page.read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        marks = 0 if fenced else len(line) - len(line.lstrip("#"))
        if level and 0 < marks <= level:
            break
        if level:
            found.append(line)
        elif marks and line.lstrip("# ") == heading:
            level = marks
    assert level, f"{page.name} has no section {heading!r}"
    return "\n".join(found)


def table(page: Path, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, cells without backticks."""
    lines = [part for part in section(page, heading).strip().split("\n\n") if part.startswith("|")]
    assert lines, f"{page.name} has no table in {heading!r}"
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[0].splitlines()[2:]]
    return [[cell.strip().replace("`", "").replace("\\|", "|") for cell in row] for row in rows]


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
    return "\n".join([*fences(page, "", "console", "bash"), *indented, *re.findall(r"`([^`]+)`", outside)])


def same(found: list[list[str]], expected: list[list[str]], where: str) -> None:
    """Fail with the row to mend: all cells are equal, the last one says something and contains the code's words."""
    assert [row[0] for row in found] == [row[0] for row in expected], f"{where}: the names, in order"
    for there, (*cells, meaning) in zip(found, expected, strict=True):
        assert there[:-1] == cells, f"{where}: write {cells}"
        assert there[-1], f"{where}: say what {cells[0]} means"
        assert meaning.replace("`", "") in there[-1], f"{where}: say of {cells[0]}: {meaning}"


# -- what the code holds ----------------------------------------------------------------------------------------------


def setting_rows(block: type[BaseModel]) -> list[list[str]]:
    """key, values, default, meaning"""
    skipped = TableSource.model_fields.keys() if block is CustomersSource else ()
    return [
        [name, takes(field.annotation), default_of(field), field.description or ""]
        for name, field in block.model_fields.items()
        if name not in skipped
    ]


def takes(annotation: Any) -> str:
    """What a key may hold, in a word or two."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(map(str, inner))
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(takes(one) for one in inner if one is not type(None)))
    if origin is dict:
        return f"name: {takes(inner[1])}"
    if origin is tuple:
        return f"[{takes(inner[0])}, ...]" if inner[-1] is Ellipsis else f"[{', '.join(map(takes, inner))}]"
    if origin is not None:  # Annotated
        return takes(inner[0])
    if isinstance(annotation, EnumMeta):
        return " | ".join(str(value) for value in annotation)
    if issubclass(annotation, BaseModel):
        return "block"
    words = {int: "whole number", float: "number", str: "text", bool: "true | false", date: "date", datetime: "time"}
    return "value" if annotation is Any else words[annotation]


def default_of(field: FieldInfo) -> str:
    """The default as it would stand in YAML."""
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "needed"
    if isinstance(value, BaseModel):
        return "below"
    if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        return "both, as below"
    if value is None or value in ("", (), {}):
        return ""
    if isinstance(value, bool | tuple):
        return json.dumps(value)
    return str(value)


def blocks_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every block of settings inside an annotation, at any depth."""
    if annotation is AlgorithmSettings:
        for algorithm in registered_algorithms().values():
            yield from blocks_in(algorithm)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from blocks_in(field.annotation)
    else:
        for part in get_args(annotation):
            yield from blocks_in(part)


def raw_rows(contract: RawTable) -> list[list[str]]:
    """column, holds, needed, meaning"""
    return [[c.name, c.type.value, "yes" if c.needed else "", c.description] for c in contract.columns]


def feature_rows(group: str) -> list[list[str]]:
    """name, kind, unit, role, whether it may be missing, words, formula"""
    return [
        [c.name, c.kind.value, c.unit, c.role.value, "yes" if c.nullable else "", words(c), c.description]
        for c in every_column()
        if c.group == group
    ]


def words(column: Column) -> str:
    return f"{column.low} / {column.high}" if column.low or column.high else ""


def option_rows(command: click.Command) -> list[list[str]]:
    """option, default, meaning"""
    rows = []
    for option in (one for one in command.params if isinstance(one, click.Option)):
        metavar = "" if option.is_flag else f" {option.make_metavar(click.Context(command))}"
        default = "needed" if option.required else str(option.default) if option.show_default else ""
        rows.append([", ".join(option.opts) + metavar.split("[default")[0], default, ""])
    return rows


def refusals() -> set[tuple[str, str]]:
    """Status and code of every refusal that the service's source can raise."""
    found = set()
    for path in sorted((REPOSITORY / "serving").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {
            target.id: texts(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if called == "Refusal" and isinstance(call.args[0], ast.Constant):
                found |= {(str(call.args[0].value), code) for code in texts(call.args[1])}
            elif called == "raise_any":
                first = call.args[0]
                codes = named[first.id] if isinstance(first, ast.Name) else texts(first)
                found |= {("422", code) for code in codes}
    return found


def texts(node: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


# -- the reference holds all of it ------------------------------------------------------------------------------------


def test_every_block_of_settings_has_a_section() -> None:
    assert set(blocks_in(Settings)) == set(BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_every_setting_is_in_the_reference(block: type[BaseModel]) -> None:
    same(table(REFERENCE, BLOCKS[block]), setting_rows(block), BLOCKS[block])


@pytest.mark.parametrize("contract", RAW_TABLES, ids=lambda contract: contract.name)
def test_every_raw_column_is_in_the_reference(contract: RawTable) -> None:
    same(table(REFERENCE, f"The table `{contract.name}`"), raw_rows(contract), contract.name)


@pytest.mark.parametrize("group", sorted({column.group for column in every_column()}))
def test_every_feature_is_in_the_reference(group: str) -> None:
    same(table(REFERENCE, f"Features of the group `{group}`"), feature_rows(group), group)


def test_every_command_is_in_the_reference() -> None:
    headings = re.findall(r"^### `segments ([a-z]+)`$", section(REFERENCE, "Commands"), re.M)
    assert sorted(headings) == sorted(main.commands)


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_option_is_in_the_reference(name: str) -> None:
    command = main.commands[name]
    heading = f"`segments {name}`"
    usage = " ".join(command.collect_usage_pieces(click.Context(command))).replace("[OPTIONS]", "").strip()
    assert f"`segments {name} {usage}`".replace(" `", "`") in section(REFERENCE, heading)
    if expected := option_rows(command):
        same(table(REFERENCE, heading), expected, heading)


def test_every_route_is_in_the_reference() -> None:
    live = LiveModel(lambda: pytest.fail("no model is needed"))
    expected = [[r.method, r.path, ""] for r in route_table(live, ServiceSettings()) if r.documented]
    found = table(REFERENCE, "Routes")
    same([row for row in found if row[1] != "/openapi.json"], expected, "routes")


def test_every_error_code_is_in_the_reference() -> None:
    assert {(row[0], row[1]) for row in table(REFERENCE, "Errors")} == refusals()


def test_every_error_code_is_in_the_openapi_document() -> None:
    told = {(str(status), code) for status, codes in errors.CODES.items() for code in codes}
    assert told == refusals()


def test_operations_say_what_to_do_about_every_error_code() -> None:
    rows = table(OPERATIONS, "What each error means")
    assert sorted(row[0] for row in rows) == sorted(code for _, code in refusals())
    assert all(row[1] and row[2] for row in rows)


def test_operations_name_metrics_and_variables_that_are_there() -> None:
    """A histogram's series end in `_bucket`."""
    text = OPERATIONS.read_text(encoding="utf-8")
    metrics = {name.removesuffix("_bucket") for name in re.findall(r"\bsegments_[a-z_]+", text)}
    assert metrics <= {row[0] for row in table(REFERENCE, "Metrics")}
    assert set(re.findall(r"\bSEGMENTS_[A-Z_]+", text)) <= {
        row[0] for row in table(REFERENCE, "Settings of the service")
    }


def test_every_variable_of_the_service_is_in_the_reference() -> None:
    expected = [
        [f"{PREFIX}{name.upper()}", default_of(field).removesuffix(".0"), ""]
        for name, field in ServiceSettings.model_fields.items()
    ]
    same(table(REFERENCE, "Settings of the service"), expected, "variables")


def test_every_public_name_is_in_the_reference() -> None:
    text = section(REFERENCE, "Python")
    assert [name for name in segments.__all__ if f"`{name}`" not in text] == []


# -- the examples work ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_yaml_examples_are_valid_settings(page: Path) -> None:
    smallest = {"as_of": "2026-07-01", "sources": {"orders": {"file": "orders.csv"}}}
    for text in fences(page, "yaml"):
        content = yaml.safe_load(text)
        assert content.keys() <= Settings.model_fields.keys(), text
        parse_settings({**smallest, **content})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_json_examples_are_of_the_api(page: Path) -> None:
    models = [
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


def test_the_first_python_example_runs(kmeans_model: SegmentModel, tmp_path: Path, monkeypatch: Any) -> None:
    """With the planted company's model and vectors in place of the reader's."""
    monkeypatch.chdir(tmp_path)
    kmeans_model.save("model")
    customers = [{c.name: kmeans_model.cards[0].medians[c.name] for c in kmeans_model.contract.basis}]
    pd.DataFrame([{"customer_id": "C1"} | one for one in customers]).to_parquet("customers.parquet")
    text = next(fences(REFERENCE, "python"))
    names: dict[str, Any] = {}
    exec(compile(text, "reference.md", "exec"), names)  # noqa: S102  (our own documentation)
    assert names["answers"].loc["C1", "segment_id"] == kmeans_model.ids[0]
    assert names["why"].values.shape == (1, len(kmeans_model.contract.basis))


def test_your_own_data_makes_vectors_as_the_readme_says(tmp_path: Path) -> None:
    """The table of step 1 and the settings of step 2, through the command of step 3."""
    steps = section(README, "Your own data in five steps")
    (rows,) = re.findall(r"^```csv\n(.*?)^```", steps, re.S | re.M)
    (settings,) = re.findall(r"^```yaml\n(.*?)^```", steps, re.S | re.M)
    (tmp_path / "orders.csv").write_text(rows.replace("...\n", ""), encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(settings, encoding="utf-8")
    out = tmp_path / "customers.parquet"
    arguments = ["features", str(tmp_path / "mine.yaml"), "--out", str(out)]
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    customers = pd.read_parquet(out).set_index("customer_id")
    assert customers.loc["K-17", "frequency"] == 2
    assert customers.loc["K-17", "monetary_value"] == pytest.approx(129.8)
    assert customers.loc["K-17", "recency_days"] == 2


# -- nothing is named that is not there -------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"\bmake ([a-z]+)", code(page))) <= targets
    for name, rest in re.findall(r"(?<![\w/.])(?:\.venv/bin/)?segments ([a-z]+)\b(.*)", code(page)):
        assert name in main.commands, f"segments {name}"
        options = {o for one in main.commands[name].params for o in one.opts} | {"--help"}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= options, f"segments {name}{rest}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if urlsplit(target).scheme:
            continue
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target


def anchors(page: Path) -> set[str]:
    """The names that a forge gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_machine_or_an_index(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert REPOSITORY.as_posix() not in text
    assert re.findall(r"(?<![\w.:/~])/(?:home|root|tmp|Users|mnt|opt)/\S*", text) == []
    for url in re.findall(r"\bhttps?://[^\s`)>\"]+", text):
        assert urlsplit(url).hostname in HERE, url


def test_pictures_are_small_and_used() -> None:
    pictures = set((REPOSITORY / "docs" / "images").iterdir())
    shown = {
        (page.parent / target).resolve()
        for page in PAGES
        for target in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    }
    assert pictures == shown
    assert all(picture.stat().st_size < LARGEST_PICTURE for picture in pictures)
