"""The marketing names follow the grid of the reference, stay distinct, and never speak against the medians."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from segments import Column, Kind, Role, VectorContract
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.profiling.cards import make_cards
from training.profiling.rfm_names import GRID, grid_name, is_rfm_only, middle_rank, names_near, score
from training.settings import DiscoverySettings

REFERENCE = Path(__file__).parents[3] / "docs" / "reference.md"
CONTRACT = VectorContract(
    (
        Column("recency_days", Kind.COUNT, unit="days", low="bought recently", high="long since the last order"),
        Column("frequency", Kind.COUNT, unit="orders", low="rare buyers", high="frequent buyers"),
        Column("monetary_value", Kind.NUMBER, unit="EUR", low="low spend", high="high spend"),
        Column("employees", Kind.COUNT, Role.DESCRIPTOR, low="small", high="large"),
    )
)


def shop(
    blocks: list[tuple[int, float, float, float]],
) -> tuple[pd.DataFrame, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """Groups of customers: how many, and about which recency, frequency and monetary value."""
    generator = np.random.default_rng(2)
    parts, labels = [], []
    for number, (size, recency, frequency, money) in enumerate(blocks):
        near = generator.uniform(0.9, 1.1, (3, size))
        parts.append(
            {
                "recency_days": np.round(recency * near[0]),
                "frequency": np.round(frequency * near[1]),
                "monetary_value": money * near[2],
                "employees": np.full(size, 10.0),
            }
        )
        labels += [number] * size
    frame = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    return frame.set_index(pd.Index([f"c{n}" for n in frame.index], dtype="str")), np.array(labels, dtype=np.intp)


def names_of(blocks: list[tuple[int, float, float, float]]) -> list[str]:
    frame, labels = shop(blocks)
    return [card.name for card in make_cards(frame, CONTRACT, labels, [f"seg-{n}" for n in range(len(blocks))])]


def test_planted_customers_get_their_usual_names() -> None:
    names = names_of([(100, 10, 50, 5000), (100, 20, 2, 50), (100, 300, 40, 4000), (100, 400, 1, 20)])
    assert names == ["champions", "potential loyalists", "at risk", "lost"]


def test_two_of_one_name_are_told_apart_by_their_differences() -> None:
    names = names_of([(100, 10, 50, 5000), (100, 12, 55, 9000), (100, 300, 2, 50), (100, 400, 1, 20)])
    assert len(set(names)) == 4
    assert [name.split(",")[0] for name in names] == ["champions", "champions", "hibernating", "lost"]


def test_identical_segments_still_have_names_of_their_own() -> None:
    frame, _ = shop([(100, 10, 50, 5000)])
    labels = np.arange(100, dtype=np.intp) % 3
    same = pd.concat([frame.iloc[:1]] * 100)
    names = [card.name for card in make_cards(same, CONTRACT, labels, ["a", "b", "c"])]
    assert len(set(names)) == 3
    assert all(name.startswith("needing attention") for name in names)


def test_a_discovery_of_rfm_alone_uses_the_grid() -> None:
    frame, _ = shop([(100, 10, 50, 5000), (100, 20, 2, 50), (100, 300, 40, 4000), (100, 400, 1, 20)])
    discovery = discover(frame, CONTRACT, DiscoverySettings(algorithms=(KMeansSettings(segments=4),)), {})
    assert set(discovery.model.names) == {"champions", "potential loyalists", "at risk", "lost"}


def test_another_basis_keeps_the_names_from_differences() -> None:
    assert is_rfm_only(CONTRACT)
    assert not is_rfm_only(CONTRACT.with_roles({"employees": Role.BASIS}))
    assert not is_rfm_only(CONTRACT.with_roles({"frequency": Role.DESCRIPTOR}))
    other = VectorContract(tuple(replace(c, name=f"my_{c.name}") for c in CONTRACT.columns))
    assert not is_rfm_only(other)


def test_names_never_speak_against_the_medians() -> None:
    generator = np.random.default_rng(0)

    def only_in(rows: tuple[int, ...], columns: tuple[int, ...]) -> set[str]:
        inside = {GRID[r][m - 1] for r in rows for m in columns}
        return inside - {name for r in GRID for m, name in enumerate(GRID[r], 1) if r not in rows or m not in columns}

    every = (1, 2, 3, 4, 5)
    recent, gone = only_in((4, 5), every), only_in((1, 2), every)
    valuable = only_in(every, (4, 5))
    assert valuable == {"champions", "loyal customers", "cannot lose them"}
    met = set()
    for _ in range(400):
        values = {name: 1 + np.round(generator.lognormal(1, 1, 60)) for name in ("recency_days", "frequency")}
        values["monetary_value"] = values["frequency"] ** generator.uniform(-1, 1) * generator.lognormal(1, 1, 60)
        members = generator.random(60) < values["monetary_value"] / values["monetary_value"].max()
        if not members.any():
            continue
        median = {name: np.median(column[members]) for name, column in values.items()}
        everyone = {name: np.median(column) for name, column in values.items()}
        for name in {grid_name(values, members), *names_near(values, members)}:
            met.add(name)
            assert name not in recent or median["recency_days"] <= everyone["recency_days"]
            assert name not in gone or median["recency_days"] >= everyone["recency_days"]
            for column in ("frequency", "monetary_value"):
                assert name not in valuable or median[column] >= everyone[column], (name, column)
    assert valuable & met


def test_who_spends_much_and_comes_seldom_is_no_champion() -> None:
    frame, labels = shop([(100, 10, 2, 9000), (100, 20, 4, 50), (100, 300, 3, 400), (100, 400, 1, 20)])
    values = {name: frame[name].to_numpy(dtype=np.float64) for name in ("recency_days", "frequency", "monetary_value")}
    assert grid_name(values, labels == 0) == "potential loyalists"


def test_a_place_is_a_middle_rank() -> None:
    values = np.array([1.0, 1.0, 1.0, 2.0, 5.0, np.nan])
    assert middle_rank(values, np.array([True, False, False, False, False, True])) == pytest.approx(0.3)
    assert middle_rank(values, values == 5.0) == pytest.approx(0.9)
    assert np.isnan(middle_rank(values, np.zeros(6, dtype=np.bool_)))
    assert [score(share) for share in (0.0, 0.19, 0.2, 0.5, 0.99, 1.0)] == [1, 1, 2, 3, 5, 5]
    assert grid_name(dict.fromkeys(("recency_days", "frequency", "monetary_value"), values), values > 9) == ""


def test_the_reference_shows_the_grid() -> None:
    text = REFERENCE.read_text(encoding="utf-8").partition("### Names of RFM segments")[2].partition("\n#")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if re.match(r"\| \d", line)]
    assert rows == [[str(r), *GRID[r]] for r in (5, 4, 3, 2, 1)]
