"""A finding on an everyday table counts whom further discoveries reassign; a refusal keeps nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from experiments.benchmarks.discovery import everyday
from experiments.everyday_tables import EverydayTable
from experiments.everyday_tables.companies import pareto_nbd_shoppers
from segment_model.errors import DiscoveryError
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings

SHOPPERS = 300


@pytest.fixture(scope="module")
def table() -> EverydayTable:
    shop = pareto_nbd_shoppers(SHOPPERS)
    read = shop.vectors_on(shop.as_of)
    return EverydayTable("shop", read.vectors, DiscoverySettings(algorithms=(KMeansSettings(segments=2),), force=True))


def test_further_discoveries_see_another_order_and_then_one_more(
    table: EverydayTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames: list[pd.DataFrame] = []

    def discover_and_note(frame: pd.DataFrame, *arguments: Any, **options: Any) -> Any:
        frames.append(frame)
        return discover(frame, *arguments, **options)

    monkeypatch.setattr(everyday, "discover", discover_and_note)
    finding = everyday.finding_of(table)
    assert (finding.customers, finding.segments, finding.chosen) == (SHOPPERS, 2, "KMeans, 2 segments")
    first, another_order, one_more = frames
    assert list(another_order.index) != list(first.index)
    pd.testing.assert_frame_equal(another_order.sort_index(), first.sort_index())
    pd.testing.assert_frame_equal(one_more.iloc[:-1], first)
    assert one_more.index[-1] == everyday.NEWCOMER


def test_where_a_retrain_is_refused_everybody_is_reassigned(
    table: EverydayTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_retrains(*arguments: Any, **options: Any) -> Any:
        if "incumbent" in options:
            raise DiscoveryError("no reproducible structure")
        return discover(*arguments, **options)

    monkeypatch.setattr(everyday, "discover", refuse_retrains)
    finding = everyday.finding_of(table)
    assert (finding.segments, finding.shuffled, finding.one_more) == (2, SHOPPERS, SHOPPERS)


def test_a_table_without_segments_is_a_finding_too(table: EverydayTable, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> Any:
        raise DiscoveryError("no reproducible structure")

    monkeypatch.setattr(everyday, "discover", refuse)
    finding = everyday.finding_of(table)
    assert (finding.verdict, finding.segments, finding.chosen) == ("refused", 0, "no reproducible structure")


def test_names_that_nobody_can_read_are_true_of_nobody(table: EverydayTable) -> None:
    discovery = discover(table.frame, table.contract, table.settings, {})
    assert all(word.is_true for word in everyday.words_of_names(discovery))
    cards = tuple(replace(card, name="close to average") for card in discovery.model.discovered_cards)
    renamed = replace(discovery, model=replace(discovery.model, discovered_cards=cards))
    assert [word.is_true for word in everyday.words_of_names(renamed)] == [False, False]
