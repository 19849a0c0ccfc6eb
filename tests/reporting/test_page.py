"""The page shows the numbers of its content, in order, to everyone, and trusts no text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import training.discovery.discovery
from analytics.record import AnalystRecord
from reporting.content.of_discovery import content_of_discovery
from reporting.content.report_content import DiscoveryContent, MapContent, ReportContent
from reporting.page import changes_page, html_report
from reporting.sections.figure_book import FigureBook
from segment_model.cards import SegmentLabel
from segment_model.errors import percent
from segment_model.rules import OneOf, Rule
from segments import Column, Kind, Role, VectorContract
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.evaluation.map_layout import MapLayout, principal_plane
from training.profiling.rule_learning import learn_rules
from training.settings import DiscoverySettings

MARKUP = "<script>alert('x')</script>"
VOID = ("meta", "br", "path", "input")
MEGABYTE = 2**20


class Page(HTMLParser):
    """The elements and the words of a page; every element must be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(autouse=True, scope="module")
def quick_map() -> Iterator[None]:
    """A map without UMAP, which these tests do not look at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            training.discovery.discovery,
            "lay_out_map",
            lambda points, labels: MapLayout(np.arange(len(labels)), principal_plane(points), "principal components"),
        )
        yield


@pytest.fixture(scope="module")
def content(make_content: Callable[..., DiscoveryContent]) -> DiscoveryContent:
    return make_content()


@pytest.fixture(scope="module")
def record(content: DiscoveryContent, make_record: Callable[..., AnalystRecord]) -> AnalystRecord:
    return make_record(content)


@pytest.fixture(scope="module")
def report(content: DiscoveryContent, record: AnalystRecord) -> ReportContent:
    return ReportContent("Acme", content, version="7", day="2018-01-05", record=record, downloads=("figures.csv",))


@pytest.fixture(scope="module")
def page(report: ReportContent) -> Page:
    return Page(html_report(report))


@pytest.fixture(scope="module")
def hostile() -> Discovery:
    """Two groups in a table whose names and levels are markup, with unicode, one sensitive column and money."""
    generator = np.random.default_rng(5)
    group = np.repeat([0, 1], 40)
    frame = pd.DataFrame(
        {
            "<b>visits</b>": generator.poisson(np.array([3.0, 60.0])[group]).astype(float),
            "mrr": np.array([10.0, 500.0])[group] * generator.uniform(0.9, 1.1, 80),
            "plan": pd.array(np.array([MARKUP, "größer & 日本"], dtype=object)[group], dtype="str"),
            "religion": pd.array(np.array(["secret-a", "secret-b"], dtype=object)[group], dtype="str"),
        },
        index=pd.Index([f"<i>c{i}</i>" for i in range(80)], name="customer_id", dtype="str"),
    )
    frame.loc[frame.index[0], "mrr"] = np.nan
    contract = VectorContract(
        (
            Column("<b>visits</b>", Kind.COUNT, unit="visits & views", low="<i>rare</i>"),
            Column("mrr", Kind.NUMBER, unit="EUR a month", nullable=True),
            Column("plan", Kind.CATEGORY),
            Column("religion", Kind.CATEGORY, Role.DESCRIPTOR, sensitive=True),
        )
    )
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=2),))
    facts = {"as_of": "2026-01-01", "data_digest": "sha256:abc", "settings": {"title": MARKUP}}
    return discover(frame, contract, settings, facts)


@pytest.fixture(scope="module")
def hostile_content(hostile: Discovery) -> DiscoveryContent:
    return content_of_discovery(hostile, (), {MARKUP: {MARKUP: 1}}, doubts=[f"orders: {MARKUP} is not read"])


def test_it_is_whole_and_needs_nothing_from_outside(report: ReportContent, page: Page) -> None:
    text = html_report(report)
    assert not re.search(r"https?:|//[a-z]|@import|url\(|src=|href=", text)
    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "a", "img"} == set()
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


def test_sections_come_in_the_order_in_which_they_are_read(page: Page) -> None:
    text = page.text
    headings = (
        *("What was discovered", "Is it real?", "What it is worth", "The segments", "Each segment", "The map"),
        *("Retention", "Growth and migration", "Compare two segments", "What changed since the last champion"),
        *("What the figures mean", "The evidence", "What was tried", "Data, digests and settings"),
    )
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)


def test_figures_are_those_of_the_frames(content: DiscoveryContent, record: AnalystRecord, page: Page) -> None:
    figures = record.figures.set_index(["figure", "group", "period"])
    text = page.text
    for segment in content.segments:
        churn = figures.loc[("churn_rate", segment.id, "2017-01/2017-12")]
        cell = f"{percent(churn['value'])} {percent(churn['low']).removesuffix(' %')}–{percent(churn['high'])}"
        assert f"{cell} n {churn['n']:,}" in text
        assert FigureBook(record).amounts_of("mrr")(figures.loc[("mrr", segment.id, ""), "value"]) in text
        assert f"{segment.size:,} {percent(segment.share)}" in text
    for segment in content.segments[:-1]:
        kept = figures.loc[("retention_12", segment.id, "2017-01/2017-12")]
        assert f"{percent(kept['value'])} {percent(kept['low']).removesuffix(' %')}–{percent(kept['high'])}" in text


def test_a_missing_figure_has_its_reason_and_every_figure_its_definition(page: Page, record: AnalystRecord) -> None:
    assert "– no losses" in page.text
    assert "– fewer than 10 customers n 5" in page.text
    titles = [attributes.get("title") or "" for _, attributes in page.tags]
    for definition in record.definitions:
        assert definition.words in page.text
        if definition.name in ("mrr", "arpa", "churn_rate"):
            assert any(definition.words in title for title in titles)


def test_marks_are_words_with_a_sign_and_no_colour_alone(page: Page) -> None:
    assert "▲ above others" in page.text
    assert "defines the segment" in page.text


def test_the_three_sentences_name_the_money_and_the_losses(page: Page) -> None:
    assert "“many seats, many features”: 32" in page.text or "“many seats, many features”: 31" in page.text
    assert "% of the MRR of 250,003 USD" in page.text.replace("\u00a0", " ")
    assert "“new trials that look around” loses 6.0 % of its customers a month" in page.text.replace("\u00a0", " ")


def test_months_with_less_history_are_striped_and_named(page: Page) -> None:
    assert "end of 2016-12 to 2017-02" in page.text
    assert sum(attributes.get("class") == "stripe" for _, attributes in page.tags) == 2 * 3
    assert "Why sizes changed, 2017-04 to 2017-12" in page.text


def test_basics_of_accessibility(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    for tag, attributes in page.tags:
        if tag == "th":
            assert attributes.get("scope") in ("col", "row", "rowgroup")
        if tag == "svg":
            assert attributes["aria-hidden"] == "true"
        if attributes.get("role") == "img":
            assert attributes["aria-label"]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = {attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes}
    assert named <= set(ids)
    drawings = sum(tag == "svg" for tag, _ in page.tags)
    assert drawings == 1 + 2 * 2 + 2 + 2 * 5  # map, two line charts with leaders, two stacks, two sparklines a segment
    assert page.text.count("the numbers as a table") == 4


def test_without_a_record_the_page_has_what_the_discovery_knows(content: DiscoveryContent) -> None:
    page = Page(html_report(ReportContent("Acme", content, record_note="No record: the tables hold no dates.")))
    assert "No record: the tables hold no dates." in page.text
    assert "Retention" not in page.text
    assert "“many seats, many features”: 3" in page.text
    assert "of all MRR" in page.text


@pytest.mark.parametrize("segments", [1, 2, 60])
def test_any_number_of_segments(
    segments: int, make_content: Callable[..., DiscoveryContent], make_record: Callable[..., AnalystRecord]
) -> None:
    content = make_content(segments, customers=100_000)
    text = html_report(ReportContent("t", content, record=make_record(content)))
    assert len(text.encode()) < 2 * MEGABYTE
    page = Page(text)
    assert all(segment.name in page.text for segment in content.segments)
    assert ("Compare two segments" in page.text) == (segments > 1)


def test_a_map_of_many_customers_has_at_most_3000_dots(content: DiscoveryContent) -> None:
    many = tuple(range(1_000)) * 10
    crowded = replace(content, map=MapContent(many, many, tuple(n % 5 for n in range(10_000)), "UMAP"))
    text = html_report(ReportContent("t", crowded))
    assert 2_000 < text[text.index('class="map"') :].partition("</svg>")[0].count("h0") <= 3_000


def test_an_empty_record_shows_no_empty_chart(content: DiscoveryContent, record: AnalystRecord) -> None:
    empty = AnalystRecord(record.month_ends, "EUR", "MRR", (), 10)
    page = Page(html_report(ReportContent("t", content, record=empty)))
    assert "Nothing can be said of retention yet" in page.text
    assert "Growth and migration" not in page.text


def test_missing_numbers_are_dashes(content: DiscoveryContent, record: AnalystRecord) -> None:
    sizes = record.sizes.assign(money=np.nan)
    retention = record.retention.assign(share=np.nan, low=np.nan, high=np.nan)
    figures = record.figures.assign(value=np.nan, low=np.nan, high=np.nan, note="not known yet")
    page = Page(
        html_report(
            ReportContent("t", content, record=replace(record, sizes=sizes, retention=retention, figures=figures))
        )
    )
    assert "nan" not in page.text.lower().replace("finance", "")
    assert "– not known yet" in page.text


def test_text_of_customers_is_never_markup(hostile: Discovery, hostile_content: DiscoveryContent) -> None:
    first = hostile_content.segments[0]
    renamed = hostile_content.labelled({first.id: SegmentLabel('<img src="http://evil">', "<b>notes</b>")})
    page = Page(html_report(ReportContent(MARKUP, renamed, version=MARKUP)))
    assert {"script", "img", "b>visits<"} & {tag for tag, _ in page.tags} == set()
    for text in (MARKUP, '<img src="http://evil">', "<b>notes</b>", "größer & 日本", "<b>visits</b>", "<i>c"):
        assert text in page.text


def test_what_may_be_wrong_with_the_tables_stands_above_the_segments(
    content: DiscoveryContent, hostile_content: DiscoveryContent
) -> None:
    text = Page(html_report(ReportContent("t", hostile_content))).text
    heading = "What may be wrong with the tables"
    assert text.index("The segments") < text.index(heading) < text.index("Each segment")
    assert "is not read" in text[text.index(heading) :]
    assert heading not in html_report(ReportContent("t", content)), "nothing is told, nothing is said"


def test_sensitive_columns_are_on_no_page(hostile_content: DiscoveryContent) -> None:
    text = html_report(ReportContent("t", replace(hostile_content, settings="")))
    assert "religion" not in text
    assert "secret-" not in text


def test_a_map_that_could_not_be_drawn_says_why(hostile_content: DiscoveryContent) -> None:
    broken = replace(hostile_content, map=MapContent((), (), (), "ValueError: <b>no ink</b>"))
    page = Page(html_report(ReportContent("t", broken)))
    assert "The map could not be drawn: ValueError: <b>no ink</b>." in page.text


def test_each_card_shows_its_rule_with_figures(hostile: Discovery) -> None:
    plain = learn_rules(hostile.frame, hostile.contract, hostile.labels, hostile.model.cards)
    rules = [replace(rule, rules=(Rule((OneOf(hostile.contract.basis[0].name, (MARKUP,)),)),)) for rule in plain]
    page = Page(html_report(ReportContent("t", content_of_discovery(hostile, rules))))
    assert page.text.count("a rule that describes it") == len(hostile.model.cards)
    for rule in rules:
        assert f"WHERE {rule.sql()}" in page.text
        assert rule.precision is not None
        assert f"{100 * rule.precision:.1f} % of whom it matches are in the segment" in page.text


def test_notes_say_who_and_when(page: Page) -> None:
    assert "Call them before the renewal. (maria@example.com, 2018-01-04)" in page.text


def test_a_name_without_notes_is_signed_too(report: ReportContent) -> None:
    segment = report.discovery.segments[0]
    label = SegmentLabel("Stammkunden", by="maria", at="2026-07-02T01:30:00+00:00")
    page = Page(html_report(replace(report, discovery=report.discovery.labelled({segment.id: label}))))
    assert "Named by maria, 2026-07-02" in page.text


def test_what_changed_since_the_last_champion(report: ReportContent, page: Page) -> None:
    assert "The last champion is version 3, as of 2017-12-01. 1 new, 4 kept, 1 ended." in page.text
    assert "What changed since the last champion" in page.text
    assert "the customers being the same: 260 of 1,950 customers (13.3 %)" in page.text
    assert "those who paid by cheque" in page.text
    assert "90 from A" in page.text
    first = replace(report.discovery, what_changed=None)
    assert "What changed" not in Page(html_report(replace(report, discovery=first))).text


def test_what_changed_is_a_page_of_its_own_too(report: ReportContent) -> None:
    page = Page(changes_page(MARKUP, report.discovery))
    assert MARKUP in page.text, "a text, no element"
    assert "1 new, 4 kept, 1 ended." in page.text
    assert "90 from A" in page.text
    assert changes_page("a first model", replace(report.discovery, what_changed=None)) == ""


def test_the_same_content_gives_the_same_page(report: ReportContent) -> None:
    assert html_report(report) == html_report(report)
