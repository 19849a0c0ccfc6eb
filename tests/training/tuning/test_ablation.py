"""Leaving out the group that carries the structure loses it; leaving out noise does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from segment_model.contract import Column, Kind, Role, VectorContract
from segment_model.errors import DiscoveryError, SettingsError
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.settings import DiscoverySettings
from training.tuning.ablation import WHOLE, Fit, ablate, ablation_table, variants_of
from training.tuning.goal_power import goal_power

CUSTOMERS = 240
SETTINGS = DiscoverySettings(algorithms=(KMeansSettings(segments=3, starts=1),), min_segments=3, max_segments=3)


def column(name: str, group: str, role: Role = Role.BASIS) -> Column:
    return Column(name, Kind.NUMBER, role, group=group)


CONTRACT = VectorContract(
    (
        column("visits", "behavioural"),
        column("clicks", "behavioural"),
        column("height", "demographic"),
        column("constant", "needs"),
        column("wish", "needs", Role.DESCRIPTOR),
    )
)


def planted(seed: int = 3) -> tuple[pd.DataFrame, np.ndarray]:
    """Three groups apart in what they do; the rest is noise."""
    rng = np.random.default_rng(seed)
    kind = np.arange(CUSTOMERS) % 3
    index = pd.Index([f"ü{number}" for number in range(CUSTOMERS)], dtype="str", name="customer_id")
    frame = pd.DataFrame(
        {
            "visits": rng.normal(np.array([0.0, 8.0, 16.0])[kind], 0.5),
            "clicks": rng.normal(np.array([8.0, 0.0, 8.0])[kind], 0.5),
            "height": rng.normal(0.0, 1.0, CUSTOMERS),
            "constant": 1.0,
            "wish": rng.normal(0.0, 1.0, CUSTOMERS),
        },
        index,
    )
    return frame, kind


@pytest.fixture(scope="module")
def whole() -> Discovery:
    return discover(planted()[0], CONTRACT, SETTINGS.model_copy(update={"force": True}), {})


@pytest.fixture(scope="module")
def fits(whole: Discovery) -> dict[str, Fit]:
    frame, kind = planted()
    outcome = pd.Series(kind == 1, frame.index)

    def explained(made: Discovery) -> dict[str, float]:
        auc, explained = goal_power(pd.Series(made.labels.astype(str), made.frame.index), outcome)
        return {"auc": auc, "explained": explained}

    def made_of(contract: VectorContract, settings: DiscoverySettings) -> Discovery:
        return whole if len(contract.basis) == 3 else discover(frame, contract, settings, {})

    made = ablate(frame, CONTRACT, SETTINGS, made_of, explained)
    return {name: fit for fit in made for name in fit.variant.names}


def test_the_group_that_carries_the_structure_is_the_one_whose_loss_loses_it(fits: dict[str, Fit]) -> None:
    assert fits[WHOLE].figures["agreement"] == 1
    assert fits["without demographic"].figures["agreement"] > 0.95
    assert fits["without behavioural"].figures["agreement"] < 0.1
    assert fits["behavioural alone"].figures["agreement"] > 0.95
    assert fits["demographic alone"].figures["agreement"] < 0.1


def test_what_segments_explain_of_a_goal_goes_with_the_structure(fits: dict[str, Fit]) -> None:
    assert fits["behavioural alone"].figures["auc"] > 0.95
    assert fits["behavioural alone"].figures["explained"] > 0.9
    assert fits["without behavioural"].figures["auc"] == pytest.approx(0.5, abs=0.1)
    assert fits["without behavioural"].figures["explained"] < 0.1


def test_every_group_is_left_out_and_stands_alone_once(fits: dict[str, Fit]) -> None:
    contract = VectorContract(
        (column("visits", "behavioural"), column("age", "demographic"), column("mrr", "subscriptions"))
    )
    names = [name for variant in variants_of(contract) for name in variant.names]
    assert names == [
        WHOLE, "without behavioural", "without demographic", "without value",
        "behavioural alone", "demographic alone", "value alone",
    ]  # fmt: skip
    assert [fits[name].columns for name in (WHOLE, "without behavioural", "behavioural alone")] == [3, 1, 2]


def test_two_groups_need_three_fits() -> None:
    contract = VectorContract((column("visits", "behavioural"), column("mrr", "subscriptions")))
    names = [variant.names for variant in variants_of(contract)]
    assert names == [(WHOLE,), ("without behavioural", "value alone"), ("without value", "behavioural alone")]


def test_a_single_group_has_nothing_to_leave_out() -> None:
    with pytest.raises(SettingsError, match="all basis columns are of the group 'behavioural'"):
        variants_of(VectorContract((column("visits", "behavioural"), column("age", "demographic", Role.DESCRIPTOR))))


def test_a_fit_that_cannot_be_made_is_a_row_that_says_why(whole: Discovery) -> None:
    frame, _ = planted()

    def refusing(contract: VectorContract, _: DiscoverySettings) -> Discovery:
        if [name.name for name in contract.basis] == ["height"]:
            raise DiscoveryError("no segments here")
        return whole

    table = ablation_table(ablate(frame, CONTRACT, SETTINGS, refusing, lambda _: {})).set_index("fit")
    name = "without behavioural = demographic alone"
    assert table["refused"][name] == "no segments here"
    assert table["verdict"][name] == ""
    assert np.isnan(table["agreement"][name])
    assert table["refused"].eq("").sum() == 2


def test_no_model_of_all_groups_is_no_ablation() -> None:
    frame, _ = planted()

    def refusing(*_: object) -> Discovery:
        raise DiscoveryError("no segments at all")

    with pytest.raises(DiscoveryError, match="at all"):
        ablate(frame, CONTRACT, SETTINGS, refusing, lambda _: {})
