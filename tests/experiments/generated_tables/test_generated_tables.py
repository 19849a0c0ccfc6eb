"""The generated tables are frozen, and their groups as far apart and as mixed as they are said to be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from experiments.benchmarks.discovery.known_structure import FIRST_SEED, numbers_of_mixed_groups
from experiments.generated_tables.planted_groups import (
    CATEGORY_SIGNAL,
    MOST_ERROR,
    CustomerTable,
    GroupModel,
    mixed_groups,
    mixed_model,
    planted_groups,
    planted_model,
)
from experiments.generated_tables.structureless import structureless

FROZEN: dict[Callable[[int], CustomerTable], dict[int, str]] = {
    structureless: {
        50_000: "cffcd4c2a0a57f51b043ef90ae34f24aaaf026e7d5449a5b449714b1adbe9f26",
        50_001: "bf74e28804da6274035d047a6468565f75f27a59a12b20014c8c48d5d09aa36f",
        50_002: "ac8a2e5d429f16886f220bbeaaed8daee0e7e30eba03280464eab9a781c65b92",
        50_003: "06ce0ea21093ee1eed8695fee7be4a1ba15db72a0a86f0d70e45772d019aded3",
    },
    planted_groups: {
        0: "a4b3e8f58d318b9bc7e99be6489337ace78a00981364d48c50ad66548f2e8519",
        50_000: "8f78e5199d12a792858accfb44abc4cec1dda9ae94b81627ee647bed71046a57",
        50_099: "346752b9e5bbaf14f4eb4dfbc56fb7ed02c83065e4abf0e7f86fbcde52e8b79a",
    },
    mixed_groups: {
        50_000: "227fe23d806e279f0123c3c77e53de6e613d6a2d59818cb8913a0131770b756f",
        50_019: "9fba11dc1b9a76a04e5f64ce60dd84a96225cd1f9f31c9253de1985e90f14a03",
    },
}
ALLOWED = MOST_ERROR + 0.005  # the generators look at 1,000 draws a group, and stop where the error seems small enough


def digest(table: CustomerTable) -> str:
    """Of the names and every value, rounded to 9 digits: the last ones may differ from processor to processor."""
    frame = table.frame.assign(truth=table.truth)
    text = frame.to_csv(float_format="%.9g", lineterminator="\n")
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(("make", "seed"), [(make, seed) for make, seeds in FROZEN.items() for seed in seeds])
def test_a_seed_always_gives_the_same_table(make: Callable[[int], CustomerTable], seed: int) -> None:
    assert digest(make(seed)) == FROZEN[make][seed]


def test_seeds_that_were_seen_are_not_reported() -> None:
    """Decision 9: tuning drew from 900 on, up to 1,060; those under 130 were looked at between rules."""
    assert FIRST_SEED > 1_060


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + 12))
def test_who_knows_how_planted_customers_were_made_rarely_errs(seed: int) -> None:
    """On fresh customers, in each group; and the groups are those of the table."""
    model, truth = planted_model(np.random.default_rng([2, seed]))
    assert model.errors(10_000, np.random.default_rng(seed)).max() <= ALLOWED
    table = planted_groups(seed)
    np.testing.assert_array_equal(table.truth, truth)
    assert table.name == f"{len(model.means)} groups in {table.frame.shape[1]} columns"
    assert np.bincount(truth).min() >= 30


def test_planted_groups_are_two_to_nine() -> None:
    counts = [int(np.random.default_rng([2, FIRST_SEED + n]).integers(2, 10)) for n in range(100)]
    assert sorted(set(counts)) == list(range(2, 10))
    assert [planted_groups(FIRST_SEED + n).truth.max() + 1 for n in range(4)] == counts[:4]


def test_mixed_groups_are_apart_by_their_categories_too() -> None:
    """30 % of the signal; and who knows the numbers' distribution, but no category, errs far oftener."""
    blind_errors = []
    for seed in range(FIRST_SEED, FIRST_SEED + 8):
        model, truth = mixed_model(np.random.default_rng([5, seed]))
        numbers, categories = model.signal
        assert categories / (numbers + categories) == pytest.approx(CATEGORY_SIGNAL, abs=1e-6)
        table = mixed_groups(seed)
        np.testing.assert_array_equal(table.truth, truth)
        fresh = np.random.default_rng(seed)
        together, alone = (model.errors(10_000, fresh, numbers_alone=blind).max() for blind in (False, True))
        assert together <= ALLOWED
        assert alone >= 1.5 * together, seed
        blind_errors.append(alone)
    assert np.mean(blind_errors) >= 0.07


def test_the_numbers_alone_are_those_of_the_same_customers() -> None:
    whole, numbers = mixed_groups(FIRST_SEED), numbers_of_mixed_groups(FIRST_SEED)
    assert list(numbers.frame) == [f"number_{n}" for n in range(6)]
    assert [column.name for column in numbers.contract.columns] == list(numbers.frame)
    assert numbers.frame.equals(whole.frame[list(numbers.frame)])
    np.testing.assert_array_equal(numbers.truth, whole.truth)


def test_levels_are_drawn_with_the_chances_of_the_group() -> None:
    """Of the levels of a group that is large enough to count them in."""
    seed = FIRST_SEED + 1
    model, truth = mixed_model(np.random.default_rng([5, seed]))
    group = int(np.bincount(truth).argmax())
    frame = mixed_groups(seed).frame[truth == group]
    for category in range(4):
        counted = frame[f"category_{category}"].value_counts(normalize=True)
        for level in range(4):
            assert counted.get(f"level {level}", 0.0) == pytest.approx(model.chances[category, group, level], abs=0.05)


def test_errors_are_those_of_known_distributions() -> None:
    """Two Gaussians 4 apart: the normal distribution's tail beyond 2. A category that tells all: none. A coin: half."""
    generator, identity = np.random.default_rng(0), np.eye(1)
    half = np.array([0.5, 0.5])
    apart = GroupModel(np.array([[0.0], [4.0]]), [identity, identity], half)
    assert apart.errors(100_000, generator) == pytest.approx([0.02275, 0.02275], abs=0.002)
    telling = GroupModel(np.zeros((2, 1)), [identity, identity], half, np.array([[[0.999, 0.001], [0.001, 0.999]]]))
    assert telling.errors(100_000, generator) == pytest.approx([0.001, 0.001], abs=0.0005)
    assert telling.errors(1000, generator, numbers_alone=True).sum() == pytest.approx(1.0)
    coin = GroupModel(np.array([[0.0], [4.0]]), [identity, identity], half, np.array([[[0.5, 0.5], [0.5, 0.5]]]))
    assert coin.errors(100_000, generator) == pytest.approx([0.02275, 0.02275], abs=0.002)
    assert coin.signal == pytest.approx((16.0, 0.0))
