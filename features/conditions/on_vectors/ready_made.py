"""Ready-made conditions: each is off until the vector has the columns that it reads.

Several entries may have one name; the first whose columns exist is taken. Families are entries whose name ends with a
column or level of the customer's own: one for each count of events, device or role.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from features.conditions.on_vectors.thresholds import Threshold, best_share, mid_plans
from features.conditions.on_vectors.vector_figures import VectorFigures
from features.conditions.written import written_name
from segment_model.contract import Kind, VectorContract
from segment_model.sql_text import quoted

PAYS, ACTIVE = "mrr", "days_since_last_event"
DEVICE, ROLE = "main_device", "role"
COUNTED = "_count"  # ends the columns of `features.usage.counts`
PLACE = "{threshold}"


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """A condition that the product knows.

    needs : the columns that it reads. text : in the grammar of `where`; `PLACE` stands for what `threshold` computes
    from the vectors. words : what it means, for people.
    """

    name: str
    needs: tuple[str, ...]
    text: str
    words: str
    threshold: Threshold | None = None


READY_MADE = (
    ReadyMade("at_risk", (PAYS, ACTIVE), f"{PAYS} > 0 and {ACTIVE} >= 30", "pays, and has been idle for 30 days"),
    ReadyMade(
        "at_risk",
        ("frequency", "recency_days"),
        "frequency >= 2 and recency_days >= 90",
        "has bought at least twice, and not for 90 days",
    ),
    ReadyMade(
        "about_to_upgrade",
        ("plan", PAYS, "mrr_change_90_days", "subscription_tenure_days", "limit_use"),
        f"plan in {PLACE} and mrr_change_90_days = 0 and subscription_tenure_days >= 90 and limit_use >= 0.8",
        "on a plan in the middle, with the same MRR as 90 days ago, and uses 80 % of the limit",
        mid_plans("plan", PAYS),
    ),
    ReadyMade(
        "trial_without_purchase",
        (PAYS, "churned", "subscription_tenure_days"),
        f"subscription_tenure_days is not null and not churned and {PAYS} = 0",
        "has a term that runs, and pays nothing",
    ),
    ReadyMade("power", ("active_days_30",), "active_days_30 >= 15", "active on at least half of the last 30 days"),
    ReadyMade("inactive", ("active_days_30",), "active_days_30 = 0", "not active on any of the last 30 days"),
    ReadyMade("inactive", ("recency_days",), "recency_days >= 180", "has not bought for 180 days"),
    ReadyMade("near_limit", ("limit_use",), "limit_use >= 0.8", "uses at least 80 % of the limit"),
    ReadyMade("near_limit", ("quota_use",), "quota_use >= 0.8", "uses at least 80 % of the quota"),
    ReadyMade("near_limit", ("seat_use",), "seat_use >= 0.8", "uses at least 80 % of the seats"),
    ReadyMade(
        "best_20_percent",
        (PAYS,),
        f"{PAYS} >= {PLACE}",
        "the best 20 % by MRR of those who pay",
        best_share(PAYS, 0.2),
    ),
    ReadyMade(
        "best_20_percent",
        ("monetary_value",),
        f"monetary_value >= {PLACE}",
        "the best 20 % by money spent of those who spent any",
        best_share("monetary_value", 0.2),
    ),
    ReadyMade(
        "new_this_month",
        ("subscription_tenure_days",),
        "subscription_tenure_days <= 30",
        "subscribed first in the last 30 days",
    ),
    ReadyMade("new_this_month", ("tenure_days",), "tenure_days <= 30", "bought first in the last 30 days"),
)
# what the families' names begin with, the column that they need, and what they are about, for the list of those off
FAMILIES = (
    ("non_adopter_of_", f"NAME{COUNTED} (features.usage.counts)", "never used the feature"),
    ("device_", DEVICE, "mostly uses the device"),
    ("role_", ROLE, "has the role"),
)


@dataclass(frozen=True, slots=True)
class ReadyList:
    """The ready-made conditions of a vector. usable : by name. off : by name, the columns of each way to have it."""

    usable: dict[str, ReadyMade]
    off: dict[str, tuple[tuple[str, ...], ...]]


def ready_list(contract: VectorContract, vectors: VectorFigures) -> ReadyList:
    """Which ready-made conditions can be evaluated on vectors, and what the others need.

    vectors : whose levels name the devices and roles.
    """
    usable: dict[str, ReadyMade] = {}
    for entry in READY_MADE:
        if set(entry.needs) <= set(contract.names):
            usable.setdefault(entry.name, entry)
    off = {
        entry.name: tuple(other.needs for other in READY_MADE if other.name == entry.name)
        for entry in READY_MADE
        if entry.name not in usable
    }
    for entry in _families(contract, vectors):
        usable.setdefault(entry.name, entry)
    for prefix, needs, _ in FAMILIES:
        if not any(name.startswith(prefix) for name in usable):
            off[f"{prefix}..."] = ((needs,),)
    return ReadyList(usable, off)


def _families(contract: VectorContract, vectors: VectorFigures) -> Iterable[ReadyMade]:
    for column in contract.columns:
        if column.kind is Kind.COUNT and column.name.endswith(COUNTED):
            feature = column.name.removesuffix(COUNTED)
            text, words = f"{written_name(column.name)} = 0", f"never used {feature.replace('_', ' ')}"
            yield ReadyMade(f"non_adopter_of_{feature}", (column.name,), text, words)
    for name, prefix, words in ((DEVICE, "device_", "mostly uses"), (ROLE, "role_", "has the role")):
        if name in contract.names and contract[name].is_category:
            for level in sorted(vectors.levels(name)):
                word = re.sub(r"[^a-z0-9]+", "_", level.lower()).strip("_")
                if word and level == level.strip():
                    yield ReadyMade(f"{prefix}{word}", (name,), f"{name} = {quoted(level)}", f"{words} {level}")
