"""Lifetimes of subscriptions: on paper, and against SciPy on the customers themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, ecdf, logrank

from analytics.groups import groupings_of
from analytics.history import NOT_ASSIGNABLE, History
from analytics.month_ends import MonthEnds
from analytics.record import SURVIVAL
from analytics.retention.lifetime_figures import STILL_SUBSCRIBED, lifetime_figures
from analytics.retention.lifetimes import counts_by_month, lifetimes
from analytics.retention.survival import Survival, survival

Build = Callable[..., History]
JANUARY = date(2017, 1, 1)


def survival_of(history: History, floor: int = 1) -> Survival:
    assert history.terms is not None
    groupings = groupings_of(history)
    return survival(lifetimes(history, history.terms, groupings), groupings, history.segments, floor)


def lives_of(history: History) -> dict[str, tuple[int, bool]]:
    assert history.terms is not None
    rows = lifetimes(history, history.terms, groupings_of(history)).to_pyarrow().to_pylist()
    return {row["customer_id"]: (row["exit"], row["left"]) for row in rows}


def curve(survived: Survival, group: str = "everyone") -> dict[int, float]:
    own = survived.table[survived.table.group == group]
    return dict(zip(own.time, own.share.round(4), strict=True))


@pytest.fixture
def build(
    terms_history: Build, terms_frame: Callable[..., pd.DataFrame], month_ends: Callable[..., MonthEnds]
) -> Build:
    """`build(*terms)` observes until 2018-01-01."""

    def make(*terms: tuple[object, ...], members: pd.DataFrame | None = None, names: tuple[str, ...] = ()) -> History:
        return terms_history(terms_frame(terms, *names), month_ends(JANUARY, 12), members)

    return make


def test_months_of_life_by_the_calendar(build: Build) -> None:
    history = build(
        ("exactly one", "2017-01-15", "2017-02-15", 10),
        ("a day more", "2017-01-15", "2017-02-16", 10),
        ("a day less", "2017-01-15", "2017-02-14", 10),
        ("short month", "2017-01-31", "2017-02-28", 10),
        ("an hour", "2017-01-15 10:00", "2017-01-15 11:00", 10),
        ("runs", "2017-01-01", None, 10),
        ("runs since the 2nd", "2017-01-02", None, 10),
        ("gap", "2017-01-01", "2017-02-01", 10),
        ("gap", "2017-05-01", "2017-06-01", 10),
        ("left this month", "2017-10-15", "2017-12-20", 10),
        ("upgraded", "2017-01-01", "2017-04-01", 10),
        ("upgraded", "2017-04-01", None, 20),
    )
    assert lives_of(history) == {
        "exactly one": (1, True),
        "a day more": (2, True),
        "a day less": (1, True),
        "short month": (1, True),
        "an hour": (1, True),
        "runs": (12, False),
        "runs since the 2nd": (11, False),
        "gap": (5, True),
        "left this month": (2, False),  # the third month of life is not over on 2018-01-01
        "upgraded": (12, False),
    }


def test_trials_and_free_terms_are_no_life(build: Build) -> None:
    history = build(
        ("a", "2017-01-01", "2017-02-01", 99, True),
        ("a", "2017-02-01", "2017-04-01", 10, False),
        ("b", "2017-01-01", None, 0, False),
        ("c", "2017-03-01", "2017-03-01", 10, False),
        names=("is_trial",),
    )
    assert lives_of(history) == {"a": (2, True)}


def test_ten_customers_on_paper(build: Build) -> None:
    """Two leave in month 1, two in month 3; one is observed for 2 months, five for 12."""
    terms = [(f"one {i}", "2017-01-01", "2017-02-01", 10) for i in range(2)]
    terms += [(f"three {i}", "2017-02-01", "2017-05-01", 10) for i in range(2)]
    terms += [("late", "2017-11-01", None, 10)]
    terms += [(f"stays {i}", "2017-01-01", None, 10) for i in range(5)]
    survived = survival_of(build(*terms))
    assert tuple(survived.table.columns) == SURVIVAL
    shares = curve(survived)
    assert list(shares) == list(range(13))
    assert [shares[t] for t in (0, 1, 2, 3, 12)] == [1.0, 0.8, 0.8, 0.5714, 0.5714]
    at_risk = survived.table[survived.table.group == "everyone"].at_risk.tolist()
    assert at_risk == [10, 10, 8, 7, *[5] * 9]


def random_terms(seed: int, customers: int) -> list[tuple[object, ...]]:
    generator = np.random.default_rng(seed)
    terms: list[tuple[object, ...]] = []
    for customer in range(customers):
        start = pd.Timestamp("2016-01-01") + pd.Timedelta(days=int(generator.integers(0, 700)))
        end = start + pd.Timedelta(days=int(generator.exponential(300)) + 1)
        terms.append((f"c{customer}", start, None if end >= pd.Timestamp("2018-01-01") else end, 10))
    return terms


def test_the_curve_is_that_of_scipy_on_the_customers(build: Build) -> None:
    history = build(*random_terms(5, 300))
    survived = survival_of(history)
    lives = [life for life in lives_of(history).values() if life[0] > 0]
    theirs = ecdf(CensoredData([t for t, left in lives if left], right=[t for t, left in lives if not left])).sf
    own = survived.table[(survived.table.group == "everyone") & (survived.table.time > 0)]
    np.testing.assert_allclose(own.share, theirs.evaluate(own.time), atol=1e-12)
    interval = theirs.confidence_interval(method="log-log")
    np.testing.assert_allclose(own.low, interval.low.evaluate(own.time), atol=1e-12)


def test_segments_are_compared_from_the_first_month_end_on(
    build: Build, members_of: Callable[..., pd.DataFrame], month_ends: Callable[..., MonthEnds]
) -> None:
    """All start with the record, so that the test is SciPy's; later segments do not choose the group."""
    generator = np.random.default_rng(2)
    months = generator.geometric([0.25] * 60 + [0.12] * 60).clip(1, 20)
    start, until = pd.Timestamp("2017-01-01"), pd.Timestamp("2018-01-01")
    ended = [start + pd.DateOffset(months=int(m)) for m in months]
    terms = [(i, start, None if end >= until else end, 10) for i, end in enumerate(ended)]

    def segment(customer: int, position: int) -> str:
        return ("short" if customer < 60 else "long") if position == 0 else "elsewhere"

    members = members_of(range(120), month_ends(JANUARY, 12), segment=segment)
    survived = survival_of(build(*terms, members=members))
    lives = [(int(min(m, 12)), bool(m < 12)) for m in months]
    groups = [
        CensoredData([t for t, left in part if left], right=[t for t, left in part if not left])
        for part in (lives[:60], lives[60:])
    ]
    theirs = logrank(*groups)
    assert survived.all_segments is not None
    assert survived.all_segments.p == pytest.approx(theirs.pvalue)
    assert set(survived.table.group) == {"everyone", "short", "long"}
    assert "The lifetimes of the segments differ" in survived.notes[0]
    figures = lifetime_figures(survived).set_index(["figure", "group"])
    assert figures.loc[("lifetime_median", "short"), "value"] == np.median(months[:60])
    assert figures.loc[("lifetime_median", "short"), "mark"] == "below"
    assert figures.loc[("lifetime_median", "everyone"), "mark"] == ""


def test_a_customer_counts_in_a_segment_only_from_its_first_month_end(build: Build) -> None:
    """At the first month end of the record, 12 months of life are over: they are months of no segment."""
    terms = [(f"c{i}", "2016-01-01", f"2017-{month:02}-01", 10) for i, month in enumerate((2, 3, 4, 5))]
    survived = survival_of(build(*terms))
    assert curve(survived) == {**dict.fromkeys(range(13), 1.0), 13: 0.75, 14: 0.5, 15: 0.25, 16: 0.0}
    assert curve(survived, "s1") == {12: 1.0, 13: 0.75, 14: 0.5, 15: 0.25, 16: 0.0}
    note = lifetime_figures(survived).set_index(["figure", "group"]).loc[("lifetime_median", "s1"), "note"]
    assert note == "known from month 13 of life on"


def test_new_subscribers_count_from_their_first_month_end_on(
    build: Build, members_of: Callable[..., pd.DataFrame], month_ends: Callable[..., MonthEnds]
) -> None:
    """Who left before the first month end is in no segment's curve, but in that of everyone."""
    ends = month_ends(JANUARY, 12)
    terms = [
        ("leaves in January", "2017-01-05", "2017-01-20", 10),
        ("one month", "2017-01-05", "2017-02-05", 10),
        ("stays", "2017-01-05", None, 10),
        ("stays too", "2017-01-10", None, 10),
    ]
    members = members_of([customer for customer, *_ in terms], ends)
    survived = survival_of(build(*terms, members=members[members.position > 0]))
    assert curve(survived)[1] == 0.5
    assert curve(survived, "s1")[0] == 1
    assert curve(survived, "s1")[1] == pytest.approx(2 / 3, abs=1e-4)


def test_a_month_end_at_which_the_model_cannot_read_a_customer_does_not_choose_its_curve(
    build: Build, members_of: Callable[..., pd.DataFrame], month_ends: Callable[..., MonthEnds]
) -> None:
    terms = [(f"c{i}", "2016-12-15", f"2017-{month:02}-15", 10) for i, month in enumerate((4, 5, 6))]
    members = members_of(
        [customer for customer, *_ in terms],
        month_ends(JANUARY, 12),
        segment=lambda _, position: "s1" if position > 1 else NOT_ASSIGNABLE,
    )
    survived = survival_of(build(*terms, members=members))
    assert curve(survived, NOT_ASSIGNABLE) == {}
    assert curve(survived, "s1") == {3: 1.0, 4: 0.6667, 5: 0.3333, 6: 0.0}


def test_few_customers_have_no_curve(build: Build) -> None:
    terms = random_terms(1, 9)
    assert survival_of(build(*terms), floor=10).table.empty
    assert lifetime_figures(survival_of(build(*terms), floor=10)).empty


def test_a_curve_ends_where_few_are_at_risk(build: Build) -> None:
    terms = [(f"c{i}", "2017-01-01", "2017-03-01" if i < 3 else None, 10) for i in range(12)]
    assert list(curve(survival_of(build(*terms), floor=10))) == [0, 1, 2]


def test_a_curve_may_begin_with_few_at_risk_but_not_with_a_single_one(build: Build) -> None:
    """Members are seen from month 13 of life on, or from month 7; four are too few to begin with, five are not."""
    old = [(f"a{i}", "2016-01-01", None, 10) for i in range(12)]
    for young, first in ((4, 12), (5, 6)):
        history = build(*old, *[(f"b{i}", "2016-07-01", None, 10) for i in range(young)])
        assert next(iter(curve(survival_of(history, floor=10), "s1"))) == first


def test_figures_of_lifetimes(build: Build) -> None:
    half = [(f"a{i}", "2017-01-01", "2017-06-01", 10) for i in range(12)]
    stay = [(f"b{i}", "2017-01-01", None, 10) for i in range(13)]
    figures = lifetime_figures(survival_of(build(*half, *stay))).set_index(["figure", "group"])
    median, year = figures.loc[("lifetime_median", "everyone")], figures.loc[("survival_12", "everyone")]
    assert np.isnan(median.value)
    assert median.note == STILL_SUBSCRIBED
    assert year.value == pytest.approx(13 / 25)
    assert year.n == 25
    assert year.low < year.value < year.high
    short = lifetime_figures(survival_of(build(("a", "2017-10-01", None, 1)))).set_index(["figure", "group"])
    assert short.loc[("survival_12", "everyone"), "note"] == "followed for 3 months only"


def test_all_are_gone_and_nobody(build: Build) -> None:
    gone = survival_of(build(("a", "2017-01-01", "2017-02-01", 1), ("b", "2017-01-01", "2017-03-01", 1)))
    assert curve(gone) == {0: 1.0, 1: 0.5, 2: 0.0}
    assert gone.all_segments is None
    assert gone.notes == ()
    nobody = survival_of(build(("a", "2017-01-01", None, 0)))
    assert nobody.table.empty
    assert tuple(nobody.table.columns) == SURVIVAL


def test_a_moment_of_observation_within_a_month(
    terms_history: Build, terms_frame: Callable[..., pd.DataFrame], month_ends: Callable[..., MonthEnds]
) -> None:
    ends = month_ends(JANUARY, 2, datetime(2017, 3, 20, 12))
    history = terms_history(terms_frame([("a", "2017-01-20", None, 1), ("b", "2017-01-21", None, 1)]), ends)
    assert lives_of(history) == {"a": (2, False), "b": (1, False)}
    assert history.terms is not None
    groups, at_risk, left = counts_by_month(lifetimes(history, history.terms, groupings_of(history)), "everyone")
    assert groups == ("everyone",)
    assert at_risk.tolist() == [[2, 1]]
    assert left.tolist() == [[0, 0]]
