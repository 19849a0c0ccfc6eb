"""Files with more than a table in them: titles above, totals below, several sheets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from features.customer_vector import build_vectors
from features.settings import FeatureSettings, Sources
from jobs.initial_settings import initial_settings

BODY = [f"{10 + n % 7};RE-{n};{1 + n % 28:02d}.0{1 + n // 28}.2026;1.{n:03d},50" for n in range(60)]
SUM = "61.800,00"  # of 60 amounts from 1,000.50 to 1,059.50
TITLED = ["Umsatzliste 2026;;;", "Erstellt am 03.07.2026;;;", ";;;", "Kunde;Beleg;Belegdatum;Umsatz", *BODY]


def written(folder: Path, name: str, lines: list[str]) -> dict[str, Any]:
    """The settings that are proposed for a file of these lines."""
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    settings: dict[str, Any] = yaml.safe_load(initial_settings([folder / name], folder / "segments.yaml").text)
    return settings


def test_title_and_total_of_a_spreadsheet_are_no_rows(tmp_path: Path) -> None:
    """The proposed settings count the 60 rows of 7 customers, and none of the lines around them."""
    settings = written(tmp_path, "umsatz.csv", [*TITLED, f"Summe;;;{SUM}"])
    orders = settings["sources"]["orders"]
    assert orders["header_line"] == 4
    assert orders["where"] == "Kunde is null or Kunde <> 'Summe'"
    sources = Sources.model_validate(settings["sources"])
    vectors = build_vectors(sources, FeatureSettings(), settings["as_of"], tmp_path).frame
    assert sorted(vectors.index) == [str(number) for number in range(10, 17)]
    assert vectors.frequency.sum() == 60
    assert vectors.monetary_value.sum() == pytest.approx(61_800.00)


def test_what_was_taken_for_title_and_total_is_marked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join([*TITLED, f"Summe;;;{SUM}"]), encoding="utf-8")
    initial = initial_settings([tmp_path / "a.csv"], tmp_path / "segments.yaml")
    assert initial.checks == (
        "orders.header_line: the lines above are taken for a title",
        "orders.where: the last row is taken for a total",
    )


def test_a_total_that_fills_its_row_is_no_customer(tmp_path: Path) -> None:
    """A pivot table: one row an account, one column a month, and the sums of all below."""
    rows = [f"A-{n},{n},{2 * n},{3 * n}" for n in range(1, 41)]
    settings = written(tmp_path, "pivot.csv", ["Account,May,June,Both", *rows, "Grand Total,820,1640,2460"])
    assert settings["sources"]["vectors"]["where"] == "Account is null or Account <> 'Grand Total'"


def test_the_total_does_not_undo_the_choice_of_states(tmp_path: Path) -> None:
    rows = [f"{n % 7},2026-01-{1 + n % 28:02d},{n}.5,{('paid', 'cancelled')[n % 5 == 0]}" for n in range(60)]
    settings = written(tmp_path, "orders.csv", ["customer,date,total,status", *rows, "Total,,1770,"])
    where = settings["sources"]["orders"]["where"]
    assert where == "(customer is null or customer <> 'Total') and status not in ('cancelled')"
