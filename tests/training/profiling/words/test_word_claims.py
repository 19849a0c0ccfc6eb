"""What a model keeps of its names' words is what the naming computed: the same customers contradict them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segment_model.explanation.name_misfits import Claim, ColumnClaim, misfits
from segments import Column, Kind, Role, VectorContract
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.profiling.cards import Described, describe
from training.profiling.words.claims import claims_json, claims_of
from training.profiling.words.rfm_names import grid_words
from training.profiling.words.vocabulary import Vocabulary
from training.profiling.words.word import AtLevel, Between, Settled, Together, Unknown, Word
from training.settings import DiscoverySettings
from training.succession.succession import succeed

CONTRACT = VectorContract(
    (
        Column("spend", Kind.NUMBER, unit="EUR", low="low spend", high="high spend"),
        Column("visits", Kind.COUNT, unit="visits"),
        Column("plan", Kind.CATEGORY),
        Column("online", Kind.FLAG),
        Column("joined", Kind.NUMBER, Role.DESCRIPTOR, unit="year"),
        Column("land", Kind.CATEGORY, Role.DESCRIPTOR),
    )
)
RFM = VectorContract(
    (
        Column("recency_days", Kind.COUNT, unit="days", low="bought recently", high="lapsed"),
        Column("frequency", Kind.COUNT, unit="orders"),
        Column("monetary_value", Kind.NUMBER, unit="EUR"),
        Column("tenure_days", Kind.COUNT, Role.DESCRIPTOR, unit="days"),
    )
)


def customers(size: int, seed: int) -> tuple[pd.DataFrame, Any]:
    """Customers whose segments slice two columns, with missing values, years and levels beyond ASCII."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(-1, 4, size)
    mostly = generator.random(size) < 0.9
    lands = np.array(["Österreich, Süd", "日本", "Größe (L)", "Ελλάδα"])
    frame = pd.DataFrame(
        {
            "spend": np.exp(generator.normal(3 + 2 * (labels % 2), 0.7, size)),
            "visits": generator.poisson(1 + 3 * np.maximum(labels, 0), size).astype(float),
            "plan": pd.array(np.where(mostly, np.array(["basic", "pro"])[labels % 2], "team, big"), dtype="str"),
            "online": (generator.random(size) < np.where(labels > 1, 0.95, 0.05)).astype(float),
            "joined": np.round(2000 + 5 * labels + generator.normal(0, 2, size)),
            "land": pd.array(np.where(mostly, lands[labels], "elsewhere"), dtype="str"),
        }
    )
    frame.loc[generator.random(size) < 0.06, ["visits", "plan", "land"]] = None
    return frame, labels.astype(np.intp)


def by_id(described: Described, contract: VectorContract, segment_id: str) -> tuple[ColumnClaim, ...]:
    return tuple(ColumnClaim(claim, contract[claim.column]) for claim in described.claims[segment_id])


def contradicted(claims: tuple[ColumnClaim, ...], frame: pd.DataFrame) -> dict[str, np.ndarray[Any, Any]]:
    """By word, of which customers it does not hold (n,)."""
    rows: list[Any] = frame.to_dict("records")
    answers = [{misfit.word for misfit in misfits(claims, row) or ()} for row in rows]
    return {claim.claim.word: np.array([claim.claim.word in answer for answer in answers]) for claim in claims}


@pytest.mark.parametrize("seed", range(6))
def test_those_whom_a_word_does_not_fit_are_those_of_whom_it_is_not_true(seed: int) -> None:
    """The naming counts a missing value as untrue, and an explanation says nothing of it."""
    frame, labels = customers(500, seed)
    ids = ["a", "b", "c", "d"]
    described = describe(frame, CONTRACT, labels, ids)
    vocabulary = Vocabulary(CONTRACT, frame)
    spoken = 0
    for position, card in enumerate(described.cards):
        members = labels == position
        claims = by_id(described, CONTRACT, card.id)
        words = {word.text: word for word in vocabulary.words(card.name) or ()}
        assert list(dict.fromkeys(claim.claim.word for claim in claims)) == list(words)
        for text, untrue in contradicted(claims, frame).items():
            holds = words[text].condition.holds(frame)
            missing = frame[words[text].column].isna().to_numpy()
            assert np.array_equal(untrue, ~holds & ~missing), text
            share, unknown = float(untrue[members].mean()), float((missing & ~holds)[members].mean())
            assert share == pytest.approx(1 - holds[members].mean() - unknown)
            assert share <= 0.25
            spoken += 1
    assert spoken >= 4


@pytest.mark.parametrize("seed", range(4))
def test_names_of_the_grid_contradict_nobody_of_whom_they_are_true(seed: int) -> None:
    generator = np.random.default_rng(seed)
    size = 400
    worth = generator.normal(0, 1, size)
    frame = pd.DataFrame(
        {
            "recency_days": np.round(np.exp(4 - worth + generator.normal(0, 0.7, size))),
            "frequency": np.ceil(np.exp(1 + worth + generator.normal(0, 0.4, size))),
            "monetary_value": np.exp(4 + worth + generator.normal(0, 0.5, size)),
            "tenure_days": np.round(generator.uniform(0, 800, size)),
        }
    )
    frame.loc[generator.random(size) < 0.05, "recency_days"] = np.nan
    for word in grid_words(frame):
        claims = tuple(ColumnClaim(own, RFM[own.column]) for own in claims_of([word], RFM.names))
        holds = word.condition.holds(frame)
        untrue = contradicted(claims, frame).get(word.text, np.zeros(size, dtype=np.bool_))
        assert not np.any(untrue & holds), word.text
        assert any(own.claim.column == "recency_days" for own in claims) or not holds.any() or untrue.sum() == 0
        # of the days alone, the claim is exact: whoever meets it lies in a row of the grid that has the name
        days = [own for own in claims if own.column.name == "recency_days"]
        if word.text in ("champions", "lost") and holds.any():
            assert days
            assert untrue.sum() > size / 3


def test_a_lost_customer_who_bought_yesterday_is_named() -> None:
    frame = pd.DataFrame(
        {
            "recency_days": np.arange(1.0, 501.0),
            "frequency": np.ceil(np.linspace(40, 1, 500)),
            "monetary_value": np.linspace(4000, 10, 500),
        }
    )
    lost = next(word for word in grid_words(frame) if word.text == "lost")
    claims = {own.column: own for own in claims_of([lost], RFM.names)}
    assert (claims["recency_days"].least, claims["recency_days"].most) == (401.0, np.inf)
    assert claims["frequency"].least == claims["monetary_value"].least == -np.inf
    (misfit,) = misfits((ColumnClaim(claims["recency_days"], RFM["recency_days"]),), {"recency_days": 1}) or ()
    assert (misfit.word, misfit.value, misfit.claims) == ("lost", 1.0, "at least 401 days")


def test_several_bounds_of_one_column_are_one_claim() -> None:
    both = Together((Between("spend", least=1.0), Between("spend", 0.0, 5.0), Between("visits", least=2.0)))
    assert claims_of([Word("w", "spend", both)], CONTRACT.names) == [
        Claim("w", "spend", 1.0, 5.0),
        Claim("w", "visits", 2.0),
    ]
    assert claims_of([Word("w", "spend", both)], {"visits"}) == [Claim("w", "visits", 2.0)]  # the other is not shown
    known = Word("subscribed", "spend", Together((Between("spend"), Unknown("visits"), AtLevel("plan", "pro"))))
    assert claims_of([known], CONTRACT.names) == [
        Claim("subscribed", "visits", unknown=True),
        Claim("subscribed", "plan", level="pro"),
    ]
    assert claims_of([Word("w", "", Settled(np.ones(3, dtype=np.bool_)))], CONTRACT.names) == []


def test_a_discovered_model_keeps_the_claims_of_its_names(planted: Any) -> None:
    chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=4),), seed=3)
    model = discover(planted.frame, planted.contract, chosen, {}).model
    vocabulary = Vocabulary(planted.contract, planted.frame)
    labels = model.assign_records(planted.frame).nearest
    assert model.name_claims.count(None) == 0
    for position, (name, claims) in enumerate(zip(model.names, model.name_claims, strict=True)):
        members = planted.frame[labels == position]
        for text, untrue in contradicted(claims or (), members).items():
            word = vocabulary.word(text)
            assert word is not None
            assert text in name
            assert untrue.mean() == pytest.approx(
                1 - word.condition.holds(members).mean() - members[word.column].isna().mean()
            )


def test_heirs_claim_what_their_inherited_names_say_of_todays_customers(planted: Any) -> None:
    chosen = DiscoverySettings(algorithms=(KMeansSettings(segments=4),), seed=3)
    first = discover(planted.frame, planted.contract, chosen, {"as_of": "1"}).model
    new = discover(planted.frame, planted.contract, chosen, {"as_of": "2"}).model
    second, _ = succeed(new, first, planted.frame)
    assert second.ids == first.ids
    assert second.name_claims == first.name_claims
    # a name of other words, still true, is read again
    position = next(n for n, card in enumerate(first.discovered_cards) if "recently" in card.name)
    cards = [replace(card, name="active recently") if n == position else card
             for n, card in enumerate(first.discovered_cards)]  # fmt: skip
    third, _ = succeed(new, replace(first, discovered_cards=tuple(cards)), planted.frame)
    assert third.names[position] == "active recently"
    (claim,) = third.name_claims[position] or ()
    assert claim.claim == Claim("active recently", "recency_days", most=30.0)
    others = [n for n in range(4) if n != position]
    assert [third.name_claims[n] for n in others] == [first.name_claims[n] for n in others]


def test_claims_are_plain_values() -> None:
    assert claims_json({"seg-a": [Claim("w", "spend", least=1.0)], "seg-b": []}) == {
        "seg-a": [{"word": "w", "column": "spend", "least": 1.0}],
        "seg-b": [],
    }
