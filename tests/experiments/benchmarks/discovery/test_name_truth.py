"""Every word of every name is true, by arithmetic that the product does not share; so are the words on the cards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from experiments.benchmarks.discovery.name_truth import SpokenWord, spoken_words
from experiments.everyday_tables import EVERYDAY_TABLES
from experiments.everyday_tables.companies import pareto_nbd_shoppers
from segment_model.cards import SegmentCard
from segment_model.contract import VectorContract
from segment_model.encoding.reader import CustomerReader
from segment_model.errors import SegmentsError
from segments import Column, Kind, Role
from training.discovery.trained_contract import trained_contract
from training.encoding import fit_encoding
from training.profiling.cards import make_cards
from training.profiling.naming import same_words
from training.settings import DiscoverySettings, EncodingSettings

CUSTOMERS = 1500
TABLES = {
    **EVERYDAY_TABLES,
    "pareto_nbd_shoppers": lambda: pareto_nbd_shoppers(CUSTOMERS).vectors_on(date(2026, 7, 1)),
}


def names_telling(spoken: Iterable[SpokenWord]) -> float:
    """The share of the segments whose name has a telling word."""
    words = pd.DataFrame([(word.segment, word.tells) for word in spoken], columns=["segment", "tells"])
    return float(words.groupby("segment").tells.any().mean())


def check(frame: pd.DataFrame, contract: VectorContract, labels: Any, cards: tuple[SegmentCard, ...]) -> None:
    spoken = spoken_words(frame, contract, labels, [card.name for card in cards])
    assert all(word.is_true for word in spoken), [word for word in spoken if not word.is_true]
    assert names_telling(spoken) >= 0.9
    assert len({same_words(card.name) for card in cards}) == len(cards)
    for place, card in enumerate(cards):
        words = [difference.words for difference in card.differences]
        on_card = spoken_words(frame, contract, np.where(labels == place, 0, -1), [", ".join(words)])
        assert all(word.is_true for word in on_card), (card.name, on_card)


@pytest.mark.parametrize("segments", [3, 8])
@pytest.mark.parametrize("name", TABLES)
def test_the_names_of_everyday_customers_are_true(name: str, segments: int, needed: Callable[..., Any]) -> None:
    table = needed(TABLES[name](), f"{name} is absent: set SEGMENTS_DATA to the folder of test data")
    frame = table.frame.sample(min(CUSTOMERS, len(table.frame)), random_state=0)
    contract = trained_contract(frame, table.contract, DiscoverySettings())
    encoder = fit_encoding(frame, contract, EncodingSettings(), {}).encoder
    points = np.ascontiguousarray(encoder.encode(CustomerReader(contract, encoder).frame(frame)).T)
    labels = KMeans(segments, n_init=1, random_state=0).fit(points).labels_.astype(np.intp)
    check(frame, contract, labels, make_cards(frame, contract, labels, [f"seg-{n}" for n in range(segments)]))


CONTRACT = VectorContract(
    (
        Column("recency_days", Kind.COUNT, unit="days", low="bought recently", high="lapsed"),
        Column("frequency", Kind.COUNT, unit="orders", low="few orders", high="many orders"),
        Column("monetary_value", Kind.NUMBER, unit="EUR", low="low spend", high="high spend"),
        Column("plan", Kind.CATEGORY, Role.DESCRIPTOR, label="plan, today"),
    )
)


def shoppers(size: int, seed: int) -> pd.DataFrame:
    """Shoppers of one continuum; a few values are missing."""
    generator = np.random.default_rng(seed)
    worth = generator.normal(0, 1, size)
    frame = pd.DataFrame(
        {
            "recency_days": np.round(np.exp(4 - worth + generator.normal(0, 0.5, size))),
            "frequency": np.ceil(np.exp(0.5 + worth)),
            "monetary_value": np.round(np.exp(4 + worth + generator.normal(0, 0.5, size)), 2),
            "plan": pd.array(generator.choice(["no, thanks", "yes, 5 GB"], size), dtype="str"),
        }
    )
    return frame.mask(generator.random((size, 4)) < 0.03)


@pytest.mark.parametrize("seed", range(8))
def test_the_names_of_any_segments_are_true(seed: int) -> None:
    """Slices of a continuum by one column, by two, or at random."""
    frame, generator = shoppers(700, seed), np.random.default_rng(seed)
    direction = generator.normal(0, 1, 3) * (generator.random(3) < 0.6)
    ranks = frame[["recency_days", "frequency", "monetary_value"]].rank(pct=True).fillna(0.5).to_numpy() @ direction
    labels = np.digitize(ranks, np.quantile(ranks, np.arange(1, 5) / 5)).astype(np.intp)
    labels = pd.factorize(labels)[0].astype(np.intp)
    cards = make_cards(frame, CONTRACT, labels, [f"seg-{n}" for n in range(labels.max() + 1)])
    spoken = spoken_words(frame, CONTRACT, labels, [card.name for card in cards])
    assert all(word.is_true for word in spoken)
    assert len({same_words(card.name) for card in cards}) == len(cards)


def test_what_is_not_true_is_seen() -> None:
    frame, labels = shoppers(400, 0), np.repeat([0, 1], 200)
    frame["recency_days"] = np.repeat([20.0, 400.0], 200)
    names = ["lapsed, monetary value at least 0 EUR", "lapsed, mostly yes, 5 GB (plan, today)"]
    spoken = {(word.segment, word.word): word for word in spoken_words(frame, CONTRACT, labels, names)}
    assert [word.is_true for word in spoken.values()] == [False, True, True, False]
    assert [word.tells for word in spoken.values()] == [False, False, True, False]

    assert names_telling(spoken.values()) == 0.5
    with pytest.raises(SegmentsError, match="nobody can read 'close to average'"):
        spoken_words(frame, CONTRACT, labels, ["lapsed, close to average", "lapsed"])


@pytest.mark.parametrize("in_range", ["monetary value at least 0 EUR", "frequency at least 0", "frequency 0 to 1,000"])
def test_the_word_after_a_range_is_a_word_of_its_own(in_range: str) -> None:
    frame, labels = shoppers(400, 0), np.repeat([0, 1], 200)
    frame["recency_days"] = np.repeat([20.0, 400.0], 200)
    spoken = spoken_words(frame, CONTRACT, labels, [f"{in_range}, lapsed", "lapsed"])
    assert [(word.segment, word.word, word.is_true) for word in spoken] == [
        (0, in_range, True),
        (0, "lapsed", False),
        (1, "lapsed", True),
    ]
