"""The report page: the verdict, the segments, the pictures, the candidates and the settings, in one HTML file.

The page needs nothing from outside. This module turns a discovery into texts and numbers; the templates lay them out
and escape them, because names of columns and levels of categories come from customers and may hold markup.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from features.vector_table import counts_in_words
from reporting.colours import colour_of
from reporting.evidence import evidence_context
from reporting.ladder import ladder_context
from reporting.pictures.all_pictures import PICTURES
from reporting.rendering import percent, render, short_amount
from reporting.tables import bare_value, candidate_table, money_columns, money_of, shown_columns, titled
from segment_model.cards import Difference, SegmentCard
from segment_model.contract import Column
from segment_model.errors import counted
from segment_model.rules import RuleSet
from training.discovery.discovery import Discovery
from training.evaluation.quality import Judgement
from training.evaluation.verdict import VerdictKind
from training.profiling.typical_values import typical_value

ROWS_ON_A_CARD = 6
HOW_TO_READ = {picture.name: picture.how_to_read for picture in PICTURES}
SCORES_SHOWN = {
    "segments": "segments",
    "unassigned_share": "unassigned",
    "silhouette": "silhouette",
    "stability": "stability",
    "agreement": "agreement",
}

# The steps of the silhouette are those of Kaufman and Rousseeuw (1990).
SEPARATION = (
    (0.7, "clearly separated"),
    (0.5, "reasonably separated"),
    (0.25, "weakly separated: borders are gradual"),
)
REASONABLE = 0.5
STEADINESS = (
    (0.9, "found again, nearly the same, in either half of the customers"),
    (0.7, "found again in either half of the customers, with some customers moving between them"),
)


def html_report(
    discovery: Discovery,
    title: str,
    pictures: Mapping[str, bytes],
    raw_tables: Mapping[str, Mapping[str, int]] | None = None,
    rules: Sequence[RuleSet] = (),
    failed_pictures: Mapping[str, str] | None = None,
) -> str:
    """The report as one HTML page that needs nothing from outside.

    pictures : PNG files by name; those of `all_pictures` get a sentence on how to read them. raw_tables : row counts of
    each raw table. rules : shown on the cards of their segments. failed_pictures : by name, why a picture could not be
    drawn.
    """
    as_of = discovery.model.provenance.get("as_of")
    rule_of = {rule.segment_id: rule for rule in rules}
    settings = discovery.model.provenance.get("settings")
    return render(
        "report.html",
        title=title,
        subtitle=f"Customer segments as of {as_of}" if as_of else "Customer segments",
        customers=len(discovery.labels),
        numbers=_headline_numbers(discovery),
        shares=_shares(discovery),
        legend=_legend(discovery),
        reason=discovery.choice.reason,
        lineage=discovery.model.provenance.get("lineage", {}).get("sentences", ()),
        verdict=discovery.verdict.sentence,
        scores=_scores_in_words(discovery.judgement, discovery.verdict.kind),
        evidence=evidence_context(discovery),
        ladder=ladder_context(discovery),
        cards=[_card(discovery, n, rule_of.get(card.id)) for n, card in enumerate(discovery.model.cards)],
        unassigned=int((discovery.labels < 0).sum()),
        pictures=[_picture(name, image) for name, image in pictures.items()],
        failed_pictures=failed_pictures or {},
        candidates=_candidates(discovery),
        facts=_facts(discovery, raw_tables or {}),
        settings=json.dumps(settings, indent=2, ensure_ascii=False) if settings else "",
    )


def _headline_numbers(discovery: Discovery) -> list[tuple[str, str]]:
    """Pairs of a number and its caption."""
    numbers = [_headline(len(discovery.labels), "customer"), _headline(len(discovery.model.cards), "segment")]
    for column in money_columns(discovery):
        total = float(discovery.frame[column.name].sum())
        numbers.append((short_amount(total), f"{column.unit}, {column.title} of all customers"))
    judgement = discovery.judgement
    if judgement.unassigned_share:
        numbers.append((percent(judgement.unassigned_share), "belong to no segment"))
    numbers.append((f"{judgement.silhouette:.2f}", "silhouette: how well separated, at most 1"))
    numbers.append((f"{judgement.stability:.2f}", "stability between two halves, at most 1"))
    return numbers


def _headline(count: int, noun: str) -> tuple[str, str]:
    number, _, caption = counted(count, noun).partition(" ")
    return number, caption


def _scores_in_words(judgement: Judgement, kind: VerdictKind) -> str:
    apart = next(
        (words for least, words in SEPARATION if judgement.silhouette > least), "hardly separated: read with care"
    )
    if kind is VerdictKind.DISTINCT and judgement.silhouette <= REASONABLE:
        apart = "near each other for their size, though gaps part them"  # a silhouette does not measure gaps
    roughly = "found only roughly again in either half of the customers"
    steady = next((words for least, words in STEADINESS if judgement.stability >= least), roughly)
    return f"In words: the segments are {apart}; they are {steady}."


def _shares(discovery: Discovery) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each segment's share of the customers, and of each amount of money: a title, and a block a segment."""
    positions = [*range(len(discovery.model.cards)), -1]
    sizes = [card.share for card in discovery.model.cards]
    money = [
        (column.title, [money_of(discovery, column, position)[1] for position in positions])
        for column in money_columns(discovery)
    ]
    names = [*discovery.model.names, "unassigned"]
    colours = [colour_of(position) for position in positions]
    return [
        (
            title,
            [
                {"name": name, "share": share, "colour": colour}
                for name, share, colour in zip(names, shares, colours, strict=True)
            ],
        )
        for title, shares in [("customers", [*sizes, max(0.0, 1 - sum(sizes))]), *money]
    ]


def _legend(discovery: Discovery) -> list[dict[str, str]]:
    entries = [{"name": name, "colour": colour_of(position)} for position, name in enumerate(discovery.model.names)]
    if (discovery.labels < 0).any():
        entries.append({"name": "unassigned", "colour": colour_of(-1)})
    return entries


def _card(discovery: Discovery, position: int, rule: RuleSet | None) -> dict[str, Any]:
    card = discovery.model.cards[position]
    shares = [{"amount": f"{card.size:,}", "title": "customers", "share": card.share}]
    for column in money_columns(discovery):
        total, share = money_of(discovery, column, position)
        shares.append({"amount": f"{short_amount(total)} {column.unit}", "title": column.title, "share": share})
    first_rows, other_rows = _typical_rows(discovery, card)
    return {
        "id": card.id,
        "name": card.name,
        "colour": colour_of(position),
        "shares": shares,
        "sentence": card.sentence,
        "notes": card.notes,
        "differences": list(dict.fromkeys(difference.words for difference in card.differences)),
        "first_rows": first_rows,
        "other_rows": other_rows,
        "rule": _rule(rule, discovery) if rule else None,
    }


def _rule(rule: RuleSet, discovery: Discovery) -> dict[str, str]:
    """The rule of a segment in words, its precision and coverage, and its SQL."""
    shares = [(rule.precision, "of whom it matches are in the segment"), (rule.coverage, "of the segment match")]
    figures = ", ".join(f"{percent(share)} {caption}" for share, caption in shares if share is not None)
    return {"words": rule.words(discovery.contract), "figures": figures, "sql": rule.sql()}


def _typical_rows(discovery: Discovery, card: SegmentCard) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Rows of typical values beside those of all customers: the distinguishing columns, then the other columns."""
    differences = {difference.column: difference for difference in reversed(card.differences)}
    first = list(dict.fromkeys(difference.column for difference in card.differences))[:ROWS_ON_A_CARD]
    columns = {column.name: column for column in shown_columns(discovery)}
    others = [name for name in columns if name not in first]
    first_rows, other_rows = (
        [_typical_row(discovery, card, columns[name], differences.get(name)) for name in names]
        for names in (first, others)
    )
    return first_rows, other_rows


def _typical_row(
    discovery: Discovery, card: SegmentCard, column: Column, difference: Difference | None
) -> dict[str, str]:
    everyone = typical_value(discovery.frame[column.name], column)
    direction = "" if difference is None or column.is_category else " up" if difference.effect > 0 else " down"
    return {
        "title": titled(column),
        "here": bare_value(card.medians[column.name], column),
        "everyone": bare_value(everyone, column),
        "direction": direction,
    }


def _picture(name: str, image: bytes) -> dict[str, str]:
    return {
        "title": name.replace("_", " "),
        "base64": base64.b64encode(image).decode(),
        "how_to_read": HOW_TO_READ.get(name, ""),
    }


def _candidates(discovery: Discovery) -> dict[str, Any]:
    """The headings of the scores that any candidate has, and a row a candidate."""
    table = candidate_table(discovery)
    scores = [name for name in SCORES_SHOWN if name in table.columns]
    rows = [
        {
            "name": row["candidate"],
            "parameters": row["parameters"],
            "scores": [_score(name, row[name]) for name in scores],
            "remark": _remark(row["chosen"], row["remark"]),
            "chosen": row["chosen"],
        }
        for row in table.to_dict(orient="records")
    ]
    return {"headings": [SCORES_SHOWN[name] for name in scores], "rows": rows}


def _remark(chosen: bool, remark: str) -> str:
    """The remark on a candidate, without the scores, which have columns of their own."""
    return "chosen" if chosen else remark if remark.startswith("refused") else ""


def _score(name: str, score: float) -> str:
    if pd.isna(score):
        return "–"
    if name == "segments":
        return f"{score:.0f}"
    return percent(score) if name.endswith("_share") or name == "agreement" else f"{score:.2f}"


def _facts(discovery: Discovery, raw_tables: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    provenance, basis = discovery.model.provenance, discovery.contract.basis
    descriptors = [column.name for column in shown_columns(discovery) if column not in basis]
    return {
        **({"as of": provenance["as_of"]} if "as_of" in provenance else {}),
        "data digest": provenance.get("data_digest"),
        "model digest": discovery.model.artefact_digest,
        "learned digest": discovery.model.learned_digest,
        "columns that shape segments": ", ".join(column.name for column in basis),
        "columns that describe them": ", ".join(descriptors),
        "versions": ", ".join(f"{name} {version}" for name, version in provenance.get("versions", {}).items()),
        **{f"table {name}": counts_in_words(counts) for name, counts in raw_tables.items()},
    }
