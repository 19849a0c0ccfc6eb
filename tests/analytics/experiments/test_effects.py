"""Effects by segment: hand-worked intervals, planted effects and planted nulls, and what degenerate tables give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, false_discovery_control, norm, ttest_ind

from analytics.experiments.comparison import KEYS, Key
from analytics.experiments.effects import EFFECTS, ArmEffects, arm_effects, corrected_interactions
from analytics.experiments.means import Means
from analytics.experiments.rates import Rates
from analytics.groups import SEGMENT
from analytics.history import EVERYONE, MEETS, NOT_ASSIGNABLE, REST

Counts = dict[tuple[str, str], tuple[int, int]]


def rates_of_counts(experiments: dict[str, Counts]) -> Rates:
    """The rates of (arm, segment): (reached, customers) of each experiment, with everyone's beside."""
    rows: dict[Key, tuple[int, int]] = {}
    for experiment, counts in experiments.items():
        rows |= {(experiment, arm, SEGMENT, segment): pair for (arm, segment), pair in counts.items()}
        for arm in dict.fromkeys(arm for arm, _ in counts):
            own = [pair for (other, _), pair in counts.items() if other == arm]
            whole = sum(reached for reached, _ in own), sum(n for _, n in own)
            rows[experiment, arm, EVERYONE, EVERYONE] = whole
    index = pd.MultiIndex.from_tuples(rows, names=KEYS)
    return Rates(pd.DataFrame(list(rows.values()), columns=["reached", "n"], index=index))


def effects(counts: Counts, floor: int = 10, stated: float = np.nan) -> ArmEffects:
    return arm_effects(rates_of_counts({"e": counts}), "control", floor, "bought", stated)


def row_of(rows: pd.DataFrame, group: str, arm: str = "mail") -> pd.Series:
    return rows[(rows["group"] == group) & (rows["arm"] == arm)].iloc[0]


def interaction_of(judged: ArmEffects) -> pd.Series:
    """The interaction test of the only arm."""
    (row,) = (row for _, row in judged.interactions.iterrows())
    return row


def test_a_difference_of_rates_has_newcombes_interval() -> None:
    rows = effects({("mail", "a"): (7, 34), ("control", "a"): (1, 34)}).rows
    assert list(rows.columns) == list(EFFECTS)
    row = row_of(rows, "a")
    assert (row.n, row.n_control) == (34, 34)
    assert row.outcome == pytest.approx(7 / 34)
    assert row.difference == pytest.approx(6 / 34)
    assert (round(row.low, 3), round(row.high, 3)) == (0.019, 0.340)
    assert row.p < 0.05
    assert row.mark == "above"


def test_the_smallest_difference_that_is_shown_follows_from_controls_rate() -> None:
    """By hand: (1.959964 + 0.841621) * sqrt(2 * p * (1 - p) / 100) with p = (20 + 1) / (100 + 2)."""
    row = row_of(effects({("mail", "a"): (30, 100), ("control", "a"): (20, 100)}).rows, "a")
    p = 21 / 102
    assert row.detectable == pytest.approx((norm.ppf(0.975) + norm.ppf(0.8)) * np.sqrt(2 * p * (1 - p) / 100))


def test_marks_are_corrected_over_segments_and_everyone() -> None:
    counts: Counts = {}
    for segment, reached in {"a": 32, "b": 20, "c": 21, "d": 19}.items():
        counts["mail", segment], counts["control", segment] = (reached, 100), (20, 100)
    rows = effects(counts).rows
    corrected = false_discovery_control(rows.p.to_numpy())
    assert rows.p_corrected.to_numpy() == pytest.approx(corrected)
    assert row_of(rows, "a").p == pytest.approx(0.053, abs=0.01)
    assert set(rows.mark) == {""}


def test_planted_effects_are_marked_with_the_right_sign_in_their_segments() -> None:
    """0.20 against 0.40, and 0.20 against 0.05, of 400 each: a z-test's power at 5 % is above 0.99."""
    planted, experiments = {"a": 0.4, "b": 0.2, "c": 0.05}, {}
    for seed in range(100):
        draw = np.random.default_rng(seed).binomial
        counts: Counts = {("control", segment): (int(draw(400, 0.2)), 400) for segment in planted}
        counts |= {("mail", segment): (int(draw(400, rate)), 400) for segment, rate in planted.items()}
        experiments[f"e{seed}"] = counts
    judged = arm_effects(rates_of_counts(experiments), "control", 10)
    marks = judged.rows.groupby("group").mark.agg(list)
    assert set(marks["a"]) == {"above"}
    assert set(marks["c"]) == {"below"}
    assert set(judged.interactions.best) == {"a"}
    assert judged.interactions.p.max() < 1e-6


def raised_marks(judged: ArmEffects) -> float:
    """The share of experiments with a mark or a named segment."""
    marked = judged.rows.assign(raised=judged.rows.mark != "").groupby("experiment").raised.any()
    named = judged.interactions.assign(raised=judged.interactions.best != "").groupby("experiment").raised.any()
    return float((marked | named).mean())


def test_nulls_raise_no_more_marks_than_the_stated_rate() -> None:
    """200 experiments without any effect, of five segments with sizes and rates of their own: 5 % may raise a mark, and
    18 of 200 is the 99 % limit of that."""
    experiments = {}
    for seed in range(200):
        generator = np.random.default_rng(seed)
        rates, sizes = generator.uniform(0.05, 0.6, 5), generator.integers(40, 400, 5)
        reached = generator.binomial(sizes, rates, (2, 5))
        experiments[f"e{seed}"] = {
            (arm, segment): (int(reached[row, column]), int(sizes[column]))
            for row, arm in enumerate(("mail", "control"))
            for column, segment in enumerate("abcde")
        }
    assert raised_marks(arm_effects(rates_of_counts(experiments), "control", 10)) <= 0.09


Money = dict[tuple[str, str, str], np.ndarray]


def means_of(money: Money) -> Means:
    """The money of (experiment, arm, segment), with everyone's beside."""
    customers: dict[Key, np.ndarray] = {(name, arm, SEGMENT, group): own for (name, arm, group), own in money.items()}
    for experiment, arm in dict.fromkeys((experiment, arm) for experiment, arm, _ in money):
        parts = [own for (name, other, _), own in money.items() if (name, other) == (experiment, arm)]
        customers[experiment, arm, EVERYONE, EVERYONE] = np.concatenate(parts)
    return Means(customers, draws=999)


def test_nulls_of_skewed_money_raise_no_more_marks_than_the_stated_rate() -> None:
    money: Money = {}
    for seed in range(200):
        drawn = np.random.default_rng(1_000 + seed).lognormal(3, 1, (2, 3, 200))
        money |= {(f"e{seed}", arm, s): drawn[row, column]
                  for row, arm in enumerate(("mail", "control")) for column, s in enumerate("abc")}  # fmt: skip
    assert raised_marks(arm_effects(means_of(money), "control", 10)) <= 0.09


def test_means_are_near_students_test_where_money_is_not_skewed() -> None:
    generator = np.random.default_rng(3)
    mailed, others = generator.normal(21, 5, 150), generator.normal(20, 5, 150)
    money = {("e", "mail", "a"): mailed, ("e", "control", "a"): others}
    row = row_of(arm_effects(means_of(money), "control", 10).rows, "a")
    expected = ttest_ind(mailed, others, equal_var=False)
    assert row.difference == pytest.approx(mailed.mean() - others.mean())
    assert row.p == pytest.approx(expected.pvalue, rel=0.25)
    interval = expected.confidence_interval()
    assert (row.low, row.high) == (pytest.approx(interval.low, abs=0.15), pytest.approx(interval.high, abs=0.15))


def test_the_interaction_test_is_cochrans_q() -> None:
    """By hand: effects of 0.2 and 0 with variances of (x + 1) of (n + 2) customers."""
    judged = effects({("mail", "a"): (40, 100), ("control", "a"): (20, 100), ("mail", "b"): (20, 100),
                      ("control", "b"): (20, 100)})  # fmt: skip

    def variance(reached: int) -> float:
        share = (reached + 1) / 102
        return share * (1 - share) / 102

    first, second = variance(40) + variance(20), 2 * variance(20)
    q = 0.2**2 / (first + second)  # of two effects: their squared difference over the sum of variances
    test = interaction_of(judged)
    assert test.groups == 2
    assert test.q == pytest.approx(q)
    assert test.p == pytest.approx(chi2.sf(q, 1))


def test_no_segment_wins_where_the_effect_is_the_same_everywhere() -> None:
    counts: Counts = {}
    for segment in "abc":
        counts["mail", segment], counts["control", segment] = (200, 400), (80, 400)
    judged = effects(counts)
    assert set(judged.rows.mark) == {"above"}
    assert list(judged.interactions.best) == [""]
    assert interaction_of(judged).p > 0.9


def test_two_arms_are_each_compared_with_control_and_corrected_together() -> None:
    judged = effects({("mail", "a"): (60, 100), ("call", "a"): (20, 100), ("control", "a"): (20, 100)})
    assert set(judged.rows.arm) == {"mail", "call"}
    assert row_of(judged.rows, "a", "mail").mark == "above"
    assert row_of(judged.rows, "a", "call").difference == 0
    assert len(judged.rows) == 4


def test_a_group_with_few_customers_shows_no_effect() -> None:
    judged = effects(
        {("mail", "a"): (9, 9), ("control", "a"): (0, 50), ("mail", "b"): (5, 50), ("control", "b"): (5, 50)}
    )
    row = row_of(judged.rows, "a")
    assert np.isnan([row.difference, row.low, row.high, row.p, row.outcome]).all()
    assert row.note == "fewer than 10 customers in an arm"
    assert row.n == 9
    assert interaction_of(judged).groups == 1


@pytest.mark.parametrize(
    "counts",
    [{("control", "a"): (5, 50)}, {("mail", "a"): (5, 50)}, {("mail", "a"): (5, 50), ("call", "a"): (5, 50)}],
    ids=["control alone", "no control", "two arms without control"],
)
def test_without_two_arms_of_which_one_is_control_there_are_no_effects(counts: Counts) -> None:
    judged = effects(counts)
    assert judged.rows.empty
    assert list(judged.rows.columns) == list(EFFECTS)
    assert judged.interactions.empty


def test_all_in_one_segment_and_a_segment_of_one_arm() -> None:
    judged = effects({("mail", "a"): (10, 50), ("control", "a"): (10, 50), ("mail", "b"): (3, 20)})
    assert np.isnan(interaction_of(judged).p)
    assert row_of(judged.rows, "b").note
    assert row_of(judged.rows, EVERYONE).n == 70


def test_a_group_without_a_complete_window_is_not_known_yet() -> None:
    judged = effects(
        {("mail", "a"): (0, 0), ("control", "a"): (0, 0), ("mail", "b"): (9, 40), ("control", "b"): (0, 9)}
    )
    assert row_of(judged.rows, "a").note == "not known yet"
    assert row_of(judged.rows, "b").note == "fewer than 10 customers in an arm"


def test_nobody_and_everybody_reach_the_goal() -> None:
    for reached in (0, 50):
        judged = effects({(arm, s): (reached, 50) for arm in ("mail", "control") for s in "ab"})
        assert set(judged.rows.mark) == {""}
        assert list(judged.interactions.best) == [""]
        assert interaction_of(judged).p == pytest.approx(1)


def test_customers_without_a_segment_are_no_segment_that_wins() -> None:
    judged = effects({("mail", "a"): (80, 400), ("control", "a"): (80, 400), ("mail", NOT_ASSIGNABLE): (300, 400),
                      ("control", NOT_ASSIGNABLE): (80, 400)})  # fmt: skip
    assert row_of(judged.rows, NOT_ASSIGNABLE).mark == "above"
    assert list(judged.interactions.best) == [""]


def test_a_best_segment_survives_the_correction_over_the_goals_of_its_experiment() -> None:
    """Of four known tests the least p of 0.02 becomes 0.08; alone in its experiment it stays."""
    tests = pd.DataFrame(
        {
            "experiment": ["mail"] * 5 + ["tour"],
            "p": [0.02, 0.5, 0.6, 0.7, np.nan, 0.02],
            "best": ["s1", "", "", "", "", "s2"],
        }
    )
    corrected = corrected_interactions(tests)
    assert corrected["p_corrected"].tolist()[:4] == pytest.approx([0.08, 0.7, 0.7, 0.7])
    assert corrected["best"].tolist() == ["", "", "", "", "", "s2"]
    assert corrected_interactions(tests.head(0)).empty


def test_conditions_are_corrected_together_with_segments_and_tested_by_themselves() -> None:
    """The mail works among those near their limit, who are spread over both segments."""
    rows: dict[Key, tuple[int, int]] = {}
    for arm, near in (("mail", 120), ("control", 40)):
        rows["e", arm, EVERYONE, EVERYONE] = (near + 80, 600)
        rows |= {("e", arm, SEGMENT, segment): ((near + 80) // 2, 300) for segment in "ab"}
        rows |= {("e", arm, "near", MEETS): (near, 200), ("e", arm, "near", REST): (80, 400)}
    rates = Rates(pd.DataFrame(rows.values(), columns=["reached", "n"], index=pd.MultiIndex.from_tuples(rows)))
    judged = arm_effects(rates, "control", 10)
    tests = judged.interactions.set_index("grouping")
    assert judged.rows.p_corrected.to_numpy() == pytest.approx(false_discovery_control(judged.rows.p.to_numpy()))
    assert tests.best.to_dict() == {SEGMENT: "", "near": MEETS}
    assert tests.groups.to_dict() == {SEGMENT: 2, "near": 2}
    marks = judged.rows.set_index(["grouping", "group"]).mark
    assert marks["near", REST] == ""
    assert marks["near", MEETS] == marks[SEGMENT, "a"] == "above"


def test_means_of_arms_that_pay_alike_and_of_few_customers() -> None:
    nothing, few = np.zeros(40), np.array([3.0])
    money = {("e", "mail", "a"): nothing, ("e", "control", "a"): nothing, ("e", "mail", "b"): few,
             ("e", "control", "b"): few, ("e", "mail", "c"): nothing, ("e", "control", "c"): nothing + 9}  # fmt: skip
    rows = arm_effects(means_of(money), "control", 1).rows
    alike, single, fixed = (row_of(rows, group) for group in "abc")
    assert (alike.difference, alike.p, alike.mark) == (0, 1, "")
    assert np.isnan([single.low, single.high, single.p]).all()
    assert (fixed.difference, fixed.low, fixed.mark) == (-9, -9, "below")


def test_the_interval_of_means_agrees_with_its_p_value() -> None:
    """Where few pay and the arms differ in size, the level is kept: 1 of 20 nulls lies outside."""
    generator, outside = np.random.default_rng(8), []
    for _ in range(200):
        arms = [generator.lognormal(3, 1, size) * (generator.random(size) < 0.1) for size in (60, 300)]
        means = means_of({("e", "mail", "a"): arms[0], ("e", "control", "a"): arms[1]})
        row = row_of(arm_effects(means, "control", 1).rows, "a")
        assert (row.p < 0.05) == (row.low > 0 or row.high < 0)
        outside.append(row.p < 0.05)
    assert np.mean(outside) <= 0.09
