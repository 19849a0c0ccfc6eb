"""Sections in words: periods, marks, letters and moves are those of the record."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analytics.history import NOT_ASSIGNABLE
from analytics.record import AVERAGE, COHORTS, QUARTILES, SHARES, AnalystRecord, Definition, Mark, Unit
from reporting.content.report_content import ColumnContent, DiscoveryContent, ReportContent
from reporting.rendering import moment_words, money_column, money_words, signed
from reporting.sections.by_attribute import by_attribute
from reporting.sections.comparison import comparison
from reporting.sections.figure_book import PLAN, FigureBook, cell_of, span_words
from reporting.sections.growth import growth
from reporting.sections.headline import statements
from reporting.sections.keys import Keys, letter_of
from reporting.sections.overview import overview
from reporting.sections.retention import retention
from reporting.sections.segment_cards import cards
from segment_model.errors import percent
from training.evaluation.verdict import VerdictKind


@pytest.fixture(scope="module")
def content(make_content: Callable[..., DiscoveryContent]) -> DiscoveryContent:
    return make_content()


@pytest.fixture(scope="module")
def record(content: DiscoveryContent, make_record: Callable[..., AnalystRecord]) -> AnalystRecord:
    return make_record(content)


def test_letters_go_on_after_z() -> None:
    assert [letter_of(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_what_is_no_segment_has_words_and_no_colour(content: DiscoveryContent) -> None:
    keys = Keys(content.segments, {"seg-old": "former"})
    assert (keys["unassigned"].name, keys["unassigned"].style) == ("in no segment", "nobody")
    assert keys["not_assignable"].name == "not assignable"
    assert keys["seg-old"].name == "former"
    ids = [segment.id for segment in content.segments]
    assert keys.ordered({"unassigned", *reversed(ids)}) == [*ids, "unassigned"]


def test_pooled_months_are_shown_rather_than_one(record: AnalystRecord) -> None:
    book = FigureBook(record)
    assert book.periods["churn_rate"] == "2017-01/2017-12"
    assert book.periods["mrr"] == ""
    only_months = record.figures[record.figures["period"] == "2017-12"]
    earlier = only_months.assign(period="2017-11", value=9.0)
    months = FigureBook(replace(record, figures=pd.concat([earlier, only_months])))
    assert months.periods["churn_rate"] == "2017-12"


@pytest.mark.parametrize(
    ("mark", "better", "sign", "tone"),
    [
        (Mark.ABOVE, "low", "▲", "bad"),
        (Mark.ABOVE, "high", "▲", "good"),
        (Mark.BELOW, "low", "▼", "good"),
        (Mark.BELOW, "", "▼", ""),
        (Mark.DEFINES, "low", "", ""),
        (Mark.NONE, "low", "", ""),
    ],
)
def test_a_mark_is_a_sign_and_good_or_bad(mark: Mark, better: str, sign: str, tone: str) -> None:
    definition = Definition("x", "X", Unit.SHARE, "words.", better)
    row = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 20, "period": "", "mark": str(mark), "note": ""}
    cell = cell_of(definition, row, "USD")
    assert (cell.words, cell.interval, cell.n, cell.sign, cell.tone) == ("50.0 %", "40.0–60.0 %", "n 20", sign, tone)
    assert "words." in cell.title


def test_amounts_in_words() -> None:
    assert [money_words(amount) for amount in (0, 7.25, 99.999, 1234.5, 1_234_567, 2e9)] == [
        *("0", "7.25", "100", "1,234", "1.235 M", "2 B"),
    ]  # fmt: skip
    assert [signed(change) for change in (3, -12.0, 0)] == ["+3", "−12", "0"]
    assert span_words("1.0 %", "2.0 %") == "1.0–2.0 %"
    assert span_words("-3", "-1") == "-3 to -1"


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        ([526_464.2, 1_363_412.0], ["526,464", "1,363,412"]),
        ([1_363_412.0, 12_360_000.0, 0.0], ["1.363 M", "12.36 M", "0 M"]),
        ([2_500_000.0, 1_300_000_000.0], ["2.5 M", "1,300 M"]),
        ([12.5, -3_000_000.0], ["12.50", "-3,000,000"]),
        ([0.0], ["0"]),
        ([0.00125, 0.4, 0.0], ["0.00125", "0.4", "0"]),
    ],
)
def test_amounts_of_a_column_have_one_unit(amounts: list[float], words: list[str]) -> None:
    assert [money_column([*amounts, None, math.nan])(amount) for amount in amounts] == words


def test_amounts_that_are_compared_are_written_in_one_unit(content: DiscoveryContent, record: AnalystRecord) -> None:
    """Beside a segment of half a million, everyone's MRR is no "1.363 M"; nor is one that grew so in a sentence."""
    keys, (first, *others) = Keys(content.segments), [segment.id for segment in content.segments]
    is_mrr, figures = record.figures["figure"] == "mrr", record.figures
    amounts = figures["group"].map({first: 526_464.0, "everyone": 1_363_412.0} | dict.fromkeys(others, 278_982.67))
    unlimited = figures[["low", "high"]].mask(is_mrr)
    large = figures.assign(value=figures["value"].where(~is_mrr, amounts), low=unlimited.low, high=unlimited.high)
    sizes = record.sizes.assign(money=np.where(record.sizes["month"] < "2017-06", 526_464.0, 1_363_412.0))
    grown = replace(record, figures=large, sizes=sizes)
    table = overview(content, FigureBook(grown), keys)
    place = [label for label, _ in table.columns].index("MRR (USD a month)")
    assert [row.cells[place].words for row in table.rows][:2] == ["526,464", "278,983"]
    assert table.everyone[place].words == "1,363,412"
    section = growth(grown, keys)
    assert section is not None
    assert any(" from 526,464 USD in 2017-03 to 1,363,412 USD in 2017-12" in each for each in section.changed)


def test_moves_of_comparable_months_are_added_up(content: DiscoveryContent, record: AnalystRecord) -> None:
    shown = growth(record, Keys(content.segments))
    assert shown is not None
    assert shown.migration is not None
    flows = record.flows[record.flows["month"] >= "2017-04"]
    first, second = content.segments[0].id, content.segments[1].id
    expected = flows[(flows["source"] == first) & (flows["target"] == second)]["customers"].sum()
    key, cells = shown.migration.rows[0]
    assert key.id == first
    assert cells[1].words == f"{expected:,}"
    total = flows[flows["source"] == first]["customers"].sum()
    assert f"{expected:,} of {total:,}" in cells[1].title
    sizes = record.sizes[(record.sizes["segment"] == first) & (record.sizes["month"] >= "2017-04")]
    joined = [name for name, _ in shown.changes].index("joined")
    assert shown.reasons[0].counts[joined] == f"{sizes['joined'].sum():,.0f}"
    assert "unassigned" in [key.id for key in shown.tables[0].columns]
    assert shown.sum_words == "Before + joined + came − went = after; who left or returned is still counted."


def test_all_months_of_short_history_leave_the_chart_and_no_sums(
    content: DiscoveryContent, record: AnalystRecord
) -> None:
    shown = growth(replace(record, sizes=record.sizes.assign(short_history=True)), Keys(content.segments))
    assert shown is not None
    assert (shown.reasons, shown.migration) == ((), None)
    assert len(shown.tables[0].chart.striped) == 13
    months = sorted(set(record.sizes["month"]))
    assert shown.short_history == f"{months[0]} to {months[-1]}"
    assert shown.changed == ()


def test_segments_that_change_by_more_than_a_fifth_are_named_with_the_currency(
    content: DiscoveryContent, record: AnalystRecord
) -> None:
    first, last = (sorted(set(record.sizes["month"]))[place] for place in (0, -1))
    own, other = content.segments[:2]
    sizes = record.sizes.assign(short_history=~record.sizes["month"].isin([first, last]), customers=100.0, money=100.0)
    sizes.loc[(sizes["segment"] == own.id) & (sizes["month"] == last), "customers"] = 79.0
    sizes.loc[(sizes["segment"] == other.id) & (sizes["month"] == last), "money"] = 1250.0
    sizes.loc[(sizes["segment"] == own.id) & (sizes["month"] == last), "money"] = 60.0
    shown = growth(replace(record, sizes=sizes), Keys(content.segments))
    assert shown is not None
    assert shown.changed == (
        f"The MRR of “{other.name}” rose from 100 USD in {first} to 1,250 USD in {last}: 12.5 times as much",
        f"“{own.name}” shrank from 100 customers at the end of {first} to 79 customers at the end of {last}: "
        "21.0 % fewer",
        f"The MRR of “{own.name}” fell from 100 USD in {first} to 60 USD in {last}: 40.0 % less",
    )
    assert shown.too_small == ""
    few = growth(replace(record, sizes=sizes, floor=101), Keys(content.segments))
    assert few is not None
    assert not any(f"“{own.name}”" in sentence for sentence in few.changed)
    assert few.too_small.startswith(f"“{own.name}”")
    assert few.too_small.endswith(
        "fewer than 101 customers at the first and at the last month end, too few to say whether a segment grew or "
        "shrank"
    )


def test_cohorts_show_their_average_first_and_nothing_that_is_not_over(content: DiscoveryContent) -> None:
    rows = [
        ("classic", "everyone", "everyone", "2017-01", 100, 0, 100, 1.0, 1.0, True),
        ("classic", "everyone", "everyone", "2017-01", 100, 1, 40, 0.4, 1.0, True),
        ("classic", "everyone", "everyone", "2017-02", 10, 0, 10, 1.0, 1.0, True),
        ("classic", "everyone", "everyone", "2017-02", 10, 1, float("nan"), float("nan"), 1.0, False),
        ("classic", "everyone", "everyone", AVERAGE, 110, 0, 110, 1.0, 1.0, True),
        ("classic", "everyone", "everyone", AVERAGE, 100, 1, 40, 0.4, 1.0, True),
    ]
    base = AnalystRecord(month_ends=None, currency="", money_title="", definitions=(), floor=10)  # type: ignore[arg-type]
    shown = retention(replace(base, cohorts=pd.DataFrame(rows, columns=list(COHORTS))), Keys(content.segments))
    (table,) = shown.cohorts
    assert [(name, size, [cell.words for cell in cells]) for name, size, cells in table.rows] == [
        (AVERAGE, "", ["100", "40"]),
        ("2017-01", "100", ["100", "40"]),
        ("2017-02", "10", ["100", ""]),
    ]
    assert table.rows[2][2][1].title.endswith("not over yet")


def test_the_retention_curve_pools_all_finished_months(content: DiscoveryContent, record: AnalystRecord) -> None:
    curves = retention(record, Keys(content.segments)).curves
    assert curves is not None
    first = record.retention.query("group == @content.segments[0].id and k == 3 and finished")
    pooled = first["customers"].sum() / first["size"].sum()
    assert curves.rows[0] == (content.segments[0].name, curves.rows[0][1])
    assert curves.rows[0][1][2] == percent(pooled)
    assert curves.chart.lines[0].path.count("L") == 12


def test_without_figures_the_rows_show_money_of_the_vectors_and_telling_flags(
    content: DiscoveryContent, record: AnalystRecord
) -> None:
    ids = ["everyone", *(segment.id for segment in content.segments)]
    rows = [("Churn", own, "yes", 100, 90, 40, 0.4, 0.3, 0.5, "above" if n == 1 else "") for n, own in enumerate(ids)]
    rows += [("Partner", own, "yes", 100, 90, 40, 0.4, 0.3, 0.5, "defines the segment") for own in ids]
    rows += [("plan", own, level, 100, 90, 45, 0.5, 0.4, 0.6, "above") for own in ids for level in ("a", "b")]
    undated = AnalystRecord(record.month_ends, "USD", "MRR", (), 10, shares=pd.DataFrame(rows, columns=list(SHARES)))
    shown = overview(content, FigureBook(undated), Keys(content.segments))
    assert [label for label, _ in shown.columns] == ["customers", "MRR (USD a month)", "Churn: yes"]
    cell = shown.rows[0].cells[-1]
    assert (cell.words, cell.interval, cell.n, cell.mark) == ("40.0 %", "30.0–50.0 %", "n 90", "above others")
    assert shown.everyone[-1].words == "40.0 %"
    total = sum(segment.money[0].total for segment in content.segments)
    assert shown.everyone[1].number == pytest.approx(total)


def test_a_figure_of_customers_in_no_segment_alone_is_no_column(
    content: DiscoveryContent, record: AnalystRecord
) -> None:
    """As retention after 12 months is, where the first month end of a record is that of nobody assignable."""
    keys = Keys(content.segments)
    known = record.figures["figure"].eq("retention_12") & record.figures["grouping"].eq("segment")
    assert "kept 12 months" in [label for label, _ in overview(content, FigureBook(record), keys).columns]
    figures = record.figures.assign(value=record.figures["value"].mask(known))
    others = record.figures[known].head(1).assign(group=NOT_ASSIGNABLE, value=0.9)
    book = FigureBook(replace(record, figures=pd.concat([figures, others], ignore_index=True)))
    assert "kept 12 months" not in [label for label, _ in overview(content, book, keys).columns]


def test_what_defines_the_segments_and_their_sizes_are_said_once(
    content: DiscoveryContent, record: AnalystRecord
) -> None:
    shown = overview(content, FigureBook(record), Keys(content.segments))
    assert shown.defining == ("ARPA (USD a month)",)
    for row in shown.rows:
        size, *others = row.cells
        assert f"n {size.words}" not in [cell.n for cell in others]
        assert {cell.mark for cell in others} <= {"", "above others"}
        assert {cell.label for cell in others if cell.n} >= {"Customer churn a month"}


def test_a_column_defines_the_segments_on_every_card(content: DiscoveryContent, record: AnalystRecord) -> None:
    """Though its levels may differ from those of others in some of them alone."""
    first, second, *_ = (segment.id for segment in content.segments)
    row = ("Partner", first, "yes", 100, 100, 40, 0.4, 0.3, 0.5, str(Mark.DEFINES))
    rows = [row, ("Partner", second, "yes", 100, 100, 30, 0.3, 0.2, 0.4, "")]
    shown = cards(content, replace(record, shares=pd.DataFrame(rows, columns=list(SHARES))), Keys(content.segments))
    assert [[own.defines for own in card.distributions] for card in shown[:2]] == [[True], [True]]


def test_a_level_that_nobody_has_and_a_figure_that_no_segment_has_are_left_out(
    content: DiscoveryContent, record: AnalystRecord
) -> None:
    empty = record.figures["group"].eq("basic") | record.figures["figure"].eq("quick_ratio")
    book = FigureBook(replace(record, figures=record.figures[~empty]))
    plans = by_attribute(book)
    assert plans is not None
    assert [level for level, _ in plans.rows] == ["plus", "pro", "größer & 日本"]
    compared = comparison(content, book, Keys(content.segments))
    assert compared is not None
    labels = [row.label for _, rows in compared.groups for row in rows]
    assert "Quick ratio" not in labels
    assert "NRR" in labels


def test_figures_by_an_attribute_without_a_date_are_of_today(content: DiscoveryContent, record: AnalystRecord) -> None:
    dated = by_attribute(FigureBook(record))
    assert dated is not None
    assert dated.is_dated
    undated = by_attribute(FigureBook(replace(record, undated=(PLAN,))))
    assert undated is not None
    assert not undated.is_dated


def test_the_difference_of_any_two_segments_has_an_interval(content: DiscoveryContent, record: AnalystRecord) -> None:
    """The made-up churn of segment n is 0.8 % + n * 1.3 %, its interval 0.7 to 1.4 times as much."""
    compared = comparison(content, FigureBook(record), Keys(content.segments))
    assert compared is not None
    assert compared.has_pairs
    rows = {row.label: row for _, rows in compared.groups for row in rows}
    (churn,) = (row for label, row in rows.items() if label.startswith("Customer churn"))
    pairs = {pair.places: pair for pair in churn.pairs}
    assert len(pairs) == len(content.segments) * (len(content.segments) - 1)
    own, other = 0.034, 0.008
    low = own - other - math.hypot(0.3 * own, 0.4 * other)
    high = own - other + math.hypot(0.4 * own, 0.3 * other)
    assert pairs[2, 0].words == "+2.6 points"
    assert pairs[2, 0].interval == f"+{100 * low:.1f} to +{100 * high:.1f}"
    assert pairs[2, 0].is_sure
    assert (pairs[0, 2].words, pairs[0, 2].is_sure) == ("−2.6 points", True)
    assert not pairs[2, 1].is_sure
    assert not rows["customers"].pairs


def test_nothing_is_said_of_gaps_that_nobody_looked_for(content: DiscoveryContent) -> None:
    unknown = replace(content, kind=str(VerdictKind.SLICES), evidence=replace(content.evidence, pairs=()))
    answer = statements(ReportContent("t", unknown), None)[1].answer
    assert answer.endswith("but whether they are separate is not known, since no gaps could be looked for.")


def test_moments_are_written_for_people() -> None:
    moments = ("2026-06-17T09:30:00", "2026-06-17T09:30:15", "2026-06-17T09:30:00+09:00", "2026-06-17", "")
    assert [moment_words(moment) for moment in moments] == [
        *("2026-06-17 09:30", "2026-06-17 09:30:15", "2026-06-17 09:30:00+09:00", "2026-06-17", ""),
    ]  # fmt: skip


def test_two_segments_are_not_called_every_two(content: DiscoveryContent) -> None:
    pair = replace(content.evidence.pairs[0], gap=True)
    two = replace(content, kind=str(VerdictKind.DISTINCT), evidence=replace(content.evidence, pairs=(pair,)))
    answer = statements(ReportContent("t", two), None)[1].answer
    assert "a gap separates the two segments, and random resamples" in answer


@pytest.mark.parametrize(
    ("gaps", "start", "end"),
    [
        (0, "Steady, but not separate", "no gap separates neighbours, so customers near a border are much alike."),
        (1, "Steady, but separate only in part", "and customers across the other borders are much alike."),
        (4, "Steady, and nearly separate", "or a segment comes back too seldom, to call them groups."),
    ],
)
def test_the_verdict_does_not_contradict_its_gaps(content: DiscoveryContent, gaps: int, start: str, end: str) -> None:
    pairs = tuple(replace(pair, gap=number < gaps) for number, pair in enumerate(content.evidence.pairs))
    assert len(pairs) == 4
    steady = replace(content, kind=str(VerdictKind.SLICES), evidence=replace(content.evidence, pairs=pairs))
    answer = statements(ReportContent("t", steady), None)[1].answer
    assert answer.startswith(start)
    assert answer.endswith(end)


@pytest.mark.parametrize(
    ("churn", "words"),
    [
        (0.0, "Nobody was lost (n 1,234)."),
        (0.0004, "Fewer than 0.1 % of the customers are lost a month."),
        (0.02, "2.0 % of the customers are lost a month."),
    ],
)
def test_losses_are_said_as_they_are(
    content: DiscoveryContent, record: AnalystRecord, churn: float, words: str
) -> None:
    is_churn = record.figures["figure"] == "churn_rate"
    figures = record.figures.assign(mark="")
    figures.loc[is_churn, "value"], figures.loc[is_churn, "n"] = churn, 1234
    book = FigureBook(replace(record, figures=figures))
    assert statements(ReportContent("t", content), book)[2].answer.endswith(words)


def test_a_company_whose_subscriptions_bring_nothing_is_worth_its_orders(
    content: DiscoveryContent, record: AnalystRecord
) -> None:
    mrr = record.figures[record.figures["figure"] == "mrr"]
    nothing = record.figures.assign(value=record.figures["value"].mask(record.figures["figure"] == "mrr", 0.0))
    revenue = Definition("revenue", "Revenue", Unit.MONEY, "Money of orders.", "high")
    both = replace(
        record,
        figures=pd.concat([nothing, mrr.assign(figure="revenue")]),
        definitions=(*record.definitions, revenue),
    )
    answer = statements(ReportContent("t", content), FigureBook(both))[2].answer
    assert answer.startswith("MRR is 0 USD. ")
    assert " of the revenue of " in answer


def test_sizes_of_another_moment_than_the_last_month_end_are_dated(
    content: DiscoveryContent, record: AnalystRecord
) -> None:
    book, keys = FigureBook(record), Keys(content.segments)
    assert "when segments were made" not in overview(content, book, keys).times
    later = overview(replace(content, as_of="2018-01-10"), book, keys).times
    assert later.endswith("Customers, and amounts on the cards, are those of 2018-01-10, when segments were made.")


def test_the_comparison_says_of_which_time_a_figure_is(content: DiscoveryContent, record: AnalystRecord) -> None:
    compared = comparison(content, FigureBook(record), Keys(content.segments))
    assert compared is not None
    titles = {title: [row.label for row in rows] for title, rows in compared.groups}
    assert "MRR (USD a month)" in titles["At the last month end"]
    assert "Customer churn a month" in titles["2017-01 to 2017-12, all months together"]


def test_distributions_have_the_titles_and_percents_of_the_columns(
    content: DiscoveryContent, record: AnalystRecord
) -> None:
    own = content.segments[0].id
    row = ("top_share", own, 100, 90, 0.125, 0.25, 0.5, "")
    quartiles = pd.DataFrame([row], columns=list(QUARTILES))
    titled = replace(content, columns=(ColumnContent("top_share", "share of the top feature", in_percent=True),))
    for shown, words in ((titled, ("share of the top feature", "25.0 %")), (content, ("top share", "0.25"))):
        first, *_ = cards(shown, replace(record, quartiles=quartiles), Keys(shown.segments))
        assert (first.quartiles[0].column, first.quartiles[0].median) == words


def test_the_share_of_a_flag_is_compared_too(content: DiscoveryContent, record: AnalystRecord) -> None:
    ids = [segment.id for segment in content.segments]
    rows = [
        ("Churn", own, "yes", 100, 90, 36, share, share - 0.1, share + 0.1, "")
        for own, share in zip(ids, (0.7, 0.2, 0.25, 0.3, 0.35), strict=True)
    ]
    undated = AnalystRecord(record.month_ends, "USD", "MRR", (), 10, shares=pd.DataFrame(rows, columns=list(SHARES)))
    compared = comparison(content, FigureBook(undated), Keys(content.segments))
    assert compared is not None
    (churn,) = dict(compared.groups)["Shares"]
    assert (churn.label, churn.cells[0].words, churn.cells[0].n) == ("Churn: yes", "70.0 %", "n 90")
    pairs = {pair.places: pair for pair in churn.pairs}
    assert (pairs[0, 1].words, pairs[0, 1].is_sure) == ("+50.0 points", True)
    half = 10 * math.sqrt(2)
    assert pairs[0, 1].interval == f"+{50 - half:.1f} to +{50 + half:.1f}"
    assert not pairs[1, 2].is_sure


def test_of_many_segments_no_pairs_are_on_the_page(
    make_content: Callable[..., DiscoveryContent], make_record: Callable[..., AnalystRecord]
) -> None:
    many = make_content(13)
    compared = comparison(many, FigureBook(make_record(many)), Keys(many.segments))
    assert compared is not None
    assert not compared.has_pairs


@pytest.mark.parametrize(
    ("kind", "start", "tone"),
    [
        (VerdictKind.DISTINCT, "Yes, these are groups", "good"),
        (VerdictKind.SLICES, "Steady, but separate only in part", "mixed"),
        (VerdictKind.NOTHING, "No: ", "bad"),
    ],
)
def test_the_verdict_in_a_sentence(content: DiscoveryContent, kind: VerdictKind, start: str, tone: str) -> None:
    second = statements(ReportContent("t", replace(content, kind=str(kind))), None)[1]
    assert second.answer.startswith(start)
    assert second.tone == tone
