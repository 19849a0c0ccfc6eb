"""The three sentences that come first: what was discovered, whether it is real, what it is worth."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reporting.content.report_content import DiscoveryContent, ReportContent, SegmentContent
from reporting.rendering import money_column, money_words
from reporting.sections.figure_book import EVERYONE, FigureBook, FigureCell
from reporting.sections.keys import Keys
from segment_model.errors import counted, percent
from training.evaluation.verdict import VerdictKind

DISCOVERED, REAL, WORTH = "What was discovered", "Is it real?", "What it is worth"
SUBSCRIPTION_TILES = ("mrr", "arpa", "churn_rate", "nrr")
ORDER_TILES = ("revenue", "revenue_per_customer", "basket", "repeat_rate")
HARDLY_ANY = 0.001  # of the customers: a smaller share is 0.0 % in words
UNBROKEN = re.compile(r"(?<=\d) (?=%|[MB] )")
MOST_AMOUNTS = 3  # of money among the columns, where there is no record


@dataclass(frozen=True, slots=True)
class Statement:
    """A question and its answer in a sentence or two; tone : "good", "mixed" or "bad" for a verdict, else empty."""

    question: str
    answer: str
    tone: str = ""

    @property
    def unbroken(self) -> str:
        """The answer, in which no line ends between a number and its percent sign, its M or its B."""
        return UNBROKEN.sub("\u00a0", self.answer)


def statements(content: ReportContent, book: FigureBook | None) -> tuple[Statement, ...]:
    """The three sentences of a report."""
    discovery = content.discovery
    real, tone = _is_it_real(discovery)
    return (
        Statement(DISCOVERED, _discovered(discovery)),
        Statement(REAL, real, tone),
        Statement(WORTH, _worth(discovery, book)),
    )


def tiles(discovery: DiscoveryContent, book: FigureBook | None) -> list[FigureCell]:
    """A few figures of everyone, to be seen at a glance."""
    cells = [FigureCell("customers", f"{discovery.customers:,}")]
    if book is not None and book.periods:
        wanted = SUBSCRIPTION_TILES if book.has("mrr") else ORDER_TILES
        cells += [book.cell(figure, EVERYONE) for figure in wanted if book.has(figure)]
    elif discovery.segments:
        cells += [
            FigureCell(
                f"{share.title} ({share.unit})",
                money_words(sum(segment.money[number].total for segment in discovery.segments)),
            )
            for number, share in enumerate(discovery.segments[0].money[:MOST_AMOUNTS])
        ]
    return cells


def _discovered(discovery: DiscoveryContent) -> str:
    segments = sorted(discovery.segments, key=lambda segment: -segment.size)
    customers = counted(discovery.customers, "customer falls", "customers fall")
    if len(segments) == 1:
        return f"{customers} into one segment: {_named(segments[0])}."
    text = f"{customers} into {counted(len(segments), 'segment')}. The largest is {_named(segments[0])}, with "
    text += f"{percent(segments[0].share)}; the smallest is {_named(segments[-1])}, with {percent(segments[-1].share)}."
    if discovery.unassigned:
        text += f" {percent(discovery.unassigned / max(discovery.customers, 1))} are like no segment."
    return text


def _is_it_real(discovery: DiscoveryContent) -> tuple[str, str]:
    evidence = discovery.evidence
    recovered = list(evidence.recovered.values())
    again = f"{sum(recovered) / len(recovered):.2f} of 1" if recovered else "not measured"
    if discovery.kind == VerdictKind.DISTINCT:
        return (
            f"Yes, these are groups: a gap separates {_neighbours(len(evidence.pairs))}, and random resamples of the "
            f"customers have the same segments (similarity {again}).",
            "good",
        )
    if discovery.kind == VerdictKind.SLICES:
        return _steady(sum(pair.gap for pair in evidence.pairs), len(evidence.pairs), again), "mixed"
    return (
        f"No: random resamples of the customers do not have the same segments (similarity {again}). Do not build on "
        "them.",
        "bad",
    )


def _steady(gaps: int, pairs: int, again: str) -> str:
    """What slices of a continuum are, by how many gaps separate neighbours."""
    come_back = f"random resamples of the customers have the same segments (similarity {again})"
    if not pairs:
        return f"Steady: {come_back}; but whether they are separate is not known, since no gaps could be looked for."
    if not gaps:
        return (
            f"Steady, but not separate: {come_back}, while no gap separates neighbours, so customers near a border are "
            "much alike."
        )
    if gaps < pairs:
        return (
            f"Steady, but separate only in part: {come_back}, while a gap separates {gaps} of "
            f"{counted(pairs, 'pair')} of neighbours, and customers across the other borders are much alike."
        )
    return (
        f"Steady, and nearly separate: {come_back}, and a gap separates {_neighbours(pairs)}; but gaps are too "
        "shallow, or a segment comes back too seldom, to call them groups."
    )


def _neighbours(pairs: int) -> str:
    return "the two segments" if pairs == 1 else "every two neighbouring segments"


def _worth(discovery: DiscoveryContent, book: FigureBook | None) -> str:
    sentences = [] if book is None else [*_money_of_record(discovery, book), *_losses(discovery, book)]
    return " ".join(sentences or [_money_of_vectors(discovery)])


def _money_of_record(discovery: DiscoveryContent, book: FigureBook) -> list[str]:
    """Which segment holds most of the money: of subscriptions, or of orders where these bring none."""
    sentences: list[str] = []
    for total, share in (("mrr", "mrr_share"), ("revenue", "revenue_share")):
        amount = book.cell(total, EVERYONE).number if book.has(total) else None
        if amount is not None:
            sentences += _most_of(discovery, book, total, share)
        if amount:
            break
    return sentences


def _most_of(discovery: DiscoveryContent, book: FigureBook, total: str, share: str) -> list[str]:
    everyone = book.cell(total, EVERYONE)
    if everyone.number is None:
        return []
    unit = book.record.currency
    title = book.definitions[total].title
    own = [(book.cell(total, segment.id).number or 0.0, segment) for segment in discovery.segments]
    amount, richest = max(own, key=lambda pair: pair[0])
    if amount <= 0:
        return [f"{title} is {money_words(everyone.number)} {unit}."]
    part = book.cell(share, richest.id).words if book.has(share) else f"{money_words(amount)} {unit}"
    return [
        f"{_named(richest)}: {percent(richest.share)} of the customers, {part} of the {_lower(title)} of "
        f"{money_words(everyone.number)} {unit}."
    ]


def _losses(discovery: DiscoveryContent, book: FigureBook) -> list[str]:
    """Which segment loses most of its customers, where it surely loses more than others do."""
    if not book.has("churn_rate"):
        return []
    everyone = book.cell("churn_rate", EVERYONE)
    cells = [(book.cell("churn_rate", segment.id), segment) for segment in discovery.segments]
    marked = [(cell.number or 0.0, cell, segment) for cell, segment in cells if cell.sign == "▲"]
    if not marked or everyone.number is None:
        return [] if everyone.number is None else [_lost(everyone)]
    _, cell, segment = max(marked, key=lambda entry: entry[0])
    return [f"{_named(segment)} loses {cell.words} of its customers a month, everyone {everyone.words}."]


def _lost(everyone: FigureCell) -> str:
    if not everyone.number:
        return f"Nobody was lost ({everyone.n})."
    if everyone.number < HARDLY_ANY:
        return f"Fewer than {percent(HARDLY_ANY)} of the customers are lost a month."
    return f"{everyone.words} of the customers are lost a month."


def _money_of_vectors(discovery: DiscoveryContent) -> str:
    """Which segment holds most of the first amount of money among the columns."""
    shares = [(segment.money[0], segment) for segment in discovery.segments if segment.money]
    if not shares:
        return "Not known: no column has a currency as its unit."
    money, richest = max(shares, key=lambda pair: pair[0].share)
    total = sum(each.total for each, _ in shares)
    write = money_column([money.total, total])
    return (
        f"{_named(richest)}: {percent(richest.share)} of the customers, {percent(money.share)} of all "
        f"{money.title} ({write(money.total)} of {write(total)} {money.unit})."
    )


def _named(segment: SegmentContent) -> str:
    return f"“{segment.name}”"


def _lower(title: str) -> str:
    """A title inside a sentence; abbreviations stay as they are."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def legend(discovery: DiscoveryContent, keys: Keys) -> list[tuple[str, list[dict[str, object]]]]:
    """Each segment's share of the customers and of each amount of money: a title, and a block a segment."""
    none = keys["unassigned"]
    whole = max(discovery.customers, 1)
    rows: list[tuple[str, list[dict[str, object]]]] = [
        (
            "customers",
            [
                *({"key": keys[segment.id], "share": segment.share} for segment in discovery.segments),
                {"key": none, "share": discovery.unassigned / whole},
            ],
        )
    ]
    for number, money in enumerate(discovery.segments[0].money if discovery.segments else ()):
        own = [(keys[segment.id], segment.money[number].share) for segment in discovery.segments]
        rest = max(0.0, 1 - sum(share for _, share in own))
        rows.append((money.title, [{"key": key, "share": share} for key, share in [*own, (none, rest)]]))
    return rows
