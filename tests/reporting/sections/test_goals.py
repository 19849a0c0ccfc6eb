"""The section "Goals" and what to do on the cards, out of made-up odds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.goals.goal import Goal, Outcome
from analytics.record import ADVICE, AS_WELL, ODDS, RULE, AnalystRecord, GoalState
from reporting.content.report_content import DiscoveryContent, ReportContent
from reporting.goal_tables import advice_in_words, chosen_odds, odds_in_words
from reporting.goal_words import footnotes, times_words, verb_of
from reporting.page import html_report
from reporting.sections.goals import advice_by_segment, goal_panels
from reporting.sections.keys import Keys
from segment_model.errors import SettingsError

CHURNED = Goal("churned", "subscriptions", Outcome.CHURNED, 90, better="low", target=0.1, by=date(2026, 12, 31))
LARGE = Goal("large_order", "orders", within_days=400)


@pytest.fixture(scope="module")
def content(make_content: Callable[..., DiscoveryContent]) -> DiscoveryContent:
    return make_content()


def odds_row(**cells: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        **{"goal": "churned", "grouping": "segment", "period": "2026-03", "latest": True, "n": 100.0, "reached": 20.0},
        **{"rate": 0.2, "low": 0.13, "high": 0.29, "ratio": 2.5, "ratio_low": 1.6, "ratio_high": 3.9},
        **{"difference": 0.12, "difference_low": 0.04, "difference_high": 0.21, "mark": "above"},
        **{"light": "missed", "note": ""},
    }
    return usual | cells


@pytest.fixture(scope="module")
def record(content: DiscoveryContent, make_record: Callable[..., AnalystRecord]) -> AnalystRecord:
    first, second, *_ = (segment.id for segment in content.segments)
    missing = dict.fromkeys(
        ("rate", "low", "high", "ratio", "ratio_low", "ratio_high", "difference", "difference_low", "difference_high"),
        np.nan,
    )
    rows = [
        odds_row(grouping="everyone", group="everyone", rate=0.1, light="reached", mark="", ratio=np.nan),
        odds_row(group=first),
        odds_row(group=first, period="2026-02", latest=False, rate=0.15, mark="", light=""),
        odds_row(group=second, **missing, n=3.0, mark="", light="", note="fewer than 10 customers"),
    ]
    advice = [
        {
            **{"goal": "churned", "segment": first, "kind": RULE, "rule": "last event is at least 30 days"},
            **{"condition": "plan = 'entry' and \"idle\" >= 30", "n": 90.0, "reached": 36.0, "rate": 0.4},
            **{"rest_rate": 0.1, "ratio": 4.1, "low": 2.9, "high": 5.8, "customers": 112.0, "money": 9300.0},
            "period": "2026-03",
        },
        {
            **{
                "goal": "churned",
                "segment": first,
                "kind": AS_WELL,
                "rule": "seats is below 3",
                "condition": "seats < 3",
            },
            **{"n": 90.0, "reached": 36.0, "rate": 0.4, "rest_rate": 0.1, "ratio": 3.1, "low": 2.2, "high": 4.4},
            **{"customers": 80.0, "money": np.nan, "period": "2026-03"},
        },
    ]
    footnote = "the model was fitted on data until 2026-07-01"
    return replace(
        make_record(content),
        odds=pd.DataFrame(rows, columns=list(ODDS)),
        advice=pd.DataFrame(advice, columns=list(ADVICE)),
        goals=(
            GoalState(CHURNED, "2026-03", date(2026, 4, 1), footnote=footnote),
            GoalState(LARGE, known_from=date(2026, 8, 5)),
        ),
    )


def test_a_panel_has_rates_ratios_lights_and_the_series(record: AnalystRecord, content: DiscoveryContent) -> None:
    churned, large = goal_panels(record, Keys(content.segments))
    assert (churned.title, churned.target, churned.start) == ("churned", "at most 10.0 % by 2026-12-31", "2026-04-01")
    first, second, everyone = churned.rows
    rate, ratio, difference = first.cells
    assert (rate.words, rate.interval, rate.n, rate.tone) == ("20.0 %", "13.0–29.0 %", "n 100", "bad")
    assert (ratio.words, ratio.interval) == ("2.50", "1.60–3.90")
    assert (difference.words, difference.interval) == ("+12.0", "+4.0 to +21.0")
    assert first.light is not None
    assert (first.light.word, first.light.tone) == ("missed", "bad")
    assert first.series is not None
    assert first.series.words == "churned, 2 month ends: 15.0 %, 20.0 %"
    assert second.cells[0].note == "fewer than 10 customers"
    assert second.light is None
    assert len(everyone.cells) == 1
    assert (large.title, large.unknown, large.rows) == ("large order", "Not known yet; the first on 2026-08-05", ())


def test_what_to_do_has_number_interval_money_and_a_command(record: AnalystRecord, content: DiscoveryContent) -> None:
    segment = content.segments[0].id
    rule, as_well = advice_by_segment(record)[segment]
    assert rule.sentence == (
        "Members leave 4.1 times as often as the segment's others (2.9 to 5.8) when last event is at least 30 days: "
        "40.0 % of 90 within 90 days, others 10.0 %. Today this holds for 112 customers, with 9,300 "
        f"{record.currency} {record.money_title}"
    )
    assert rule.command.startswith("segments rank --by ")
    assert rule.command.endswith(f'--segment {segment} --condition "plan = \'entry\' and \\"idle\\" >= 30"')
    assert as_well.command == ""
    assert as_well.sentence == (
        "One column tells as much as this segment: where seats is below 3, customers leave 3.1 times as often as all "
        "others (2.2 to 4.4); those of this segment 2.5 times as often (1.6 to 3.9)"
    )


def test_the_page_shows_goals_and_what_to_do(record: AnalystRecord, content: DiscoveryContent) -> None:
    page = html_report(ReportContent("t", content, record=record))
    headings = ("What to do", "Worth knowing")
    for text in (*headings, "Members leave 4.1 times", "● missed", "Not known yet; the first on 2026-08-05"):
        assert text in page
    assert page.count("the model was fitted on data until 2026-07-01") == 1
    assert "Churned: the model was fitted" in page
    bare = html_report(ReportContent("t", content, record=replace(record, goals=(), advice=record.advice.iloc[:0])))
    assert 'id="goals"' not in bare
    assert "What to do" not in bare


def test_tables_for_people_show_the_latest_window(record: AnalystRecord, content: DiscoveryContent) -> None:
    names = {segment.id: segment.name for segment in content.segments}
    rows = chosen_odds(record, names, "", "segment")
    words = odds_in_words(rows)
    assert words.group.tolist() == ["everyone", content.segments[0].name, content.segments[1].name]
    assert words["times the rest"].tolist()[1:] == ["2.50", "-"]
    assert words.remark.tolist() == ["reached", "above, missed", "fewer than 10 customers"]
    assert words.difference[1] == "+12.0 (+4.0 to +21.0) points"
    assert len(odds_in_words(rows, every_period=True)) == 4
    lines = advice_in_words(record, names)
    assert lines[0].startswith(f"{content.segments[0].name}: Members leave 4.1 times")
    assert advice_in_words(record, names, "large_order") == []


def test_whoever_never_reached_a_goal_did_so_not_once() -> None:
    assert times_words(0.0, 0.0, 0.35, "all others") == "not once (0 to 0.35 times as often as all others)"
    assert times_words(0.0, 0.0, 0.35) == "not once (0 to 0.35 times as often)"


def test_unknown_goals_and_groupings_are_answered(record: AnalystRecord) -> None:
    with pytest.raises(SettingsError, match=r"no goal 'churn'. Did you mean 'churned'\?"):
        chosen_odds(record, {}, "churn")
    with pytest.raises(SettingsError, match=r"the odds have no grouping 'plan'"):
        chosen_odds(record, {}, "", "plan")
    with pytest.raises(SettingsError, match="the settings have no goals"):
        chosen_odds(replace(record, goals=()), {})


def test_a_footnote_of_several_goals_is_said_once() -> None:
    states = [GoalState(goal, footnote="fitted later") for goal in (CHURNED, LARGE)]
    assert footnotes(
        [*states, GoalState(replace(LARGE, label="bought “much”"), footnote="else"), GoalState(LARGE)]
    ) == (
        "churned, large order: fitted later",
        "bought “much”: else",
    )


def test_a_goal_is_called_by_its_title() -> None:
    assert verb_of(CHURNED) == "leave"
    assert verb_of(LARGE) == "reach “large order”"
    assert verb_of(replace(LARGE, label="bought an add-on")) == "reach “bought an add-on”"
