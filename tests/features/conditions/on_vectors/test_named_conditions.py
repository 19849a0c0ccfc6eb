"""Named conditions of the settings: ready-made ones exist where their columns do, and say the numbers they took."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.conditions.on_vectors.named_conditions import named_conditions
from features.conditions.on_vectors.ready_made import READY_MADE, ready_list
from features.conditions.on_vectors.vector_figures import FrameFigures
from features.conditions.written import READY
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SettingsError


def contract_of(**kinds: Kind) -> VectorContract:
    return VectorContract(tuple(Column(name, kind, nullable=True) for name, kind in kinds.items()))


COMPANY = contract_of(
    mrr=Kind.NUMBER,
    mrr_change_90_days=Kind.NUMBER,
    plan=Kind.CATEGORY,
    churned=Kind.FLAG,
    subscription_tenure_days=Kind.COUNT,
    limit_use=Kind.NUMBER,
    days_since_last_event=Kind.COUNT,
    active_days_30=Kind.COUNT,
    export_count=Kind.COUNT,
    main_device=Kind.CATEGORY,
    role=Kind.CATEGORY,
)
CUSTOMERS = pd.DataFrame(
    {
        "mrr": [20.0, 50, 50, 100, 0, 0, 20],
        "mrr_change_90_days": [0.0, 0, 30, 0, 0, 0, 0],
        "plan": ["entry", "team", "team", "scale", "team", None, "entry"],
        "churned": [0.0, 0, 0, 0, 0, 1, 0],
        "subscription_tenure_days": [400.0, 90, 400, 400, 10, 400, 20],
        "limit_use": [0.9, 0.8, 0.9, 0.9, np.nan, 0, 0.1],
        "days_since_last_event": [30.0, 1, 2, 29, np.nan, 90, 3],
        "active_days_30": [0.0, 15, 14, 1, 0, 0, 20],
        "export_count": [0.0, 3, 0, 0, 0, 0, 1],
        "main_device": ["Mobile app", "desktop", None, "desktop", "desktop", None, "Mobile app"],
        "role": ["admin", "o'clock", "admin", None, "user", "user", "user"],
    },
    index=list("ABCDEFG"),
)
MEET = {
    "at_risk": "A",
    "about_to_upgrade": "B",
    "trial_without_purchase": "E",
    "power": "BG",
    "inactive": "AEF",
    "non_adopter_of_export": "ACDEF",
    "near_limit": "ABCD",
    "best_20_percent": "D",
    "new_this_month": "EG",
    "device_mobile_app": "AG",
    "device_desktop": "BDE",
    "role_admin": "AC",
    "role_o_clock": "B",
}


@pytest.mark.parametrize(("name", "customers"), MEET.items())
def test_a_ready_made_condition_is_met_by_those_whom_its_words_describe(name: str, customers: str) -> None:
    condition = named_conditions({name: READY}, COMPANY, FrameFigures(CUSTOMERS))[name]
    assert "".join(CUSTOMERS.index[condition.meets(CUSTOMERS)]) == customers


def test_a_shop_has_those_of_its_orders() -> None:
    shop = contract_of(
        frequency=Kind.COUNT, recency_days=Kind.COUNT, monetary_value=Kind.NUMBER, tenure_days=Kind.COUNT
    )
    frame = pd.DataFrame(
        {
            "frequency": [1.0, 2, 9, 3, 0, 4],
            "recency_days": [200.0, 90, 89, 10, np.nan, 180],
            "monetary_value": [10.0, 40, 30, 20, 0, 50],
            "tenure_days": [200.0, 100, 400, 30, np.nan, 500],
        },
        index=list("ABCDEF"),
    )
    usable = ready_list(shop, FrameFigures(frame)).usable
    assert list(usable) == ["at_risk", "inactive", "best_20_percent", "new_this_month"]
    named = named_conditions(dict.fromkeys(usable, READY), shop, FrameFigures(frame))
    met = {name: "".join(frame.index[named[name].meets(frame)]) for name in named}
    assert met == {"at_risk": "BF", "inactive": "AF", "best_20_percent": "F", "new_this_month": "D"}


def test_a_number_from_the_vectors_is_a_value_of_a_customer_and_is_said() -> None:
    named = named_conditions({"best_20_percent": READY, "about_to_upgrade": READY}, COMPANY, FrameFigures(CUSTOMERS))
    assert named.texts["best_20_percent"] == "mrr >= 100.0"
    assert named.texts["about_to_upgrade"].startswith("plan in ('team') and mrr_change_90_days = 0")
    assert [note.partition(" is ")[2] for note in named.notes] == [
        "mrr >= 100.0, computed from the vectors as of the as-of moment",
        f"{named.texts['about_to_upgrade']}, computed from the vectors as of the as-of moment",
    ]
    tens = pd.DataFrame({"mrr": [float(number) for number in range(11)]})  # 0 pays nothing; of 1 to 10 the best two
    best = named_conditions({"best_20_percent": READY}, contract_of(mrr=Kind.NUMBER), FrameFigures(tens))[
        "best_20_percent"
    ]
    assert tens.mrr[best.meets(tens)].tolist() == [9.0, 10.0]


def test_every_ready_made_condition_can_be_asked_of_its_columns() -> None:
    kinds = {name: Kind.NUMBER for entry in READY_MADE for name in entry.needs}
    everything = contract_of(**{**kinds, "plan": Kind.CATEGORY, "churned": Kind.FLAG})
    frame = pd.DataFrame({**{name: [1.0, 2.0, 3.0] for name in kinds}, "plan": ["a", "b", "c"]})
    usable = ready_list(everything, FrameFigures(frame)).usable
    assert set(usable) == {entry.name for entry in READY_MADE}
    assert len(named_conditions(dict.fromkeys(usable, READY), everything, FrameFigures(frame))) == len(usable)


def test_without_their_columns_they_are_off_and_say_what_they_need() -> None:
    listed = ready_list(contract_of(age=Kind.NUMBER), FrameFigures(pd.DataFrame({"age": [30.0]})))
    assert listed.usable == {}
    assert listed.off["at_risk"] == (("mrr", "days_since_last_event"), ("frequency", "recency_days"))
    assert listed.off["device_..."] == (("main_device",),)
    assert set(listed.off) >= {entry.name for entry in READY_MADE}


@pytest.mark.parametrize(
    ("conditions", "sentence"),
    [
        ({"mrr": "mrr > 5"}, "conditions.mrr: the vector has a column of this name; give the condition another one"),
        ({"late": "mmr > 5"}, "conditions.late: no column 'mmr' in the vector. Did you mean 'mrr'?"),
        ({"at_rsk": READY}, "conditions.at_rsk: no ready-made condition has this name. Did you mean 'at_risk'?"),
    ],
)
def test_wrong_conditions_say_their_name(conditions: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        named_conditions(conditions, COMPANY, FrameFigures(CUSTOMERS))
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "frame", "sentence"),
    [
        (
            "power",
            pd.DataFrame({"mrr": [1.0]}),
            "conditions.power: this ready-made condition needs the columns active_",
        ),
        ("best_20_percent", pd.DataFrame({"mrr": [0.0]}), "no customer has a mrr above 0, so there are no best 20 %"),
    ],
)
def test_a_condition_that_the_vectors_do_not_allow_is_refused(name: str, frame: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        named_conditions({name: READY}, contract_of(mrr=Kind.NUMBER), FrameFigures(frame))
    assert sentence in str(refusal.value)


def test_plans_without_a_middle_are_said() -> None:
    two = CUSTOMERS[CUSTOMERS["plan"] != "scale"]
    with pytest.raises(
        SettingsError, match="no plan lies in the middle: the vectors have 2 plans with customers who pay"
    ):
        named_conditions({"about_to_upgrade": READY}, COMPANY, FrameFigures(two))


def test_no_condition_is_nothing_and_an_unknown_name_has_its_nearest() -> None:
    nothing = named_conditions({}, COMPANY, FrameFigures(CUSTOMERS))
    assert (len(nothing), nothing.texts, nothing.notes) == (0, {}, ())
    named = named_conditions({"at_risk": READY}, COMPANY, FrameFigures(CUSTOMERS))
    with pytest.raises(
        SettingsError, match=r"no condition 'at_rsk'. Did you mean 'at_risk'\? The settings have at_risk"
    ):
        named["at_rsk"]
