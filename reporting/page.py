"""The report page, and its section on what a retrain changed as a page of its own.

Each is one HTML file that needs nothing from outside and no script, made of a finished content.

The sections put the content in words; the templates lay it out and escape every text, because names of columns,
levels and customers come from the data and may hold markup.
"""

from __future__ import annotations

from analytics.record import AnalystRecord
from reporting.charts.map_chart import map_chart
from reporting.colours import DARK_PALETTE, NOBODY, PALETTE
from reporting.content.report_content import DiscoveryContent, ReportContent
from reporting.goal_words import footnotes
from reporting.rendering import moment_words, render
from reporting.sections.by_attribute import by_attribute
from reporting.sections.comparison import comparison
from reporting.sections.evidence import changes_shown, evidence_shown, ladder_shown
from reporting.sections.experiments import experiments
from reporting.sections.figure_book import FigureBook, period_words
from reporting.sections.goals import goal_panels
from reporting.sections.growth import growth
from reporting.sections.headline import legend, statements, tiles
from reporting.sections.keys import Keys
from reporting.sections.named_conditions import named_conditions
from reporting.sections.overview import overview
from reporting.sections.retention import retention
from reporting.sections.segment_cards import MOST_OPEN, cards

COLOURS = {
    "light": [*enumerate(PALETTE)],
    "dark": [*enumerate(DARK_PALETTE)],
    "nobody": NOBODY,
}


def html_report(content: ReportContent) -> str:
    """The report as one HTML page."""
    discovery, record = content.discovery, content.record
    changed, keys = discovery.what_changed, _keys(discovery)
    book = None if record is None else FigureBook(record)
    return render(
        "report.html",
        colours=COLOURS,
        content=content,
        discovery=discovery,
        record=record,
        keys=keys,
        subtitle=_subtitle(content),
        statements=statements(content, book),
        tiles=tiles(discovery, book),
        legend=legend(discovery, keys),
        overview=overview(discovery, book, keys),
        cards=cards(discovery, record, keys),
        cards_open=len(discovery.segments) <= MOST_OPEN,
        islands=map_chart(discovery.map),
        retention=None if record is None or not record.month_ends.months else retention(record, keys),
        growth=None if record is None else growth(record, keys),
        experiments=None if content.experiments is None else experiments(content.experiments, keys),
        ablation=content.ablation,
        goals=() if record is None else goal_panels(record, keys),
        goal_footnotes=() if record is None else footnotes(record.goals),
        by_attribute=None if book is None else by_attribute(book),
        conditions=None if book is None else named_conditions(book, keys),
        comparison=comparison(discovery, book, keys),
        changes=None if changed is None else changes_shown(changed, keys),
        evidence=evidence_shown(discovery, keys),
        ladder=ladder_shown(discovery, keys),
        definitions=() if record is None else _definitions(record),
    )


def changes_page(title: str, discovery: DiscoveryContent) -> str:
    """What a retrain changed, as one HTML page; empty where there was no champion."""
    if discovery.what_changed is None:
        return ""
    changes = changes_shown(discovery.what_changed, _keys(discovery))
    return render("changes_page.html", title=title, colours=COLOURS, changes=changes)


def _keys(discovery: DiscoveryContent) -> Keys:
    changed = discovery.what_changed
    former = {} if changed is None else {segment.id: segment.name for segment in changed.segments}
    return Keys(discovery.segments, former)


def _subtitle(content: ReportContent) -> str:
    """What the page is of, and when."""
    as_of = content.discovery.as_of
    parts = [
        f"Customer segments as of {moment_words(as_of)}" if as_of else "Customer segments",
        f"version {content.version}" if content.version else "",
        f"report of {content.day}" if content.day else "",
    ]
    return " · ".join(part for part in parts if part)


def _definitions(record: AnalystRecord) -> list[tuple[str, str, str]]:
    """Title, words and time of each figure."""
    periods = FigureBook(record).periods
    return [
        (definition.title, definition.words, period_words(periods[definition.name]))
        for definition in record.definitions
        if definition.name in periods
    ]
