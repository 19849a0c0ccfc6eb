"""Experiments on the page: warnings first, texts escaped, a table an arm and goal, nothing without the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analytics.experiments.comparison import KEYS, Key
from analytics.experiments.effects import arm_effects
from analytics.experiments.means import Means
from analytics.experiments.rates import Rates
from analytics.experiments.record import ExperimentRecord, ExperimentSummary
from analytics.experiments.sample_ratio import sample_ratio
from analytics.groups import SEGMENT
from analytics.history import EVERYONE, MEETS, REST
from reporting.content.report_content import DiscoveryContent, ReportContent
from reporting.experiment_tables import chosen_effects, effects_in_words, interactions_in_words
from reporting.page import html_report
from reporting.sections.experiments import MOST_TABLES, experiments
from reporting.sections.keys import Keys
from segment_model.errors import SettingsError


def record_of(segments: list[str], goals: int = 1, stated: float = np.nan) -> ExperimentRecord:
    """Mails that work in the first segment alone, and among the idle, of 400 customers an arm and group."""
    groups = [(SEGMENT, segment) for segment in segments] + [("idle", MEETS), ("idle", REST)]
    reached = {(arm, *group): 80 for arm in ("control", "mail <b>") for group in groups}
    reached |= {("mail <b>", SEGMENT, segments[0]): 160, ("mail <b>", "idle", MEETS): 160}
    rows: dict[Key, tuple[int, int]] = {("may", *key): (hits, 400) for key, hits in reached.items()}
    for arm in ("control", "mail <b>"):
        of_segments = [hits for (own, grouping, _), hits in reached.items() if (own, grouping) == (arm, SEGMENT)]
        rows["may", arm, EVERYONE, EVERYONE] = (sum(of_segments), 400 * len(segments))
    index = pd.MultiIndex.from_tuples(rows, names=KEYS)
    rates = Rates(pd.DataFrame(list(rows.values()), columns=["reached", "n"], index=index))
    judged = [arm_effects(rates, "control", 10, f"goal {number}", stated) for number in range(goals)]
    means = Means({key: np.repeat([7.0, 0.0], [hits, n - hits]) for key, (hits, n) in rows.items()})
    judged.append(arm_effects(means, "control", 10, "revenue"))
    summary = ExperimentSummary(
        "may", sample_ratio({"control": 5_000, "mail <b>": 4_000}), date(2026, 5, 1), date(2026, 5, 3)
    )
    return ExperimentRecord(
        "control",
        "EUR",
        (summary,),
        pd.concat([each.rows for each in judged], ignore_index=True),
        pd.concat([each.interactions for each in judged], ignore_index=True),
        warnings=("SAMPLE RATIO MISMATCH in may",),
        notes=("one note",),
    )


@pytest.fixture
def discovery(make_content: Callable[..., DiscoveryContent]) -> DiscoveryContent:
    return make_content(3)


def test_the_section_names_the_segment_in_which_the_effect_is_the_highest(discovery: DiscoveryContent) -> None:
    first = discovery.segments[0]
    record = record_of([segment.id for segment in discovery.segments])
    shown = experiments(record, Keys(discovery.segments))
    table = shown.tables[0]
    assert table.title == "may: mail <b> against control, goal 0"
    assert table.headings == ("n", "arm's", "control's", "difference", "95 % interval", "would show")
    (row,) = (row for row in table.rows if row.key.id == first.id)
    assert row.cells[:4] == ("400 / 400", "40.0 %", "20.0 %", "20.0 pp")
    assert (row.mark, row.remark) == ("above", "above")
    of_segments, of_idle = table.verdicts
    assert "the effect differs between segments" in of_segments
    assert first.name in of_segments
    assert of_idle.startswith("the effect differs between those who meet idle and the rest")
    assert of_idle.endswith("it is the highest in 'idle'")
    assert {row.key.name for row in table.rows} >= {"idle", "not idle"}
    assert shown.summaries == (
        "may: exposed 2026-05-01 to 2026-05-03; customers by arm: control 5,000, mail <b> 4,000",
    )
    names = {segment.id: segment.name for segment in discovery.segments}
    assert len(interactions_in_words(record, names)) == 4
    assert set(effects_in_words(record, names).group) == {"everyone", *names.values(), "idle", "not idle"}


def test_effects_are_chosen_by_grouping(discovery: DiscoveryContent) -> None:
    record = record_of([segment.id for segment in discovery.segments])
    by_idle = chosen_effects(record, "idle")
    assert list(effects_in_words(by_idle, {}).group) == ["idle", "not idle", "everyone"] * 2
    assert len(interactions_in_words(by_idle, {})) == 2
    assert set(chosen_effects(record, SEGMENT).effects.grouping) == {EVERYONE, SEGMENT}
    assert chosen_effects(record, "") is record
    with pytest.raises(SettingsError, match=r"no grouping 'idel'\. Did you mean 'idle'"):
        chosen_effects(record, "idel")


def test_the_power_of_a_stated_difference_is_told(discovery: DiscoveryContent) -> None:
    """By hand: a standard error of sqrt(2 * p * (1 - p) / 400) with p = 81 / 402, and the normal distribution."""
    words = effects_in_words(record_of([segment.id for segment in discovery.segments], stated=0.08), {})
    first = words.iloc[0]
    error = np.sqrt(2 * (81 / 402) * (1 - 81 / 402) / 400)
    power = norm.cdf(0.08 / error - norm.ppf(0.975))
    assert first["power for 8.0 pp"] == f"{100 * power:.0f} %"
    assert set(words[words.goal == "revenue"]["power for 8.0 pp"]) == {"-"}
    assert not any("power" in heading for heading in effects_in_words(record_of(["s1"]), {}).columns.astype(str))


def test_only_so_many_tables_stand_on_the_page(discovery: DiscoveryContent) -> None:
    shown = experiments(record_of([segment.id for segment in discovery.segments], 15), Keys(discovery.segments))
    assert len(shown.tables) == MOST_TABLES
    assert shown.left_out == 16 - MOST_TABLES


def test_tables_with_a_mark_come_first_and_those_without_an_effect_last(discovery: DiscoveryContent) -> None:
    record = record_of([segment.id for segment in discovery.segments], 3)
    effects = record.effects.assign(
        mark=record.effects["mark"].where(record.effects["goal"] == "revenue", ""),
        difference=record.effects["difference"].mask(record.effects["goal"] == "goal 0"),
    )
    shown = experiments(replace(record, effects=effects), Keys(discovery.segments))
    goals = [table.title.rpartition(", ")[2] for table in shown.tables]
    assert goals == ["revenue", "goal 1", "goal 2", "goal 0"]


def test_the_page_has_the_section_only_where_the_table_exists(discovery: DiscoveryContent) -> None:
    content = ReportContent("A shop", discovery)
    assert 'id="experiments"' not in html_report(content)
    record = record_of([segment.id for segment in discovery.segments])
    page = html_report(replace(content, experiments=record))
    assert 'id="experiments"' in page
    assert page.index("SAMPLE RATIO MISMATCH in may") < page.index("may: mail &lt;b&gt; against control, goal 0")
    assert "mail <b>" not in page
    assert "One note." in page
    nobody = ExperimentRecord("control", "EUR", notes=("nobody was exposed",))
    assert "Nobody was exposed." in html_report(replace(content, experiments=nobody))
