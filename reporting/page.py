"""What analysts read: the tables, the pictures, and one self-contained HTML page with all of it.

Whatever comes from customers (names of columns, levels of categories) may hold markup: every text is escaped.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from string import Template

import pandas as pd

from reporting.evidence import evidence_html
from reporting.pictures.drawing import colour_of
from reporting.tables import bare_value, candidate_table, money_columns, money_of, shown_columns, titled
from segment_model.cards import Difference, SegmentCard
from segment_model.contract import Column
from segment_model.language.wording import plain_number
from segment_model.rules import RuleSet
from training.discovery.discovery import Discovery
from training.evaluation.quality import Judgement
from training.evaluation.verdict import VerdictKind
from training.profiling.cards import typical_value

ROWS_ON_A_CARD = 6
SHORT = 14  # letters of a value that is never broken over two lines
HOW_TO_READ = {
    "customer_map": "Each dot is a customer, and customers who are alike lie near each other: islands are groups that "
    "stand apart, a border inside an island is a gradual change.",
    "profile_heatmap": "Read down a column to know a segment, along a row to see who stands out; the strongest colours "
    "are what makes a segment special.",
    "contributions_beeswarm": "Why customers are in their segment rather than in the next best: dots to the right of "
    "the line speak for it, and the columns that matter most come first.",
    "silhouette_plot": "Long, full blades are clear segments; what lies left of 0 is customers who would fit another "
    "segment as well.",
    "candidate_scores": "Further to the right is better in both; a hollow dot was refused, for the reason in the table "
    "below.",
}


def html_report(
    discovery: Discovery,
    title: str,
    pictures: Mapping[str, bytes],
    facts: Mapping[str, str] | None = None,
    raw_tables: Mapping[str, Mapping[str, int]] | None = None,
    rules: Sequence[RuleSet] = (),
) -> str:
    """The report as one HTML page that needs nothing from outside.

    pictures : PNG files by name; those that `draw_pictures` knows get a sentence on how to read them. facts : whatever
    else should be told of the data, by label. raw_tables : what reading each raw table counted. rules : those of each
    segment, shown on its card.
    """
    page = Template(resources.files("reporting").joinpath("templates/report.html").read_text(encoding="utf-8"))
    provenance = discovery.model.provenance
    as_of = provenance.get("as_of")
    judgement = discovery.chosen.judgement
    shown = {one.segment_id: _rule(one, discovery) for one in rules}
    return page.substitute(
        title=escape(title),
        subtitle=f"Customer segments as of {escape(str(as_of))}" if as_of else "Customer segments",
        numbers=_numbers(discovery, judgement),
        stacks=_stacks(discovery),
        reason=escape(discovery.choice.reason) + ".",
        verdict=f"<p><strong>{escape(discovery.verdict.sentence)}</strong></p>"
        + (f"<p>{escape(_verdict(judgement, discovery.verdict.kind))}</p>" if judgement else "")
        + evidence_html(discovery),
        cards="".join(_card(discovery, n, shown.get(card.id, "")) for n, card in enumerate(discovery.model.cards)),
        unassigned=_unassigned(discovery),
        pictures="".join(_figure(name, content) for name, content in pictures.items()),
        candidates=_candidates(discovery),
        facts=_facts(discovery, facts or {}, raw_tables or {}),
    )


def _numbers(discovery: Discovery, judgement: Judgement | None) -> str:
    shown = [(f"{len(discovery.labels):,}", "customers"), (f"{len(discovery.model.cards)}", "segments")]
    for column in money_columns(discovery):
        total = float(discovery.frame[column.name].sum())
        shown.append((_short(total), f"{column.unit}, {column.title} of all customers"))
    if judgement:
        if judgement.unassigned_share:
            shown.append((_percent(judgement.unassigned_share), "belong to no segment"))
        shown.append((f"{judgement.silhouette:.2f}", "silhouette: how well separated, at most 1"))
        shown.append((f"{judgement.stability:.2f}", "stability between two halves, at most 1"))
    return "".join(f'<div class="number"><b>{escape(n)}</b><span>{escape(what)}</span></div>' for n, what in shown)


def _verdict(judgement: Judgement, kind: VerdictKind) -> str:
    """The scores in words; the steps of the silhouette are those of Kaufman and Rousseeuw (1990)."""
    steps = ((0.7, "clearly separated"), (0.5, "reasonably separated"), (0.25, "weakly separated: borders are gradual"))
    apart = next((words for least, words in steps if judgement.silhouette > least), "hardly separated: read with care")
    if kind is VerdictKind.DISTINCT and judgement.silhouette <= steps[1][0]:
        apart = "near each other for their size, though gaps part them"  # the silhouette knows of no gap
    steady = (
        "found again, nearly the same, in either half of the customers"
        if judgement.stability >= 0.9
        else "found again in either half of the customers, with some customers moving between them"
        if judgement.stability >= 0.7
        else "found only roughly again in either half of the customers"
    )
    return f"In words: the segments are {apart}; they are {steady}."


def _stacks(discovery: Discovery) -> str:
    """Who has which share of the customers, and of the money."""
    positions = list(range(len(discovery.model.cards)))
    sizes = [card.share for card in discovery.model.cards]
    parts = [("customers", [*sizes, max(0.0, 1 - sum(sizes))])]
    parts += [
        (column.title, [money_of(discovery, column, position)[1] for position in (*positions, -1)])
        for column in money_columns(discovery)
    ]
    names = [*discovery.model.names, "unassigned"]
    result = []
    for what, shares in parts:
        blocks = "".join(
            f'<i style="width:{100 * share:.2f}%;background:{colour_of(position)}" '
            f'title="{escape(f"{name}: {_percent(share)}")}"></i>'
            for position, name, share in zip((*positions, -1), names, shares, strict=True)
            if share > 0
        )
        result.append(f'<div class="faint">share of {escape(what)}</div><div class="stack">{blocks}</div>')
    legend = "".join(
        f'<li><i style="background:{colour_of(position)}"></i>{escape(name)}</li>'
        for position, name in zip((*positions, -1), names, strict=True)
        if position >= 0 or (discovery.labels < 0).any()
    )
    return f'{"".join(result)}<ul class="legend">{legend}</ul>'


def _card(discovery: Discovery, position: int, rule: str) -> str:
    card = discovery.model.cards[position]
    shares = [("customers", f"{card.size:,}", card.share)]
    for column in money_columns(discovery):
        total, share = money_of(discovery, column, position)
        shares.append((column.title, f"{_short(total)} {column.unit}", share))
    bars = "".join(
        f'<div class="shares"><span>{escape(amount)}{"" if what == "customers" else f" {escape(what)}"}'
        f"{' customers' if what == 'customers' else ''}</span><b>{_percent(share)}</b></div>"
        f'<div class="bar"><i style="width:{100 * min(1.0, share):.2f}%"></i></div>'
        for what, amount, share in shares
    )
    words = "".join(f"<li>{escape(words)}</li>" for words in dict.fromkeys(d.words for d in card.differences))
    notes = f"<p>{escape(card.notes)}</p>" if card.notes else ""
    return (
        f'<article class="segment" style="--own:{colour_of(position)}"><h3>{escape(card.name)}</h3>'
        f'<p class="faint"><code>{escape(card.id)}</code></p>{bars}<p>{escape(card.sentence)}</p>{notes}'
        f'<ul class="chips">{words}</ul>{_typical(discovery, card)}{rule}</article>'
    )


def _rule(rules: RuleSet, discovery: Discovery) -> str:
    """The segment as a rule, how well it does, and the SQL of it."""
    shares = [(rules.precision, "of whom it matches are in the segment"), (rules.coverage, "of the segment match")]
    figures = ", ".join(f"{_percent(share)} {what}" for share, what in shares if share is not None)
    return (
        f"<details><summary>as a rule</summary><p>{escape(rules.words(discovery.contract))}</p>"
        f'<p class="faint">{figures}</p><pre>WHERE {escape(rules.sql())}</pre></details>'
    )


def _typical(discovery: Discovery, card: SegmentCard) -> str:
    """Typical values against everyone's: what sets the segment apart first, the rest on demand."""
    differences = {difference.column: difference for difference in reversed(card.differences)}
    first = list(dict.fromkeys(difference.column for difference in card.differences))[:ROWS_ON_A_CARD]
    columns = {column.name: column for column in shown_columns(discovery)}
    rest = [name for name in columns if name not in first]

    def table(names: Sequence[str]) -> str:
        rows = "".join(_typical_row(discovery, card, columns[name], differences.get(name)) for name in names)
        return (
            '<table><thead><tr><th>typically</th><th class="value">here</th><th class="value">everyone</th></tr>'
            f"</thead><tbody>{rows}</tbody></table>"
        )

    head = table(first) if first else ""
    return head + (f"<details><summary>all other columns</summary>{table(rest)}</details>" if rest else "")


def _typical_row(discovery: Discovery, card: SegmentCard, column: Column, difference: Difference | None) -> str:
    here, everyone = card.medians[column.name], typical_value(discovery.frame[column.name], column)
    way = "" if difference is None or column.is_category else " up" if difference.effect > 0 else " down"
    cells = "".join(
        f'<td class="value {style}{" tight" if len(text) <= SHORT else ""}">{escape(text)}</td>'
        for text, style in ((bare_value(here, column), way), (bare_value(everyone, column), "faint"))
    )
    return f"<tr><td>{escape(titled(column))}</td>{cells}</tr>"


def _unassigned(discovery: Discovery) -> str:
    count = int((discovery.labels < 0).sum())
    if not count:
        return ""
    share = _percent(count / len(discovery.labels))
    return f'<p class="faint">{count:,} customers ({share}) are like no segment and stay unassigned.</p>'


def _figure(name: str, content: bytes) -> str:
    what = escape(name.replace("_", " "))
    image = f'<img alt="{what}" src="data:image/png;base64,{base64.b64encode(content).decode()}">'
    return (
        f'<figure><div class="picture">{image}</div><figcaption>{escape(HOW_TO_READ.get(name, ""))}</figcaption>'
        "</figure>"
    )


def _candidates(discovery: Discovery) -> str:
    table = candidate_table(discovery)
    shown = {
        "segments": "segments",
        "unassigned_share": "unassigned",
        "silhouette": "silhouette",
        "stability": "stability",
        "agreement": "agreement",
    }
    there = [name for name in shown if name in table.columns]
    heads = "".join(f'<th class="value">{shown[name]}</th>' for name in there)
    rows = []
    for _, row in table.iterrows():
        values = "".join(f'<td class="value">{_score(name, row[name])}</td>' for name in there)
        said = str(row["remark"])
        remark = "chosen" if row["chosen"] else said if said.startswith("refused") else ""  # scores have columns
        rows.append(
            f'<tr class="{"chosen" if row["chosen"] else ""}"><td>{escape(str(row["candidate"]))}<br>'
            f'<span class="faint">{escape(str(row["parameters"]))}</span></td>{values}<td>{escape(remark)}</td></tr>'
        )
    return (
        f"<table><thead><tr><th>candidate</th>{heads}<th>remark</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
        '<p class="faint">Agreement: the share of customers whom a new assignment puts where discovery had them.</p>'
    )


def _score(name: str, value: float) -> str:
    if pd.isna(value):
        return "–"
    if name == "segments":
        return f"{value:.0f}"
    return _percent(value) if name.endswith("_share") or name == "agreement" else f"{value:.2f}"


def _facts(discovery: Discovery, facts: Mapping[str, str], raw_tables: Mapping[str, Mapping[str, int]]) -> str:
    provenance = discovery.model.provenance
    told = {
        "as of": provenance.get("as_of"),
        "data digest": provenance.get("data_digest"),
        "model digest": discovery.model.artefact_digest,
        "learned digest": discovery.model.learned_digest,
        "columns that shape segments": ", ".join(column.name for column in discovery.contract.basis),
        "columns that describe them": ", ".join(
            column.name for column in shown_columns(discovery) if column not in discovery.contract.basis
        ),
        "versions": ", ".join(f"{name} {version}" for name, version in provenance.get("versions", {}).items()),
        **{f"table {name}": _counts(counts) for name, counts in raw_tables.items()},
        **facts,
    }
    rows = "".join(f"<tr><th>{escape(k)}</th><td>{escape(str(v))}</td></tr>" for k, v in told.items() if v)
    settings = provenance.get("settings")
    text = json.dumps(settings, indent=2, ensure_ascii=False) if settings else ""
    more = f"<details><summary>all settings</summary><pre>{escape(text)}</pre></details>" if text else ""
    return f'<table class="facts"><tbody>{rows}</tbody></table>{more}'


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in counts.items() if count)


def _short(amount: float) -> str:
    """A large amount in little room: 55.4 M."""
    for size, letter in ((1e9, "B"), (1e6, "M")):
        if abs(amount) >= size:
            return f"{plain_number(amount / size)} {letter}"
    return plain_number(amount)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
