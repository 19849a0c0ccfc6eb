"""Experiments on the page: warnings first, texts escaped, a table an arm and goal, nothing without the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.experiments.effects import KEYS, MEAN, RATE, arm_effects
from analytics.experiments.record import ExperimentRecord, ExperimentSummary
from analytics.experiments.sample_ratio import sample_ratio
from analytics.history import EVERYONE
from analytics.intervals.pair_sums import PairSums
from reporting.content.report_content import DiscoveryContent, ReportContent
from reporting.experiment_tables import effects_in_words, interactions_in_words
from reporting.page import html_report
from reporting.sections.experiments import MOST_TABLES, experiments
from reporting.sections.keys import Keys


def record_of(segments: list[str], goals: int = 1) -> ExperimentRecord:
    """Mails that work in the first segment alone, of 400 customers an arm and segment."""
    reached = {("control", s): 80 for s in segments} | {("mail <b>", s): 80 for s in segments}
    reached["mail <b>", segments[0]] = 160
    rows = {("may", *key): (hits, 400) for key, hits in reached.items()}
    rows |= {("may", arm, EVERYONE): (sum(h for (a, _), h in reached.items() if a == arm), 400 * len(segments))
             for arm in ("control", "mail <b>")}  # fmt: skip
    hits, n = (np.array(column, dtype=float) for column in zip(*rows.values(), strict=True))
    sums = pd.DataFrame(vars(PairSums.of_counts(hits, n)), index=pd.MultiIndex.from_tuples(rows, names=KEYS))
    judged = [arm_effects(sums, "control", RATE, 10, f"goal {number}") for number in range(goals)]
    judged.append(arm_effects(sums * 7, "control", MEAN, 10, "revenue"))
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
    assert "the effect differs between segments" in table.verdict
    assert first.name in table.verdict
    assert shown.summaries == (
        "may: exposed 2026-05-01 to 2026-05-03; customers by arm: control 5,000, mail <b> 4,000",
    )
    names = {segment.id: segment.name for segment in discovery.segments}
    assert len(interactions_in_words(record, names)) == 2
    assert set(effects_in_words(record, names).group) == {"everyone", *names.values()}


def test_only_so_many_tables_stand_on_the_page(discovery: DiscoveryContent) -> None:
    shown = experiments(record_of([segment.id for segment in discovery.segments], 15), Keys(discovery.segments))
    assert len(shown.tables) == MOST_TABLES
    assert shown.left_out == 16 - MOST_TABLES


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
