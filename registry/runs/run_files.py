"""The files of a run, which are written to the local disk before anything is sent to the server.

settings.yaml          the user's settings
candidates.json        the table `candidates` in the form that MLflow shows and compares between runs
tables/<name>.csv      each table for programs; tables/<name>.html for people
figures/<name>.png     the pictures
<name>                 the texts, such as report.html
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

from registry.runs.records import DiscoveryRecord
from segment_model.errors import RegistryError

if TYPE_CHECKING:
    from jinja2 import Template

SETTINGS = "settings.yaml"
CANDIDATES = "candidates"
LONG = 24  # letters of a text from which its column has room
CANDIDATES_SHOWN = f"{CANDIDATES}.json"
# a password may hold any character where a person did not write it as a URL asks; a number and a slash are a port
_PASSWORD = re.compile(r"(://[^/\s:@]*:)(?!\d{1,5}/)\S+@")
_FILE_NAME = re.compile(r"\w[\w .()-]*")


def write_files(record: DiscoveryRecord, folder: Path) -> None:
    """Write settings, tables, figures and texts into a folder that does not exist yet.

    Raises
    ------
    RegistryError
        If a name cannot be a file name, or a figure's file is not there.
    """
    folder.mkdir(parents=True)
    (folder / SETTINGS).write_text(settings_yaml(record), encoding="utf-8")
    write_tables(record.tables, folder)
    if CANDIDATES in record.tables:
        (folder / CANDIDATES_SHOWN).write_text(mlflow_table(record.tables[CANDIDATES]), encoding="utf-8")
    write_figures(record.figures, folder)
    for name, text in record.texts.items():
        _place(folder, name).write_text(text, encoding="utf-8")


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write each table as CSV and as a page.

    Raises
    ------
    RegistryError
        If a name cannot be a file name.
    """
    for name, table in tables.items():
        page = _place(folder / "tables", f"{name}.html")
        page.write_text(table_page(name, table), encoding="utf-8")
        table.to_csv(page.with_name(f"{name}.csv"), index=not isinstance(table.index, pd.RangeIndex))


def write_figures(figures: Mapping[str, Path | bytes], folder: Path) -> None:
    """Write each figure as PNG.

    Raises
    ------
    RegistryError
        If a name cannot be a file name, or a figure's file is not there.
    """
    for name, figure in figures.items():
        place = _place(folder / "figures", f"{name}.png")
        if isinstance(figure, bytes):
            place.write_bytes(figure)
        elif figure.is_file():
            shutil.copyfile(figure, place)
        else:
            raise RegistryError(f"the figure {name!r} was never drawn: no file {figure.name}")


def settings_yaml(record: DiscoveryRecord) -> str:
    """The settings as YAML; dates and paths become text."""
    text: str = yaml.safe_dump(plain_settings(record), sort_keys=False, allow_unicode=True)
    return text


def plain_settings(record: DiscoveryRecord) -> dict[str, Any]:
    """The settings as a run may show them: plain values, and no password inside a URL."""
    return without_passwords(record.settings)


def without_passwords(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values as JSON has them, with *** for each password inside a URL."""

    def shown(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shown(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [shown(entry) for entry in value]
        return _PASSWORD.sub(r"\1***@", value) if isinstance(value, str) else value

    plain: dict[str, Any] = shown(json.loads(json.dumps(values, default=str)))
    return plain


def mlflow_table(table: pd.DataFrame) -> str:
    """A table as `mlflow.load_table` reads it and MLflow's pages show it: columns, and rows of plain values."""
    text: str = table.to_json(orient="split", index=False, date_format="iso", force_ascii=False)
    return text


def table_page(name: str, table: pd.DataFrame) -> str:
    """One table as a page of its own; every text in it is escaped.

    Numbers stand below one another at the right; texts of more than a few words have room, though others are short.
    """
    whole = table if isinstance(table.index, pd.RangeIndex) else table.reset_index()
    columns = [[_written(entry) for entry in whole.iloc[:, place]] for place in range(whole.shape[1])]
    styles = [
        "number" if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
        else "long" if max(map(len, texts), default=0) > LONG
        else ""
        for kind, texts in zip(whole.dtypes, columns, strict=True)
    ]  # fmt: skip
    return _page_template().render(
        title=name.replace("_", " ").capitalize(),
        headings=[{"text": str(own), "style": style} for own, style in zip(whole.columns, styles, strict=True)],
        rows=[
            [{"text": text, "style": style} for text, style in zip(row, styles, strict=True)]
            for row in zip(*columns, strict=True)
        ],
    )


def _written(entry: Any) -> str:
    """A cell of a table: a dash where it is missing, yes or no for a truth value."""
    if isinstance(entry, bool | np.bool_):
        return "yes" if entry else "no"
    if not isinstance(entry, list | tuple | dict) and pd.isna(entry):
        return "–"
    return _number(float(entry)) if isinstance(entry, float | int | np.number) else str(entry)


@cache
def _page_template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # imported late: the service writes no pages

    loader = PackageLoader("registry.runs")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("table.html")


def _number(number: float) -> str:
    if abs(number) >= 1000 or number == round(number):
        return f"{number:,.0f}"
    return np.format_float_positional(number, precision=3, fractional=False, trim="-")


def _place(folder: Path, name: str) -> Path:
    if not _FILE_NAME.fullmatch(name):
        raise RegistryError(f"{name!r} cannot be the name of a file in a run: use letters, digits, space, . _ ( ) -")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name
