"""Turns a finished discovery into the plain values that its report shows and that are stored for later reports."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from features.vector_table import counts_in_words
from reporting.content.example_customers import example_customers
from reporting.content.report_content import (
    CandidateRow,
    CandidateTable,
    ColumnContent,
    DiscoveryContent,
    Division,
    Evidence,
    ExampleCustomer,
    LadderContent,
    MapContent,
    MoneyShare,
    NeighbourPair,
    RuleContent,
    SegmentContent,
    TypicalRow,
    WhatChanged,
)
from reporting.tables import bare_value, candidate_table, money_columns, money_of, shown_columns, titled
from segment_model.cards import Difference, SegmentCard
from segment_model.contract import Column, VectorContract
from segment_model.encoding.encoder import Indices
from segment_model.errors import percent
from segment_model.language.wording import in_percent
from segment_model.rules import RuleSet
from training.discovery.discovery import Discovery
from training.evaluation.map_layout import MapLayout
from training.evaluation.quality import Judgement
from training.evaluation.verdict import VerdictKind

ROWS_ON_A_CARD = 6
MAP_SIDE = 1_000
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


def content_of_discovery(
    discovery: Discovery,
    rules: Sequence[RuleSet] = (),
    raw_tables: Mapping[str, Mapping[str, int]] | None = None,
    what_changed: WhatChanged | None = None,
    representatives: bool = True,
    doubts: Sequence[str] = (),
) -> DiscoveryContent:
    """The content of a discovery.

    rules : by which segments are put in words. raw_tables : row counts of each raw table. what_changed : since the last
    champion, where there is one (`reporting.content.changes`). representatives : whether it names typical customers.
    doubts : what may be wrong with the tables.
    """
    provenance = discovery.model.provenance
    settings = provenance.get("settings")
    return DiscoveryContent(
        as_of=str(provenance.get("as_of", "")),
        customers=discovery.profile.customers,
        unassigned=discovery.profile.customers - sum(discovery.profile.sizes),
        segments=_segments(discovery, rules, representatives),
        kind=str(discovery.verdict.kind),
        verdict=discovery.verdict.sentence,
        reason=discovery.choice.reason,
        scores=scores_in_words(discovery.judgement, discovery.verdict.kind),
        evidence=_evidence(discovery),
        candidates=_candidates(discovery),
        map=_map(discovery),
        ladder=_ladder(discovery),
        lineage=tuple(provenance.get("lineage", {}).get("sentences", ())),
        facts=tuple(_facts(discovery, raw_tables or {}).items()),
        settings=json.dumps(settings, indent=2, ensure_ascii=False) if settings else "",
        what_changed=what_changed,
        columns=tuple(
            ColumnContent(column.name, titled(column), in_percent(column)) for column in shown_columns(discovery)
        ),
        of_whom=() if discovery.of_all is None else discovery.of_all.sentences,
        doubts=tuple(doubts),
    )


def scores_in_words(judgement: Judgement, kind: VerdictKind) -> str:
    """How well the segments are separated, and how steady they are."""
    apart = next(
        (words for least, words in SEPARATION if judgement.silhouette > least), "hardly separated: read with care"
    )
    if kind is VerdictKind.DISTINCT and judgement.silhouette <= REASONABLE:
        apart = "near each other for their size, though gaps separate them"  # a silhouette does not measure gaps
    roughly = "found only roughly again in either half of the customers"
    steady = next((words for least, words in STEADINESS if judgement.stability >= least), roughly)
    return f"In words: the segments are {apart}; they are {steady}."


def _segments(discovery: Discovery, rules: Sequence[RuleSet], representatives: bool) -> tuple[SegmentContent, ...]:
    rule_of = {rule.segment_id: rule for rule in rules}
    columns = shown_columns(discovery)
    examples: Sequence[tuple[ExampleCustomer, ...]] = [()] * len(discovery.model.cards)
    if representatives:
        examples = example_customers(discovery.frame, columns, discovery.points, discovery.labels, discovery.model)
    return tuple(
        _segment(discovery, position, rule_of.get(card.id), examples[position])
        for position, card in enumerate(discovery.model.cards)
    )


def _segment(
    discovery: Discovery, position: int, rule: RuleSet | None, examples: tuple[ExampleCustomer, ...]
) -> SegmentContent:
    card = discovery.model.cards[position]
    differences = {difference.column: difference for difference in reversed(card.differences)}
    columns = {column.name: column for column in shown_columns(discovery)}
    first = list(dict.fromkeys(difference.column for difference in card.differences))[:ROWS_ON_A_CARD]
    others = [name for name in columns if name not in first]
    first_rows, other_rows = (
        tuple(_typical_row(discovery, card, columns[name], differences.get(name)) for name in names)
        for names in (first, others)
    )
    return SegmentContent(
        id=card.id,
        name=card.name,
        size=card.size,
        share=card.share,
        sentence=card.sentence,
        notes=card.notes,
        differences=tuple(dict.fromkeys(difference.words for difference in card.differences)),
        first_rows=first_rows,
        other_rows=other_rows,
        money=tuple(_money(discovery, column, position) for column in money_columns(discovery)),
        rule=_rule(rule, discovery.contract) if rule else None,
        columns=tuple(column.title for column in columns.values()),
        examples=examples,
    )


def _typical_row(discovery: Discovery, card: SegmentCard, column: Column, difference: Difference | None) -> TypicalRow:
    everyone = discovery.profile.overall[column.name]
    direction = "" if difference is None or column.is_category else "above" if difference.effect > 0 else "below"
    return TypicalRow(
        titled(column), bare_value(card.medians[column.name], column), bare_value(everyone, column), direction
    )


def _money(discovery: Discovery, column: Column, position: int) -> MoneyShare:
    total, share = money_of(discovery, column, position)
    return MoneyShare(column.title, column.unit, total, share)


def _rule(rule: RuleSet, contract: VectorContract) -> RuleContent:
    return RuleContent(rule.words(contract), rule.sql(), rule.precision, rule.coverage)


def _evidence(discovery: Discovery) -> Evidence:
    evidence, ids = discovery.verdict.evidence, discovery.model.ids
    return Evidence(
        recovered=dict(zip(ids, map(float, evidence["recovered"]), strict=True)),
        pairs=tuple(
            NeighbourPair(
                ids[pair["segments"][0]],
                ids[pair["segments"][1]],
                gap=bool(pair["gap"]),
                depth=_finite(pair["valley_depth"]),
                chance=_finite(pair["valley_chance"]),
                belt=_finite(pair["belt"]),
            )
            for pair in evidence["pairs"]
        ),
        **{
            name: float(evidence[name])
            for name in ("silhouette", "silhouette_without_groups", "stability", "smallest_share", "unassigned_share")
        },
    )


def _finite(figure: float) -> float | None:
    return float(figure) if math.isfinite(figure) else None


def _ladder(discovery: Discovery) -> LadderContent | None:
    """The rungs; None where no other numbers of segments were compared."""
    if discovery.ladder is None or not discovery.ladder.rungs:
        return None
    unions = {union.segments: union for union in discovery.unions}
    divisions = []
    for rung in discovery.ladder.rungs:
        chosen = rung.position == discovery.choice.chosen
        union = None if chosen else unions.get(rung.segments)
        divisions.append(
            Division(
                label=rung.label,
                steady=rung.steady,
                chosen=chosen,
                recovered=rung.recovered,
                lower=rung.lower,
                upper=rung.upper,
                agreement=rung.agreement,
                prediction_strength=rung.prediction_strength,
                united=() if union is None else _united(discovery.model.ids, union.members),
                union_agreement=None if union is None else union.agreement,
            )
        )
    finest = discovery.ladder.chosen
    return LadderContent(
        tuple(divisions),
        discovery.other_divisions,
        finest is not None and finest.position == discovery.choice.chosen,
    )


def _united(ids: Sequence[str], members: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    """The ids of the segments of each union."""
    return tuple(
        tuple(own for own, union in zip(ids, members, strict=True) if union == number)
        for number in range(max(members) + 1)
    )


def _candidates(discovery: Discovery) -> CandidateTable:
    """The headings of the scores that any candidate has, and a row a candidate."""
    table = candidate_table(discovery)
    scores = [name for name in SCORES_SHOWN if name in table.columns]
    rows = tuple(
        CandidateRow(
            name=row["candidate"],
            parameters=row["parameters"],
            scores=tuple(_score(name, row[name]) for name in scores),
            remark=_remark(row["chosen"], row["remark"]),
            chosen=bool(row["chosen"]),
        )
        for row in table.to_dict(orient="records")
    )
    return CandidateTable(tuple(SCORES_SHOWN[name] for name in scores), rows)


def _remark(chosen: bool, remark: str) -> str:
    """The remark on a candidate, without the scores, which have columns of their own."""
    return "chosen" if chosen else remark if remark.startswith("refused") else ""


def _score(name: str, score: float) -> str:
    if pd.isna(score):
        return "–"
    if name == "segments":
        return f"{score:.0f}"
    return percent(score) if name.endswith("_share") or name == "agreement" else f"{score:.2f}"


def _map(discovery: Discovery) -> MapContent:
    """The map; a layout that fails leaves a map without customers, whose method is the error."""
    try:
        layout = discovery.map_layout
    except Exception as error:  # noqa: BLE001  (hours of discovery are not lost to a drawing library's error)
        return MapContent((), (), (), f"{type(error).__name__}: {error}")
    return map_content(layout, discovery.labels)


def map_content(layout: MapLayout, labels: Indices) -> MapContent:
    """A layout in whole numbers, the least value of each direction at 0 and the greatest at `MAP_SIDE`.

    labels : the segment of each customer (n,), -1 where unassigned.
    """
    known = np.isfinite(layout.positions).all(axis=1)
    positions, rows = layout.positions[known], layout.rows[known]
    lowest = positions.min(axis=0) if len(positions) else np.zeros(2)
    spread = np.maximum(np.ptp(positions, axis=0), 1e-9) if len(positions) else np.ones(2)
    places = np.rint((positions - lowest) / spread * MAP_SIDE).astype(int)
    return MapContent(
        tuple(places[:, 0].tolist()),
        tuple(places[:, 1].tolist()),
        tuple(labels[rows].tolist()),
        layout.method,
    )


def _facts(discovery: Discovery, raw_tables: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    provenance, basis = discovery.model.provenance, discovery.contract.basis
    descriptors = [column.name for column in shown_columns(discovery) if column not in basis]
    facts = {
        "as of": str(provenance.get("as_of", "")),
        "data digest": str(provenance.get("data_digest") or ""),
        "model digest": discovery.model.artefact_digest,
        "learned digest": discovery.model.learned_digest,
        "columns that shape segments": ", ".join(column.name for column in basis),
        "columns that describe them": ", ".join(descriptors),
        "versions": ", ".join(f"{name} {version}" for name, version in provenance.get("versions", {}).items()),
        **{f"table {name}": counts_in_words(counts) for name, counts in raw_tables.items()},
    }
    return {name: fact for name, fact in facts.items() if fact}
