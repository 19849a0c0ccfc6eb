"""The description of a run and of its version in Markdown: first the table of the segments, then the verdict.

MLflow shows it on the page of either. Names and levels come from data: what Markdown would read as markup is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from analytics.record import AnalystRecord
from features.vector_table import CustomerVectors
from jobs.run_content.metrics import record_metrics
from registry.limits import DESCRIPTION_LIMIT
from reporting.rendering import money_column
from reporting.tables import money_columns, money_of
from segment_model.errors import counted, percent
from segment_model.language.wording import plain_number
from training.discovery.discovery import Discovery

_MARKUP = re.compile(r"([\\`*_\[\]#~])")
# a backslash before these is not understood by every reader of Markdown, an entity is
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})
WORDS = "typically"


def description_of(
    title: str, vectors: CustomerVectors, discovery: Discovery, record: AnalystRecord | None = None
) -> str:
    """The description, of at most DESCRIPTION_LIMIT; a table that is longer loses its sentences, then its last rows."""
    customers = counted(discovery.profile.customers, "customer")
    exemplars = discovery.model.provenance["exemplars"]
    kept = f" The model keeps {counted(exemplars, 'encoded training customer')} as exemplars." if exemplars else ""
    rest = (
        f"\n\n**Verdict.** {_escaped(discovery.verdict.sentence)}\n\n"
        f"{_escaped(title)}: {customers}{vectors.moment}. Chosen: {_escaped(discovery.choice.reason)}.\n\n"
        f"{_of_whom(discovery)}{_doubts(vectors)}"
        f"The whole record with pictures is in the artifact `report.html`.{kept}\n"
    )
    return markdown_table(_rows(discovery, record), DESCRIPTION_LIMIT - len(rest)) + rest[: DESCRIPTION_LIMIT // 2]


def _of_whom(discovery: Discovery) -> str:
    """Which numbers are of all customers and which of a sample, as a paragraph; empty where there is no sample."""
    return "" if discovery.of_all is None else f"{_escaped(' '.join(discovery.of_all.sentences))}\n\n"


def _doubts(vectors: CustomerVectors) -> str:
    """What may be wrong with the tables, as a paragraph; empty where nothing is told."""
    return f"**Check the tables.** {_escaped('. '.join(vectors.doubts))}.\n\n" if vectors.doubts else ""


def markdown_table(rows: Sequence[Mapping[str, str]], most: int) -> str:
    """A table of cells that are Markdown already; where it is longer than `most` characters, without WORDS, and then
    without the last rows, whose number the last line tells.
    """
    text = _table(rows)
    if len(text) > most:
        rows = [{name: cell for name, cell in row.items() if name != WORDS} for row in rows]
        text = _table(rows)
    kept = len(rows)
    while len(text) > most and kept > 1:
        kept -= 1
        text = f"{_table(rows[:kept])}\n\nand {counted(len(rows) - kept, 'more segment')}"
    return text


def _rows(discovery: Discovery, record: AnalystRecord | None) -> list[dict[str, str]]:
    """One row a segment."""
    money = next(iter(money_columns(discovery)), None)
    totals = [money_of(discovery, money, place)[0] for place in range(len(discovery.model.cards))] if money else []
    write = money_column(totals)
    rates = {} if record is None else record_metrics(record)
    has_churn = any(name.startswith("churn_rate/") for name in rates)
    rows = []
    for position, card in enumerate(discovery.model.cards):
        row = {"segment": _escaped(card.name), "customers": f"{card.size:,}", "share": percent(card.share)}
        if money:
            row[_escaped(f"{money.title}, {money.unit}")] = write(totals[position])
        if has_churn:  # of every segment a cell, though it had no customers to lose
            rate = rates.get(f"churn_rate/{card.id}")
            row["churn a month"] = "–" if rate is None else f"{plain_number(100 * rate)} %"
        rows.append({**row, WORDS: _escaped(card.typically), "id": f"`{card.id}`"})
    return rows


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    headings = list(rows[0]) if rows else []
    rule = ["---" if name in ("segment", WORDS, "id") else "---:" for name in headings]
    lines = [headings, rule, *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text: str) -> str:
    """Text on one line that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split())).translate(_ENTITIES)
