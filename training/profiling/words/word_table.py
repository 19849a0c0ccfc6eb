"""The declared table of words: what must be true of a customer, in raw values, for each word of a feature.

A word of time holds against absolute days, a word of change against the sign, a word of amount ("high", "few")
against the thirds of all customers, and against an absolute number where few customers have more than one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from segment_model.contract import Column, Kind
from training.profiling.words.word import Rank, Word
from training.profiling.words.word_rules import ABOVE_ZERO, Bounds, Missing, SpreadOf, Third, WordRule, spread_in

LOW, HIGH = "low", "high"  # the declared words of a column


def _low(*bounds: Bounds | Third) -> WordRule:
    return WordRule(LOW, bounds)


def _high(*bounds: Bounds | Third) -> WordRule:
    return WordRule(HIGH, bounds)


def _ends(column: str, low_most: float, high_least: float) -> tuple[WordRule, WordRule]:
    return _low(Bounds(column, most=low_most)), _high(Bounds(column, least=high_least))


def _few_or_many(column: str, many: float, *few: Bounds) -> tuple[WordRule, WordRule]:
    return _low(Third(column, upper=False), *few), _high(Third(column, upper=True), Bounds(column, least=many))


_LESS_MRR = Bounds("mrr_change_90_days", most=-ABOVE_ZERO)
_RECENT, _LONG_AGO = Bounds("recency_days", most=30), Bounds("recency_days", least=180)

WORD_RULES: Mapping[str, tuple[WordRule, ...]] = {
    "recency_days": (WordRule("no order yet", (Missing("recency_days"),)), _low(_RECENT), _high(_LONG_AGO)),
    "frequency": _few_or_many("frequency", 5),
    "tenure_days": _ends("tenure_days", 90, 365),
    "days_between_orders": _ends("days_between_orders", 14, 90),
    "discount_share": (
        _low(Bounds("discount_share", most=0.01)),
        _high(Bounds("discount_share", least=0.2), Third("discount_share", upper=True)),
    ),
    "r_score": (_low(_LONG_AGO, Third("r_score", upper=False)), _high(_RECENT, Third("r_score", upper=True))),
    "f_score": (
        _low(Third("f_score", upper=False)),
        _high(Third("f_score", upper=True), Bounds("frequency", least=5)),
    ),
    "cdnow_frequency": (
        WordRule("no repeats", (Bounds("cdnow_frequency", 0, 0),)),
        *_few_or_many("cdnow_frequency", 3),
    ),
    "cdnow_recency_weeks": (
        _low(Bounds("cdnow_recency_weeks", most=4), Bounds("cdnow_age_weeks", least=26)),
        _high(Bounds("cdnow_recency_weeks", least=26)),
    ),
    "cdnow_age_weeks": _ends("cdnow_age_weeks", 13, 52),
    "cdnow_repeat_value": (
        _low(Third("cdnow_repeat_value", upper=False), Bounds("cdnow_repeat_value", least=ABOVE_ZERO)),
        _high(Third("cdnow_repeat_value", upper=True)),
    ),
    "events": _few_or_many("events", 10),
    "active_days_7": (
        _low(Bounds("active_days_7", 0, 0)),
        _high(Bounds("active_days_7", least=1)),
    ),
    "active_days_30": (
        WordRule("not active for 30 days", (Bounds("active_days_30", 0, 0),)),
        *_ends("active_days_30", 3, 10),
    ),
    "active_days_90": (
        WordRule("not active for 90 days", (Bounds("active_days_90", 0, 0),)),
        *_ends("active_days_90", 6, 30),
    ),
    "days_since_last_event": (
        WordRule("no event yet", (Missing("days_since_last_event"),)),
        *_ends("days_since_last_event", 14, 60),
    ),
    "events_per_active_day": (
        _low(Third("events_per_active_day", upper=False), Bounds("active_days_90", least=1)),
        _high(Third("events_per_active_day", upper=True), Bounds("active_days_30", least=1)),
    ),
    "usage_trend": _ends("usage_trend", -0.1, 0.1),
    "features_used": _few_or_many("features_used", 3, Bounds("features_used", least=1)),
    "limit_use": _ends("limit_use", 0.5, 0.8),
    "sessions_30": _few_or_many("sessions_30", 5, Bounds("sessions_30", least=1)),
    "top_feature_share": _ends("top_feature_share", 0.5, 0.9),
    "mrr": (
        WordRule("no MRR", (Bounds("mrr", 0, 0),)),
        _low(Third("mrr", upper=False), Bounds("mrr", least=ABOVE_ZERO)),
        _high(Third("mrr", upper=True)),
    ),
    "mrr_change_90_days": (
        WordRule("unchanged contract", (Bounds("mrr_change_90_days", 0, 0), Bounds("mrr", least=ABOVE_ZERO))),
        # who came in these 90 days has no contract that grew, and who left none that shrank
        WordRule("stopped paying in the last 90 days", (Bounds("mrr", 0, 0), _LESS_MRR)),
        _low(_LESS_MRR, Bounds("mrr", least=ABOVE_ZERO)),
        _high(Bounds("mrr_change_90_days", least=ABOVE_ZERO), Bounds("subscription_tenure_days", least=91)),
    ),
    "subscription_tenure_days": (
        WordRule("never subscribed", (Missing("subscription_tenure_days"),)),
        *_ends("subscription_tenure_days", 90, 365),
    ),
    "upgrades": (_low(Bounds("upgrades", 0, 0)), _high(Bounds("upgrades", least=3))),
    "downgrades": (_low(Bounds("downgrades", 0, 0)), _high(Bounds("downgrades", least=3))),
    "churned": (
        _low(Bounds("churned", 0, 0), Bounds("subscription_tenure_days")),
        _high(Bounds("churned", 1, 1)),
    ),
    "seats": _few_or_many("seats", 10, Bounds("seats", least=1)),
    "seat_use": _ends("seat_use", 0.5, 0.9),
    "quota_use": _ends("quota_use", 0.5, 0.8),
}


def rules_of(column: Column) -> tuple[WordRule, ...]:
    """The rules of a number's words: those of the table where the column has words, else those of any column."""
    if (column.low or column.high) and column.name in WORD_RULES:
        return WORD_RULES[column.name]
    if column.kind is Kind.FLAG:
        return _low(Bounds(column.name, 0, 0)), _high(Bounds(column.name, 1, 1))
    if column.title.startswith("time ") and not (column.low or column.high):
        return ()  # a word of time holds against absolute days, so only a range says them
    return _low(Third(column.name, upper=False)), _high(Third(column.name, upper=True))


def words_of_number(column: Column, frame: pd.DataFrame, spread_of: SpreadOf | None = None) -> list[Word]:
    """The words that the table has for a number, with their conditions among these customers.

    spread_of : the spread of a column among all customers, where those of the frame are a sample.
    """
    spread_of = spread_of or partial(spread_in, frame)
    words = []
    for rule in rules_of(column):
        condition = rule.condition(frame, spread_of)
        if condition is not None:
            text, rank = text_of(rule, column)
            words.append(Word(text, column.name, condition, rank))
    return words


def text_of(rule: WordRule, column: Column) -> tuple[str, Rank]:
    """What a rule says of a column, and whether those words were declared or come from the template."""
    if rule.text not in (LOW, HIGH):
        return rule.text, Rank.DECLARED
    declared = column.low if rule.text == LOW else column.high
    if declared:
        return declared, Rank.DECLARED
    if column.kind is Kind.FLAG:
        return f"{column.title}: {'no' if rule.text == LOW else 'yes'}", Rank.TEMPLATE
    return f"{rule.text} {column.title}", Rank.TEMPLATE
