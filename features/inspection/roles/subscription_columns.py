"""Subscriptions: start and end of terms, money a month, plan and seats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from features.inspection.looks.table_look import TableLook, sampled_moments
from features.inspection.names.meanings import (
    ENDED_AT,
    MRR_OF,
    PLAN_OF,
    QUOTA_OF,
    QUOTA_USED,
    SEATS_OF,
    SEATS_USED,
    STARTED_AT,
    SUBSCRIPTION_ID,
)
from features.inspection.names.name_words import concepts_of
from features.inspection.names.vocabulary import Concept
from features.inspection.roles.order_conventions import Conventions, settle_currency, settle_minor_units
from features.inspection.roles.table_proposal import (
    TableProposal,
    best,
    is_key,
    is_moment,
    is_number,
    is_text,
)
from features.inspection.roles.term_states import endless_terms, other_terms, unpaid_terms
from features.inspection.shared_keys import CustomerKey

SHORTEST = timedelta(days=2)  # of half of the terms; a ride or a visit is shorter
LISTED_PRICES = 0.9  # the share of rows whose money stands beside several numbers of seats
MONTHLY = 0.8  # the score from which a name says that the money is a month's
MONTH = frozenset({"month", "monthly", "1 month"})
PERIODS = MONTH | {"day", "daily", "week", "weekly", "quarter", "quarterly", "year", "yearly", "annual", "annually"}


def propose_subscriptions(look: TableLook, key: CustomerKey) -> TableProposal | None:
    """The table as subscriptions; None without a start, money, and a sign that it is about terms."""
    columns = {"customer_id": key.column}
    scores = {}
    periods = _billing_periods(look)
    for ours, meaning, fits in (
        ("started_at", STARTED_AT, is_moment),
        ("ended_at", ENDED_AT, is_moment),
        ("mrr", MRR_OF, is_number),
        ("plan", PLAN_OF, is_text),
        ("seats_used", SEATS_USED, is_number),
        ("seats", SEATS_OF, is_number),
        ("quota_used", QUOTA_USED, is_number),
        ("quota", QUOTA_OF, is_number),
        ("subscription_id", SUBSCRIPTION_ID, is_key),
    ):
        # the end of running terms is missing, so gaps do not count against it
        taken = {*columns.values(), *periods}
        scores[ours], column = best(look, meaning, fits, taken, gaps_count=ours != "ended_at")
        if column is not None:
            columns[ours] = column
    if "started_at" not in columns or "mrr" not in columns:
        return None
    if "ended_at" in columns and not _lasts(look, columns["started_at"], columns["ended_at"]):
        return None
    stem = Concept.SUBSCRIPTION in concepts_of(look.stem)
    if not ("ended_at" in columns or stem or scores["mrr"] >= MONTHLY):
        return None
    unpaid = unpaid_terms(look)
    doubts = _doubts_of_money(look, columns, scores["mrr"], periods)
    doubts += [other] if unpaid is None and (other := other_terms(look)) else []
    checks = {"mrr": "; ".join(doubts)} if doubts else {}
    if endless := endless_terms(look, columns.get("ended_at")):
        checks["ended_at" if "ended_at" in columns else "started_at"] = endless
    more = 0.7 * (scores["ended_at"] > 0) + 0.4 * scores["plan"] + 0.3 * scores["seats"] + 0.8 * stem
    conventions = Conventions(checks=checks)
    settle_minor_units(look, columns["mrr"], conventions)
    if early := _ends_before_starts(look, columns):
        conventions.options["null_values"] = {columns["ended_at"]: [early]}
        conventions.checks["null_values"] = f"{early} is before the start, and so taken for no end"
    conventions.choose_rows([unpaid, settle_currency(look, columns.values(), conventions, columns["mrr"])])
    return TableProposal(
        "subscriptions",
        look,
        {**columns, **conventions.columns},
        scores["started_at"] + scores["mrr"] + more,
        conventions.options,
        conventions.features,
        conventions.checks,
    )


def _billing_periods(look: TableLook) -> dict[str, tuple[str, ...]]:
    """The columns that hold nothing but billing periods, with those that are no month."""
    periods = {}
    for column in look.columns:
        levels = [level.strip().lower() for level, _ in column.levels]
        if is_text(column) and levels and PERIODS.issuperset(levels):
            periods[column.name] = tuple(level for level in levels if level not in MONTH)
    return periods


def _doubts_of_money(
    look: TableLook, columns: Mapping[str, str], score: float, periods: Mapping[str, Sequence[str]]
) -> list[str]:
    """Why a column may not be the money of one month."""
    doubts = [
        f"{name} says {others[0]!r} too: write the money of one month, a year's divided by 12"
        for name, others in periods.items()
        if others
    ]
    if Concept.UNIT in concepts_of(columns["mrr"]) and "seats" in columns:
        doubts.append(f"it is named as that of one unit: write it times {columns['seats']}")
    elif score < MONTHLY and "seats" in columns and _is_of_one_seat(look, columns["mrr"], columns["seats"]):
        doubts.append(
            f"the same money stands beside 1 and more {columns['seats']}: if it is that of one, write it times"
        )
    return doubts or ([] if score >= MONTHLY else ["is it the money of one month?"])


def _is_of_one_seat(look: TableLook, money: str, seats: str) -> bool:
    """Whether the money of one seat is that of several, too, as in a list of prices."""
    beside: dict[Any, set[Any]] = defaultdict(set)
    rows = [pair for pair in zip(look.sample[money], look.sample[seats], strict=True) if None not in pair]
    for amount, count in rows:
        beside[amount].add(count)
    alike = sum(len(beside[amount]) > 1 for amount, _ in rows)
    return len({count for _, count in rows}) > 1 and alike >= LISTED_PRICES * len(rows)


def _lasts(look: TableLook, started_at: str, ended_at: str) -> bool:
    """Whether the terms that ended lasted for days; True where none ended. An end before the start is none."""
    pairs = zip(sampled_moments(look, started_at), sampled_moments(look, ended_at), strict=True)
    lengths = sorted(end - start for start, end in pairs if start is not None and end is not None and end >= start)
    return not lengths or lengths[len(lengths) // 2] >= SHORTEST


def _ends_before_starts(look: TableLook, columns: Mapping[str, str]) -> str:
    """The day that stands for no end, such as 1900-01-01: of many terms, and before every start; else empty."""
    if "ended_at" not in columns:
        return ""
    starts, ends = (sampled_moments(look, columns[name]) for name in ("started_at", "ended_at"))
    first = min((start for start in starts if start is not None), default=datetime.min)
    written = zip(ends, look.sample[columns["ended_at"]], strict=False)
    early = [str(text).strip() for end, text in written if end is not None and end < first]
    return early[0] if len(early) > 1 and len({*early}) == 1 else ""
