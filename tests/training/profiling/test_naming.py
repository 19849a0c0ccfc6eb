"""Names are of true words that tell, differ in more than the order of their words, and never say "average"."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from segments import Column, Kind, Role, VectorContract
from training.profiling.cards import make_cards
from training.profiling.naming import UNTOLD, free_name, numbered, same_words
from training.profiling.words.vocabulary import Vocabulary
from training.profiling.words.word import STANDS, TELLS

CONTRACT = VectorContract(
    (
        Column("spend", Kind.NUMBER, unit="EUR", low="low spend", high="high spend"),
        Column("visits", Kind.COUNT, unit="visits"),
        Column("balance_change", Kind.NUMBER, unit="EUR", low="shrinking", high="growing"),
        Column("plan", Kind.CATEGORY),
        Column("online", Kind.FLAG),
        Column("age", Kind.NUMBER, Role.DESCRIPTOR, unit="years"),
    )
)


def customers(size: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers without structure, in segments that slice two of the columns, and some unassigned."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "spend": np.exp(generator.normal(3, 1, size)),
            "visits": generator.poisson(2, size).astype(float),
            "balance_change": np.round(generator.normal(20, 60, size)),
            "plan": pd.array(generator.choice(["basic, monthly", "pro", "team"], size, p=[0.6, 0.3, 0.1]), dtype="str"),
            "online": (generator.random(size) < 0.5).astype(float),
            "age": generator.normal(40, 12, size),
        }
    )
    frame.loc[generator.random(size) < 0.1, ["visits", "plan", "age"]] = None
    labels = 2 * (frame["spend"] > 20).to_numpy() + (frame["balance_change"] > 20).to_numpy()
    return frame, np.where(generator.random(size) < 0.05, -1, labels).astype(np.intp)


@pytest.mark.parametrize("seed", range(5))
def test_every_word_is_true_and_one_of_each_name_tells(seed: int) -> None:
    frame, labels = customers(600, seed)
    vocabulary = Vocabulary(CONTRACT, frame)
    for position, card in enumerate(make_cards(frame, CONTRACT, labels, ["a", "b", "c", "d"])):
        words = vocabulary.words(card.name)
        assert words
        members = labels == position
        shares = [
            (word.condition.holds(frame)[members].mean(), word.condition.holds(frame)[~members]) for word in words
        ]
        assert all(inside >= STANDS for inside, _ in shares)
        assert any(outside.mean() <= TELLS for _, outside in shares)


def test_a_ring_has_no_name_that_is_true_of_all_inside_it() -> None:
    """Of a ring around a disc, every range of one column that holds the ring holds the disc, too."""
    turn = np.linspace(0, 2 * np.pi, 600, endpoint=False)
    radius = np.where(np.arange(600) % 2 == 0, 1.0, 0.3)
    frame = pd.DataFrame({"across": radius * np.cos(turn), "along": radius * np.sin(turn)})
    contract = VectorContract((Column("across", Kind.NUMBER), Column("along", Kind.NUMBER)))
    ring, disc = make_cards(frame, contract, (np.arange(600) % 2).astype(np.intp), ["a", "b"])
    assert ring.name == UNTOLD
    words = Vocabulary(contract, frame).words(disc.name)
    assert words
    assert all(word.condition.holds(frame)[1::2].mean() >= STANDS for word in words)
    assert all(word.condition.holds(frame)[::2].mean() <= TELLS for word in words)


def test_a_descriptor_names_only_where_no_basis_tells() -> None:
    frame, _ = customers(400, 0)
    frame["age"] = np.repeat([20.0, 60.0], 200)
    cards = make_cards(frame, CONTRACT, np.repeat([0, 1], 200).astype(np.intp), ["a", "b"])
    assert [card.name for card in cards] == ["low age", "high age"]
    frame["spend"] = np.repeat([1.0, 100.0], 200) + np.arange(400) % 7
    cards = make_cards(frame, CONTRACT, np.repeat([0, 1], 200).astype(np.intp), ["a", "b"])
    assert [card.name.partition(" at ")[0] for card in cards] == ["spend", "spend"]


def test_a_word_of_change_goes_by_the_sign() -> None:
    """The largest decrease of all is no growth, though it is high among the changes."""
    frame = pd.DataFrame({"balance_change": np.r_[np.full(50, -30.0), np.full(49, -10.0), 5.0]})
    contract = VectorContract((CONTRACT["balance_change"],))
    cards = make_cards(frame, contract, (np.arange(100) >= 50).astype(np.intp), ["a", "b"])
    assert [card.name for card in cards] == ["shrinking", "balance change at least -10 EUR"]


def test_segments_alike_get_names_that_differ_in_more_than_order() -> None:
    frame, _ = customers(400, 1)
    labels = np.random.default_rng(0).integers(0, 6, 400).astype(np.intp)  # six random samples: nothing tells
    cards = make_cards(frame, CONTRACT, labels, list("abcdef"))
    vocabulary = Vocabulary(CONTRACT, frame)
    assert len({same_words(card.name) for card in cards}) == 6
    for position, card in enumerate(cards):
        words = vocabulary.words(card.name) or vocabulary.words(card.name.rpartition(" (")[0])
        assert words
        assert all(word.condition.holds(frame)[labels == position].mean() >= STANDS for word in words)


def test_names_of_the_same_words_are_numbered() -> None:
    assert numbered(["a, b", "b, a", "c", "a, b"]) == ["a, b", "b, a (2)", "c", "a, b (3)"]
    assert free_name("b, a", ["a, b"]) == "b, a (2)"
    assert free_name("b", ["a, b"]) == "b"
