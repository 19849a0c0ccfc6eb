"""Shares, quartiles and adoption by segment: on paper, against SciPy, and degenerate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, mannwhitneyu

from analytics.distributions.adoption import ADOPTION, adoption
from analytics.distributions.all_distributions import all_distributions
from analytics.distributions.labelled import Labelled
from analytics.distributions.level_shares import level_shares
from analytics.distributions.quartiles import quartiles, rank_differences, rank_differences_of_counts
from analytics.history import UNASSIGNED, History
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.present import PresentFrame
from analytics.record import QUARTILES, SHARES
from segment_model.contract import Column, Kind, Role, VectorContract

PLAN = Column("plan", Kind.CATEGORY, Role.DESCRIPTOR)
PUBLIC = Column("is_public", Kind.FLAG, Role.DESCRIPTOR)
SCORE = Column("score", Kind.NUMBER, Role.DESCRIPTOR)
JANUARY = date(2017, 1, 1)


def labelled(labels: Sequence[str], **columns: Sequence[object]) -> Labelled:
    frame = pd.DataFrame(columns, index=[f"c{i}" for i in range(len(labels))])
    return Labelled.of(frame, pd.Series(labels, index=frame.index, dtype="str"), ("s1", "s2"))


def test_levels_of_those_who_answered() -> None:
    own = labelled(
        ["s1"] * 5 + ["s2"] * 4 + [UNASSIGNED], plan=["pro", "pro", "basic", None, "ü"] + ["basic"] * 4 + ["pro"]
    )
    table = level_shares(own, (PLAN,), floor=1)
    assert tuple(table.columns) == SHARES
    assert table.level.drop_duplicates().tolist() == ["basic", "pro", "ü"]
    rows = table.set_index(["segment", "level"])
    pro = rows.loc[("s1", "pro")]
    assert (pro.n, pro.answered, pro.customers, pro.share) == (5, 4, 2, 0.5)
    interval = binomtest(2, 4).proportion_ci(method="wilson")
    assert (pro.low, pro.high) == pytest.approx((interval.low, interval.high))
    assert rows.loc[("everyone", "basic"), "share"] == pytest.approx(5 / 9)
    assert rows.loc[(UNASSIGNED, "pro"), "share"] == 1.0


def test_flags_show_yes_and_few_answers_no_share() -> None:
    own = labelled(["s1"] * 12 + ["s2"] * 12, is_public=[1.0, 0.0] * 6 + [1.0] * 9 + [np.nan] * 3)
    table = level_shares(own, (PUBLIC,), floor=10).set_index("segment")
    assert table.level.tolist() == ["yes"] * 3
    assert table.loc["s1", "share"] == 0.5
    assert table.loc["s2", ["answered", "customers"]].tolist() == [9, 9]
    assert np.isnan(table.loc["s2", "share"])
    assert table.loc["s2", "mark"] == ""


def test_a_segment_that_differs_is_marked_unless_the_column_shaped_it() -> None:
    plans = ["pro"] * 70 + ["basic"] * 30 + ["pro"] * 30 + ["basic"] * 70
    own = labelled(["s1"] * 100 + ["s2"] * 100, plan=plans)
    marks = level_shares(own, (PLAN,), floor=10).set_index(["segment", "level"]).mark
    assert marks[("s1", "pro")] == "above"
    assert marks[("s1", "basic")] == "below"
    assert marks[("everyone", "pro")] == ""
    shaping = level_shares(own, (Column("plan", Kind.CATEGORY),), floor=10).set_index(["segment", "level"]).mark
    assert shaping[("s1", "pro")] == "defines the segment"


def test_many_levels_are_pooled() -> None:
    plans = [f"p{i:02}" for i in range(20) for _ in range(20 - i)]
    table = level_shares(labelled(["s1"] * len(plans), plan=plans), (PLAN,), floor=10)
    levels = table.level.drop_duplicates().tolist()
    assert levels == [f"p{i:02}" for i in range(8)] + ["other"]
    assert table[table.segment == "everyone"].share.sum() == pytest.approx(1)


def test_quartiles_of_those_who_answered() -> None:
    own = labelled(["s1"] * 5 + ["s2"] * 2, score=[1.0, 2.0, 3.0, 4.0, np.nan, 10.0, 20.0])
    table = quartiles(own, (SCORE, PLAN), floor=1)
    assert tuple(table.columns) == QUARTILES
    rows = table.set_index("segment")
    assert rows.loc["s1", ["n", "answered", "lower", "median", "upper"]].tolist() == [5, 4, 1.75, 2.5, 3.25]
    assert rows.loc["everyone", "median"] == 3.5
    assert quartiles(own, (SCORE,), floor=10)["median"].isna().all()


def test_ranks_are_those_of_scipy() -> None:
    generator = np.random.default_rng(8)
    values, codes = generator.integers(0, 12, 300).astype(float), generator.integers(0, 3, 300)
    values[codes == 1] += 1
    higher, p = rank_differences(values, codes, 4)
    for code in range(3):
        theirs = mannwhitneyu(values[codes == code], values[codes != code], method="asymptotic")
        pairs = (codes == code).sum() * (codes != code).sum()
        assert p[code] == pytest.approx(theirs.pvalue)
        assert higher[code] == pytest.approx(theirs.statistic / pairs - 0.5)
    assert np.isnan(p[3])  # nobody is in it
    assert np.isnan(rank_differences(np.ones(5), np.array([0, 0, 1, 1, 1]), 2)[1]).all()


def test_ranks_by_counts_are_those_of_the_values() -> None:
    """Whoever counts: here a table of values by groups, one value of nobody among them."""
    generator = np.random.default_rng(3)
    for size in (0, 1, 2, 300):
        values, codes = generator.integers(0, 9, size).astype(float), generator.integers(0, 3, size)
        counts = np.array([[((values == score) & (codes == code)).sum() for code in range(4)] for score in range(10)])
        for ours, theirs in zip(
            rank_differences_of_counts(counts), rank_differences(values, codes.astype(np.intp), 4), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)


def test_a_level_that_is_called_other_is_counted_with_the_rest() -> None:
    plans = [name for place, name in enumerate("abcdefghij") for _ in range(20 - place)] + ["other"] * 30
    table = level_shares(labelled(["s1"] * len(plans), plan=plans), (PLAN,), floor=10).set_index(["segment", "level"])
    assert table.loc["s1"].index.tolist() == [*"abcdefg", "other"]
    assert table.loc[("s1", "other"), "customers"] == 30 + 13 + 12 + 11
    assert table.loc["s1", "customers"].sum() == len(plans)


def test_numbers_that_differ_are_marked() -> None:
    generator = np.random.default_rng(1)
    scores = np.concatenate([generator.normal(0, 1, 80), generator.normal(1, 1, 80)])
    marks = quartiles(labelled(["s1"] * 80 + ["s2"] * 80, score=scores), (SCORE,), floor=10).set_index("segment").mark
    assert marks.to_dict() == {"everyone": "", "s1": "below", "s2": "above"}


def test_one_customer_and_nobody() -> None:
    single = labelled(["s1"], plan=["pro"], score=[1.0])
    assert level_shares(single, (PLAN,), floor=1).set_index("segment").share.to_dict() == pytest.approx(
        {"everyone": 1.0, "s1": 1.0, "s2": np.nan}, nan_ok=True
    )
    assert quartiles(single, (SCORE,), floor=1).mark.tolist() == ["", "", ""]
    nobody = labelled([], plan=pd.Series([], dtype="str"), score=pd.Series([], dtype="float64"))
    assert level_shares(nobody, (PLAN, PUBLIC)[:1], floor=10).empty
    assert quartiles(nobody, (SCORE,), floor=10)["median"].isna().all()
    unknown = labelled(["s1", "s2"], plan=[None, None], score=[np.nan, np.nan])
    assert level_shares(unknown, (PLAN,), floor=10).empty
    assert quartiles(unknown, (SCORE,), floor=1)["median"].isna().all()


def test_sensitive_columns_are_not_shown_and_named(
    orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    contract = VectorContract((PLAN, Column("religion", Kind.CATEGORY, Role.DESCRIPTOR, sensitive=True)))
    own = labelled(["s1"] * 12, plan=["pro"] * 12, religion=["x"] * 12)
    events = events_of([("c0", "2017-01-10", "login")])
    history = orders_history(events, month_ends(JANUARY, 1), table="events")
    labels = pd.Series(["s1"] * 12, index=own.frame.index, dtype="str")
    parts = all_distributions(history, PresentFrame(own.frame, labels, contract), RecordOptions(floor=1))
    assert set(parts.shares.column) == {"plan", ADOPTION}
    assert "Not shown, being marked sensitive: religion" in parts.notes


def events_of(rows: Sequence[tuple[object, ...]], *more: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "occurred_at", "name", *more])
    return frame.assign(occurred_at=pd.to_datetime(frame.occurred_at).astype("datetime64[us]"))


def test_adoption_counts_members_who_used_a_feature_in_the_months_of_the_record(
    orders_history: Callable[..., History],
    month_ends: Callable[..., MonthEnds],
    members_of: Callable[..., pd.DataFrame],
) -> None:
    ends = month_ends(JANUARY, 2)
    events = events_of(
        [
            ("a", "2017-01-05", "click", "export"),
            ("a", "2017-02-05", "click", "export"),
            ("b", "2017-02-28", "click", "export"),
            ("b", "2017-02-28", "click", "share"),
            ("c", "2016-12-31", "click", "export"),  # before the record
            ("c", "2017-03-01", "click", "share"),  # after it
            ("c", "2017-01-01", "click", None),
            ("stranger", "2017-01-01", "click", "export"),
        ],
        "feature",
    )
    members = members_of(["a", "b", "c", "d"], ends, segment=lambda c, p: "s1" if c in "ab" or p < 2 else "s2")
    table, notes = adoption(orders_history(events, ends, members, table="events"), floor=1)
    assert tuple(table.columns) == SHARES
    assert notes == ()
    rows = table.set_index(["segment", "level"])
    assert table.level.drop_duplicates().tolist() == ["export", "share"]
    assert rows.loc[("s1", "export"), ["n", "customers", "share"]].tolist() == [2, 2, 1.0]
    assert rows.loc[("s2", "export"), ["n", "customers", "share"]].tolist() == [2, 0, 0.0]
    assert rows.loc[("everyone", "share"), "share"] == 0.25


def test_adoption_by_the_name_of_events_and_of_many_features(
    orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    events = events_of([("a", "2017-01-05", f"f{i:02}") for i in range(23)])
    table, notes = adoption(orders_history(events, month_ends(JANUARY, 1), table="events"), floor=1)
    assert table.level.nunique() == 20
    assert notes == ("Adoption shows the 20 features of the most customers and leaves out 3 features of fewer",)


def test_without_events_or_names_there_is_no_adoption(
    orders_history: Callable[..., History], month_ends: Callable[..., MonthEnds]
) -> None:
    ends = month_ends(JANUARY, 1)
    nameless = events_of([("a", "2017-01-05", "x")]).drop(columns="name")
    assert adoption(orders_history(nameless, ends, table="events"), floor=10)[0].empty
    assert adoption(History(ends, ("s1",)), floor=10)[0].empty
    later = events_of([("a", "2017-02-05", "x")])
    assert adoption(orders_history(later, ends, table="events"), floor=10)[0].empty


@pytest.mark.parametrize(
    ("levels", "order"),
    [
        (["45-54", "65+", "19-24"], ["19-24", "45-54", "65+"]),
        (["50-74K", "Under 15K", "15-24K", "250K+"], ["Under 15K", "15-24K", "50-74K", "250K+"]),
        (["3+", "2", "10"], ["2", "3+", "10"]),
        (["Two year", "Month-to-month", "1 year"], ["Two year", "Month-to-month", "1 year"]),
    ],
)
def test_levels_with_numbers_are_in_their_order_and_others_by_how_common_they_are(
    levels: list[str], order: list[str]
) -> None:
    """The first level is the commonest, the last the rarest."""
    plans = [level for place, level in enumerate(levels) for _ in range(20 - place)]
    table = level_shares(labelled(["s1"] * len(plans), plan=plans), (PLAN,), floor=10)
    assert table.level.drop_duplicates().tolist() == order
