"""A made-up content and record of a report: seeded numbers of any number of segments over any number of months."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.month_ends import MonthEnds
from analytics.record import (
    COHORTS,
    FIGURES,
    FLOWS,
    QUARTILES,
    RETENTION,
    SHARES,
    SIZES,
    SURVIVAL,
    AnalystRecord,
    Definition,
    Mark,
    Unit,
)
from reporting.content.report_content import (
    BORDER,
    TYPICAL,
    Arrival,
    CandidateRow,
    CandidateTable,
    DiscoveryContent,
    Evidence,
    ExampleCustomer,
    MapContent,
    MoneyShare,
    NeighbourPair,
    RuleContent,
    SegmentChange,
    SegmentContent,
    TypicalRow,
    WhatChanged,
)

NAMES = (
    "many seats, many features",
    "one feature, every day",
    "campaign fans, on basic plans",
    "long quiet, at risk of leaving",
    "new trials that look around",
)
DEFINITIONS = (
    Definition("mrr", "MRR", Unit.MONEY_A_MONTH, "Sum of the monthly amounts of the terms that run.", "high"),
    Definition("mrr_share", "Share of MRR", Unit.SHARE, "MRR of the group / MRR of everyone."),
    Definition("arpa", "ARPA", Unit.MONEY_A_MONTH, "MRR / customers with MRR.", "high"),
    Definition("churn_rate", "Customer churn a month", Unit.SHARE, "Customers lost / customers at the start.", "low"),
    Definition("nrr", "NRR", Unit.RATIO, "(Start + expansion - contraction - churned) / start.", "high"),
    Definition("quick_ratio", "Quick ratio", Unit.RATIO, "Gains / losses; without losses it is undefined.", "high"),
    *(
        Definition(
            f"retention_{k}", f"Retention after {k} months", Unit.SHARE, f"Active in month {k} / members.", "high"
        )
        for k in (3, 6, 12)
    ),
    Definition("ltv_formula", "LTV by churn", Unit.MONEY, "ARPA x margin / churn; undefined at zero churn.", "high"),
)
POOLED = "2017-01/2017-12"


def made_up_content(segments: int = 5, customers: int = 2_000, seed: int = 0) -> DiscoveryContent:
    """A discovery of so many segments; the fourth of each five is rather small."""
    generator = np.random.default_rng(seed)
    weights = np.resize([30, 24, 18, 9, 14], segments) * generator.uniform(0.9, 1.1, segments)
    sizes = np.floor(weights / weights.sum() * customers * 0.96).astype(int)
    ids = [f"seg-{chr(97 + (7 * n) % 26)}{n:03d}" for n in range(segments)]
    money = sizes * np.resize([310.0, 70.0, 25.0, 48.0, 12.0], segments)
    return DiscoveryContent(
        as_of="2018-01-01",
        customers=customers,
        unassigned=customers - int(sizes.sum()),
        segments=tuple(
            SegmentContent(
                id=ids[n],
                name=NAMES[n % len(NAMES)] if n < len(NAMES) else f"{NAMES[n % len(NAMES)]} {n}",
                size=int(sizes[n]),
                share=float(sizes[n] / customers),
                sentence=f"{sizes[n]} customers ({100 * sizes[n] / customers:.0f} %); typically seats 42, use 61.",
                notes="Call them before the renewal." if n == 1 else "",
                noted_by="maria@example.com" if n == 1 else "",
                noted_on="2018-01-04" if n == 1 else "",
                differences=("high usage", "many seats", "rarely on a basic plan")[: 1 + n % 3],
                first_rows=(
                    TypicalRow("seats", f"{42 - n}", "12", "above" if n < 2 else "below"),
                    TypicalRow("plan", "enterprise" if n == 0 else "basic", "basic"),
                ),
                other_rows=(TypicalRow("country", "DE", "FR"), TypicalRow("tenure (days)", "411", "390")),
                money=(MoneyShare("MRR", "USD a month", float(money[n]), float(money[n] / money.sum())),),
                rule=RuleContent("seats at least 20, and days with use at least 40", '"seats" >= 20', 0.91, 0.874),
                columns=("seats", "plan", "country"),
                examples=(
                    *(ExampleCustomer(f"acct-{n}{m}", TYPICAL, 0.6, "", ("41", "pro", "DE")) for m in range(3)),
                    ExampleCustomer(f"acct-{n}9", BORDER, 0.02, ids[(n + 1) % segments], ("20", "basic", "unknown")),
                ),
            )
            for n in range(segments)
        ),
        kind="stable slices of a continuum",
        verdict="Stable slices of a continuum: a gap separates 3 of 6 pairs of neighbouring segments.",
        reason="the finest division of which every segment is found again",
        scores="In words: the segments are weakly separated; they are found again in either half of the customers.",
        evidence=Evidence(
            recovered={own: float(generator.uniform(0.8, 0.97)) for own in ids},
            pairs=tuple(
                NeighbourPair(ids[n], ids[n + 1], n % 2 == 0, 0.4, 1e-9 if n % 2 == 0 else 0.3, 2.1)
                for n in range(segments - 1)
            ),
            silhouette=0.31,
            silhouette_without_groups=0.22,
            stability=0.84,
            smallest_share=float(sizes.min() / customers),
            unassigned_share=0.04,
        ),
        candidates=CandidateTable(
            ("segments", "silhouette"),
            (
                CandidateRow("kmeans 5", "segments=5", ("5", "0.31"), "chosen", chosen=True),
                CandidateRow("hdbscan", "min_cluster_size=40", ("–", "–"), "refused: half is noise", chosen=False),
            ),
        ),
        map=_map(sizes, generator),
        facts=(("as of", "2018-01-01"), ("model digest", "sha256:" + "ab" * 32)),
        settings='{"discovery": {"seed": 0}}',
        what_changed=WhatChanged(
            segments=(
                *(
                    SegmentChange(own, NAMES[n % len(NAMES)], "kept", 300, 320, int(sizes[n]), 9_000.0, 9_400.0)
                    for n, own in enumerate(ids[:-1])
                ),
                SegmentChange(ids[-1], "new", "new", None, None, 240, None, 2_880.0, (Arrival(ids[0], 90),)),
                SegmentChange("seg-gone", "those who paid by cheque", "ended", 40, 31, None, 410.0, None),
            ),
            compared=1_950,
            reassigned=260,
            money_title="MRR",
            money_unit="USD a month",
            champion="version 3, as of 2017-12-01",
        ),
    )


def _map(sizes: Sequence[int], generator: np.random.Generator) -> MapContent:
    labels = np.repeat(np.arange(len(sizes)), np.maximum(np.asarray(sizes) * 1_400 // max(1, int(np.sum(sizes))), 3))
    angle = labels * 2 * np.pi / len(sizes)
    across = 500 + 300 * np.cos(angle) + generator.normal(0, 70, len(labels))
    up = 500 + 300 * np.sin(angle) + generator.normal(0, 70, len(labels))
    clip = [np.clip(np.rint(axis), 0, 1_000).astype(int).tolist() for axis in (across, up)]
    return MapContent(tuple(clip[0]), tuple(clip[1]), tuple(labels.tolist()), "UMAP")


def made_up_record(content: DiscoveryContent, months: int = 12, seed: int = 0, short_history: int = 3) -> AnalystRecord:
    """A record of the segments of a content; the earliest `short_history` of its month ends are not comparable."""
    generator = np.random.default_rng(seed)
    ends = MonthEnds.before(datetime(2018, 1, 1), months)
    ids = [segment.id for segment in content.segments]
    return AnalystRecord(
        month_ends=ends,
        currency="USD",
        money_title="MRR",
        definitions=DEFINITIONS,
        floor=10,
        figures=_figures(content),
        sizes=_sizes(content, ends, generator, short_history),
        flows=_flows(ids, ends, generator),
        cohorts=_cohorts(ends, generator),
        retention=_retention(ids, ends),
        survival=_survival(ids),
        shares=_shares(ids),
        quartiles=pd.DataFrame(
            [("seats", own, 600, 590, 10.0, 42.0 - n, 60.0, str(Mark.ABOVE if n == 0 else Mark.NONE))
             for n, own in enumerate(ids)],
            columns=list(QUARTILES),
        ),
        notes=("“campaign fans, on basic plans” shrank by 31 %.", "No margin is set: LTV counts all MRR."),
    )  # fmt: skip


def _figures(content: DiscoveryContent) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    total = sum(segment.money[0].total for segment in content.segments)
    groups = [("everyone", "everyone", content.customers, total, 0.021)]
    groups += [
        ("segment", segment.id, segment.size, segment.money[0].total, 0.008 + 0.013 * (n % 5))
        for n, segment in enumerate(content.segments)
    ]
    groups += [
        ("plan", plan, 400, total / 4, 0.01 * n) for n, plan in enumerate(("basic", "plus", "pro", "größer & 日本"))
    ]
    for grouping, group, n, money, churn in groups:
        mark = Mark.NONE if grouping == "everyone" else Mark.ABOVE if churn > 0.04 else Mark.NONE
        defines = str(Mark.DEFINES if grouping == "segment" else Mark.NONE)
        rows += [
            ("mrr", grouping, group, "", money, np.nan, np.nan, n, "", ""),
            ("mrr_share", grouping, group, "", money / total, np.nan, np.nan, n, "", ""),
            ("arpa", grouping, group, "", money / n, 0.9 * money / n, 1.1 * money / n, n, defines, ""),
            ("churn_rate", grouping, group, POOLED, churn, churn * 0.7, churn * 1.4, 11 * n, str(mark), ""),
            ("churn_rate", grouping, group, "2017-12", churn * 2, churn, churn * 3, n, "", ""),
            ("nrr", grouping, group, POOLED, 1.04 - churn, 1.0 - churn, 1.08 - churn, n, "", ""),
        ]
        for k in (3, 6, 12):
            few = k == 12 and group == content.segments[-1].id and len(content.segments) > 1
            kept = np.nan if few else (1 - churn) ** k
            why = "fewer than 10 customers" if few else ""
            rows.append(
                (f"retention_{k}", grouping, group, POOLED, kept, kept - 0.03, kept + 0.02, 5 if few else n, "", why)
            )
        ltv = money / n / churn if churn else np.nan
        rows.append(("ltv_formula", grouping, group, POOLED, ltv, np.nan, np.nan, n, "", "" if churn else "no losses"))
        losses = churn > 0.01
        ratio = (2.4, "") if losses else (np.nan, "no losses")
        rows.append(("quick_ratio", grouping, group, POOLED, ratio[0], np.nan, np.nan, n, "", ratio[1]))
    return pd.DataFrame(rows, columns=list(FIGURES))


def _sizes(
    content: DiscoveryContent, ends: MonthEnds, generator: np.random.Generator, short_history: int
) -> pd.DataFrame:
    rows = []
    last = len(ends.dates) - 1
    for n, segment in enumerate(content.segments):
        for position in range(last + 1):
            grown = (0.55, 0.9, 1.45, 0.8, 0.3)[n % 5]
            size = segment.size * (grown + (1 - grown) * position / max(last, 1)) * generator.uniform(0.97, 1.03)
            changes = [np.nan] * 5 if position == 0 else generator.poisson([9, 4, 5, 3, 1]).astype(float).tolist()
            money = segment.money[0].total * size / max(segment.size, 1)
            month = ends.month_before(position)
            rows.append((month, segment.id, round(size), round(money, 2), *changes, position < short_history))
    for position in range(last + 1):
        month = ends.month_before(position)
        rows.append(
            (
                month,
                "unassigned",
                60 + position,
                900.0,
                *[np.nan if position == 0 else 2.0] * 5,
                position < short_history,
            )
        )
    columns = ["month", "segment", "customers", "money", "joined", "came", "went", "left", "returned", "short_history"]
    return pd.DataFrame(rows, columns=columns).reindex(columns=list(SIZES))


def _flows(ids: Sequence[str], ends: MonthEnds, generator: np.random.Generator) -> pd.DataFrame:
    rows = []
    for position in range(1, len(ends.dates)):
        for source in (*ids, "joined"):
            for target in (*ids, "left"):
                if source == "joined" and target == "left":
                    continue
                customers = 300 if source == target else int(generator.poisson(1.5))
                if customers:
                    rows.append(
                        (ends.month_before(position), source, target, customers, 40.0 * customers, 44.0 * customers)
                    )
    return pd.DataFrame(rows, columns=list(FLOWS))


def _cohorts(ends: MonthEnds, generator: np.random.Generator) -> pd.DataFrame:
    rows = []
    for kind in ("classic", "unbounded"):
        for first, cohort in enumerate(ends.months):
            size = int(generator.integers(40, 160)) if first != 5 else 6
            for k in range(len(ends.months)):
                finished = first + k < len(ends.months)
                share = 0.97**k * (1.0 if kind == "unbounded" else 0.95 if k else 1.0)
                customers = round(size * share) if finished else np.nan
                shown = customers / size if finished and size >= 10 else np.nan
                rows.append((kind, "everyone", "everyone", cohort, size, k, customers, shown, 1.0, finished))
    return pd.DataFrame(rows, columns=list(COHORTS))


def _retention(ids: Sequence[str], ends: MonthEnds) -> pd.DataFrame:
    rows = []
    months = len(ends.months)
    for n, own in enumerate(("everyone", *ids)):
        for position in range(months + 1):
            for k in range(1, months + 1):
                finished = position + k <= months
                share = (0.995 - 0.011 * (n % 6)) ** k if finished else np.nan
                size = 5 if n == len(ids) and n > 1 and position == 0 else 200 + 40 * n
                shown = share if size >= 10 else np.nan
                grouping = "segment" if n else "everyone"
                customers = np.nan if not finished else size * share
                rows.append((grouping, own, ends.month_before(position), size, k, customers,
                             shown, shown - 0.03, min(1.0, shown + 0.02), finished))  # fmt: skip
    return pd.DataFrame(rows, columns=list(RETENTION))


def _survival(ids: Sequence[str]) -> pd.DataFrame:
    rows = []
    for n, own in enumerate(ids):
        for time in np.arange(0.0, 30.0, 1.7):
            share = float(np.exp(-0.008 * (1 + 2 * (n % 5)) * time))
            rows.append(("segment", own, time, share, share - 0.02, min(1.0, share + 0.02), 400 - int(10 * time)))
    return pd.DataFrame(rows, columns=list(SURVIVAL))


def _shares(ids: Sequence[str]) -> pd.DataFrame:
    rows = []
    for n, own in enumerate(ids):
        for column, levels in (("plan", ("basic", "plus", "pro")), ("uses_api", ("yes", "no"))):
            for place, level in enumerate(levels):
                share = (
                    (0.6, 0.3, 0.1)[place] if len(levels) == 3 else (0.2 + 0.1 * (n % 5), 0.8 - 0.1 * (n % 5))[place]
                )
                mark = Mark.BELOW if place == 1 and n == 0 else Mark.NONE
                rows.append(
                    (column, own, level, 600, 590, round(590 * share), share, share - 0.04, share + 0.04, str(mark))
                )
    return pd.DataFrame(rows, columns=list(SHARES))


@pytest.fixture(scope="session")
def make_content() -> Callable[..., DiscoveryContent]:
    return made_up_content


@pytest.fixture(scope="session")
def make_record() -> Callable[..., AnalystRecord]:
    return made_up_record
