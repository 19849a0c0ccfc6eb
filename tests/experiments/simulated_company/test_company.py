"""The simulated company: repeatable, consistent, and made of segments that can be told apart only in combination."""

from __future__ import annotations

import datetime
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from experiments.simulated_company.company import SimulatedCompany, simulate, write_company
from experiments.simulated_company.planted_segments import (
    EVENT_NAMES,
    FEATURES,
    PLANS,
    PLANTED,
    PRIORITIES,
    SEAT_PRICES,
)
from segment_model.errors import SegmentsError, SettingsError, SourceError
from training.settings import read_settings

AS_OF = datetime.date(2026, 7, 1)
TABLES = [field.name for field in fields(SimulatedCompany) if field.name != "as_of"]


@pytest.fixture(scope="module")
def company() -> SimulatedCompany:
    return simulate(2000, 1, AS_OF)


def test_planted_segments_are_complete() -> None:
    assert len(PLANTED) >= 6
    assert sum(segment.share for segment in PLANTED) == pytest.approx(1.0)
    assert len({segment.name for segment in PLANTED}) == len(PLANTED)
    assert len(EVENT_NAMES) == len(FEATURES)
    assert len(SEAT_PRICES) == len(PLANS)
    for segment in PLANTED:
        assert len(segment.feature_weights) == len(FEATURES)
        assert len(segment.priorities) == len(PRIORITIES)
        assert sum(segment.plans) == pytest.approx(1.0)
        assert sum(segment.priorities) == pytest.approx(1.0)
        assert segment.tenure_days[0] <= segment.tenure_days[1]


def test_same_seed_gives_the_same_tables_to_the_bit(company: SimulatedCompany) -> None:
    again = simulate(2000, 1, AS_OF)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(company, name), check_exact=True)


def test_another_seed_gives_another_company(company: SimulatedCompany) -> None:
    other = simulate(2000, 2, AS_OF)
    for name in TABLES:
        assert not getattr(other, name).equals(getattr(company, name))


def test_segments_have_their_share(company: SimulatedCompany) -> None:
    sizes = company.truth["planted_segment"].value_counts()
    assert sizes.sum() == 2000
    for segment in PLANTED:
        assert abs(sizes[segment.name] - segment.share * 2000) < 1
    assert sizes.max() > 3 * sizes.min()


@pytest.mark.parametrize("customers", [1, 2, 10])
def test_a_tiny_company_is_whole(customers: int) -> None:
    tiny = simulate(customers, 3, AS_OF)
    check_consistency(tiny)
    assert len(tiny.customers) == len(tiny.truth) == customers
    assert set(tiny.subscriptions["account_id"]) == set(tiny.orders["account_id"]) == set(tiny.customers["account_id"])


def test_tables_are_consistent(company: SimulatedCompany) -> None:
    check_consistency(company)


@pytest.mark.parametrize("as_of", [datetime.date(2024, 2, 29), datetime.date(1999, 12, 31)])
def test_tables_are_consistent_as_of_other_days(as_of: datetime.date) -> None:
    check_consistency(simulate(300, 5, as_of))


def check_consistency(company: SimulatedCompany) -> None:
    """Referential integrity, order of times, and the limits of what can be."""
    midnight = pd.Timestamp(company.as_of)
    accounts = company.customers.set_index("account_id")
    assert accounts.index.is_unique
    assert list(company.truth["customer_id"]) == list(accounts.index)
    assert set(company.truth["planted_segment"]) <= {segment.name for segment in PLANTED}
    for table, moment in ((company.subscriptions, "started_at"), (company.events, "occurred_at")):
        check_rows(table, moment, accounts["signed_up_at"], midnight)
    check_rows(company.orders, "issued_at", accounts["signed_up_at"], midnight)
    assert company.orders["invoice_id"].is_unique
    assert accounts["signed_up_at"].lt(midnight).all()
    assert accounts["employees"].ge(2).all()

    stretches = company.subscriptions
    first = stretches.groupby("account_id")["started_at"].min()
    assert first.equals(accounts["signed_up_at"].sort_index().rename("started_at"))
    assert stretches["seats_used"].between(1, stretches["seats_allowed"]).all()
    assert stretches["mrr_usd"].gt(0).all()
    ended = stretches["ended_at"]
    assert (ended.isna() | (ended > stretches["started_at"])).all()
    assert (ended.isna() | (ended < midnight)).all()
    following = stretches.groupby("account_id")["started_at"].shift(-1)
    has_next = following.notna()
    assert ended[has_next].eq(following[has_next]).all()  # no gap and no overlap
    last = stretches[~has_next].set_index("account_id")["ended_at"].reindex(accounts.index)
    former = company.truth["planted_segment"].eq("former customers").to_numpy()
    assert (last.notna().to_numpy() == former).all()

    events = company.events
    assert events["quantity"].ge(1).all()
    assert events["monthly_allowance"].ge(1).all()
    after_the_end = events["occurred_at"] > events["account_id"].map(last)
    assert not after_the_end.any()


def check_rows(table: pd.DataFrame, moment: str, signed_up: pd.Series, midnight: pd.Timestamp) -> None:
    assert table["account_id"].isin(signed_up.index).all()
    assert table[moment].notna().all()
    assert table[moment].lt(midnight).all()
    assert (table[moment] >= table["account_id"].map(signed_up)).all()


def test_size_and_spend_are_skewed(company: SimulatedCompany) -> None:
    assert company.customers["employees"].skew() > 3
    mrr = company.subscriptions.groupby("account_id")["mrr_usd"].last()
    assert mrr.nlargest(200).sum() > 0.6 * mrr.sum()  # a tenth of the customers brings most of the money
    assert 0.0 < company.orders["amount_usd"].lt(0).mean() < 0.01  # credit notes


def test_survey_answers_are_missing_for_whole_customers(company: SimulatedCompany) -> None:
    missing = company.customers[["survey_nps", "survey_priority", "survey_attitude"]].isna()
    assert missing.eq(missing["survey_nps"], axis=0).all(axis=None)
    assert 0.6 < missing["survey_nps"].mean() < 0.72


def test_segments_mean_what_they_are_called(company: SimulatedCompany) -> None:
    kind = company.truth.set_index("customer_id")["planted_segment"]
    events = company.events
    of_event = events["account_id"].map(kind)
    assert events.loc[of_event == "automation through the API", "feature"].eq("api").mean() > 0.7
    assert events.loc[of_event == "automation through the API", "device"].eq("server").all()
    days_ago = (pd.Timestamp(AS_OF) - events["occurred_at"]).dt.days
    assert days_ago[of_event == "dormant accounts at risk"].min() >= 30
    assert events.loc[of_event == "month-end closers", "occurred_at"].dt.day.isin([1, 2, 29, 30, 31, 28]).all()
    now = company.subscriptions.groupby("account_id").last()
    full = (now["seats_used"] / now["seats_allowed"]).groupby(kind).median()
    assert full.idxmax() == "scale-ups near their seat limit"
    changes = company.subscriptions.groupby("account_id").size().groupby(kind).mean()
    assert changes.idxmax() == "scale-ups near their seat limit"


@pytest.mark.parametrize(
    ("customers", "seed", "as_of", "words"),
    [
        (0, 1, AS_OF, "at least 1 customer, got 0"),
        (-5, 1, AS_OF, "at least 1 customer, got -5"),
        (5, -1, AS_OF, "seed must be 0 or more, got -1"),
        (5, 1, datetime.date(1, 1, 1), "between the years 1990 and 2200, got 0001-01-01"),
        (5, 1, datetime.date(9999, 1, 1), "got 9999-01-01"),
    ],
)
def test_what_cannot_be_simulated_is_refused(customers: int, seed: int, as_of: datetime.date, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        simulate(customers, seed, as_of)


def test_written_files_hold_the_tables_and_valid_settings(tmp_path: Path) -> None:
    tiny = simulate(20, 4, datetime.date(2025, 3, 1))
    directory = tmp_path / "Ærø" / "company"
    written = write_company(tiny, directory)
    assert sorted(path.name for path in directory.iterdir()) == sorted(path.name for path in written)
    assert write_company(tiny, directory) == written  # again, over the same files
    for name, table in {
        "accounts": tiny.customers,
        "subscriptions": tiny.subscriptions,
        "events": tiny.events,
        "invoices": tiny.orders,
        "truth": tiny.truth,
    }.items():
        pd.testing.assert_frame_equal(pd.read_parquet(directory / f"{name}.parquet"), table)
    settings, text = read_settings(directory / "segments.yaml")
    assert str(settings.as_of).startswith("2025-03-01")
    assert "truth" not in text.replace("whose truth we know", "")
    for source in ("customers", "subscriptions", "events", "orders"):
        assert (directory / getattr(settings.sources, source).file).exists()


def test_an_edited_settings_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "segments.yaml").write_text("as_of: 2020-01-01\n", encoding="utf-8")
    with pytest.raises(SourceError, match="with other content"):
        write_company(simulate(2, 0, AS_OF), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["segments.yaml"]


def test_a_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "company"
    place.write_text("here already", encoding="utf-8")
    with pytest.raises(SegmentsError, match="cannot be written"):
        write_company(simulate(2, 0, AS_OF), place)
