"""Which columns of real tables tell a trait of a person: by the words of their names, and what their values can be."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from features.inspection.roles.personal_traits import ColumnValues, tells_of_a_person

FLAG = (0.0, 1.0)
DAYS = tuple(float(day) for day in range(3, 1_400, 7))
MONTHS = tuple(float(month) for month in range(1, 61))
ADULTS = tuple(float(age) for age in range(18, 80))
SCORES = tuple(float(score) for score in range(0, 101, 2))
MONEY = tuple(amount / 7 for amount in range(100, 900))
FEW = (0.0, 1.0, 2.0, 3.0)
Values = Sequence[float] | Sequence[str]

TELLING: dict[str, dict[str, Values]] = {
    "software": {"birth_year": tuple(float(year) for year in range(1950, 2006)), "is_disabled": FLAG},
    "shop": {
        "gender": ("F", "M"),
        "customer_age": ADULTS,
        "zip_code": ("01067", "10115", "80331"),
        "shipping_postcode": ("SW1A 1AA", "M1 1AE"),
        "marital_status": ("single", "married", "widowed"),
        "Anrede": ("Herr", "Frau"),
        "q7": ("m", "w", "d"),
        "CAP": ("00118", "20121", "80133"),
    },
    "telephone": {
        "SeniorCitizen": FLAG,
        "age_group": ("18-24", "25-34", "60+"),
        "AgeBand": tuple(float(code) for code in range(1, 8)),
        "nationality": ("DE", "FR", "TR"),
        "Alter": ADULTS,
        "customer postal code": tuple(float(code) for code in range(10_115, 10_200)),
    },
    "bank": {
        "age": ADULTS,
        "Year_Birth": tuple(float(year) for year in range(1940, 2000)),
        "DAYS_BIRTH": tuple(-float(day) for day in range(8_000, 25_000, 50)),
        "AgeOfPolicyHolder": ("26 to 30", "31 to 35"),
        "home owner age": ADULTS,
        "married": FLAG,
        "religion": ("a", "b"),
        "marital status code": FEW,
        "race_white": FLAG,
        "gender_Female": FLAG,
        "disability": FLAG,
        "client age": tuple(place / 30 - 1.5 for place in range(100)),  # standardised
        "citizenship": ("national", "other country"),
        "edad": ADULTS,
        "genre": ("Homme", "Femme", "Autre"),
    },
    "gym": {
        "member_age": ADULTS,
        "age_at_signup": ADULTS,
        "medical_conditions": FEW,
        "sex": FLAG,
        "pregnancy": FLAG,
        "health_status": ("good", "bad"),
    },
    "games": {"player_age": tuple(float(age) for age in range(12, 60)), "ethnicity": ("a", "b")},
}
SILENT: dict[str, dict[str, Values]] = {
    "software": {
        "account_age": DAYS,
        "account_age_months": MONTHS,
        "age_days": DAYS,
        "workspace_age": FEW,
        "plan_age": MONTHS,
        "health_score": SCORES,
        "customer_health": SCORES,
        "account_health": ("green", "amber", "red"),
        "notifications_disabled": FLAG,
        "mfa_disabled": FLAG,
        "storage_usage": MONEY,
        "pages_per_session": MONEY,
        "last_message_age": SCORES,
    },
    "shop": {
        "birthday_coupons_used": FEW,
        "genre": ("rock", "pop", "jazz"),
        "favourite_genre": ("drama", "comedy"),
        "store_zip": ("01067", "10115"),
        "zip_downloads": FEW,
        "health_beauty_spend": MONEY,
        "senior_discounts": FEW,
        "ethnic_food_share": MONEY,
        "average_basket": MONEY,
        "delivery_eta": tuple(float(minutes) for minutes in range(15, 90)),
        "colour": ("m", "d"),
    },
    "telephone": {
        "data_cap": (5.0, 10.0, 50.0, 100.0),
        "usage_cap_gb": (1_000.0, 5_000.0),
        "device_age_months": MONTHS,
        "contract_age": MONTHS,
        "phone_age": FEW,
        "line_age": MONTHS,
        "screen_orientation": ("portrait", "landscape"),
    },
    "bank": {
        "card_age": FEW,
        "oldest_account_age": MONTHS,
        "loan_age": MONTHS,
        "vehicle_age": tuple(float(age) for age in range(21)),
        "house_age": tuple(float(age) for age in range(10, 90)),
        "AgeOfVehicle": ("3 years", "6 years", "more than 7"),
        "age_verified": FLAG,
        "branch_postcode": ("10115", "80331"),
        "mortgage_balance": MONEY,
    },
    "gym": {
        "membership_age": MONTHS,
        "heart_health_classes": tuple(float(visits) for visits in range(30)),
        "weekday": ("M", "T", "W", "F"),
    },
    "games": {
        "health_potions_used": FEW,
        "races_won": FEW,
        "race_wins": FEW,
        "player_health": SCORES,
        "age_rating": (0.0, 3.0, 7.0, 12.0, 16.0, 18.0),
        "eta_minutes": tuple(float(minutes) for minutes in range(15, 90)),
        "genre": ("shooter", "puzzle", "strategy", "sports"),
    },
}
# neither the words nor the values show that these are a thing's
MISTAKEN: dict[str, Values] = {
    "gym_postcode": ("10115", "80331"),
    "race": ("elf", "orc", "human"),
    "player_race": ("elf", "orc", "human"),
    "health": ("good", "at risk"),  # of a contract
}


def values_of(values: Values) -> ColumnValues:
    texts = tuple(level for level in values if isinstance(level, str))
    return ColumnValues(texts, tuple(sorted(number for number in values if not isinstance(number, str))))


def cases(columns: dict[str, dict[str, Values]]) -> list[object]:
    return [
        pytest.param(name, values, id=f"{industry}: {name}")
        for industry, own in columns.items()
        for name, values in own.items()
    ]


@pytest.mark.parametrize(("name", "values"), cases(TELLING))
def test_a_trait_of_a_person(name: str, values: Values) -> None:
    assert tells_of_a_person(name, values_of(values))


@pytest.mark.parametrize(("name", "values"), cases(SILENT))
def test_a_trait_of_a_thing_and_values_that_no_person_has(name: str, values: Values) -> None:
    assert not tells_of_a_person(name, values_of(values))


@pytest.mark.parametrize(("name", "values"), MISTAKEN.items())
def test_what_nothing_decides_is_told(name: str, values: Values) -> None:
    assert tells_of_a_person(name, values_of(values))


def test_a_name_without_values_counts_unless_its_word_means_other_things() -> None:
    nothing = ColumnValues()
    assert all(tells_of_a_person(name, nothing) for name in ("age", "gender", "plz", "birthday", "religion"))
    assert not any(tells_of_a_person(name, nothing) for name in ("genre", "cap", "eta", "account_age"))
