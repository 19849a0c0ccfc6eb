"""The eight kinds of customer that the simulated company has: the known truth behind its tables.

Each kind overlaps others in any single column (small teams and newcomers pay alike, dormant accounts have the tenure
of small teams) and is set apart by the combination. Sizes are unequal on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

FEATURES = (
    "dashboards",
    "reports",
    "boards",
    "comments",
    "alerts",
    "imports",
    "exports",
    "permissions",
    "audit_log",
    "automations",
    "webhooks",
    "api",
)
EVENT_NAMES = (
    "dashboard_viewed",
    "report_run",
    "board_edited",
    "comment_posted",
    "alert_set",
    "file_imported",
    "file_exported",
    "permission_changed",
    "audit_log_read",
    "automation_run",
    "webhook_sent",
    "api_called",
)
PLANS = ("starter", "team", "business", "enterprise")
SEAT_PRICES = (9.0, 19.0, 29.0, 39.0)  # USD a seat and month, by plan
PRIORITIES = ("price", "ease of use", "security", "integrations", "support")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedSegment:
    """What the customers of one kind have in common; every customer varies around it."""

    name: str
    share: float  # of all customers; the shares of `PLANTED` sum to 1
    employees: float  # median
    size_spread: float = 0.5  # standard deviation of the log of the employees
    seat_adoption: float  # seats bought per employee, median
    seats_filled: float  # mean share of the bought seats in use
    plans: tuple[float, float, float, float]  # probability of each of `PLANS` today
    tenure_days: tuple[float, float]  # bounds; log-uniform between them
    plan_changes: float  # mean number of upgrades and downgrades so far
    upgrade_share: float  # of the plan changes
    recent_change: float = 0.1  # probability that the newest change lies in the last 80 days
    ended_days_ago: tuple[float, float] | None = None  # the subscription's end, where it ended
    invoice_cycle_days: float = 30.0
    activity: float  # probability of a working day with any use
    weekend: float = 0.15  # use on a weekend day, relative to a working day
    growth: float = 0.0  # log growth of activity over 60 days
    quiet_days: tuple[float, float] = (0.0, 0.0)  # bounds of the days since use stopped
    month_end_only: bool = False
    events_per_day: float  # mean on a day with use
    machine: bool = False  # calls at any hour from a server, rather than people in office hours
    feature_weights: tuple[float, ...]  # relative use of each of `FEATURES`
    satisfaction: float  # mean answer to "would you recommend us", 0 to 10
    priorities: tuple[float, float, float, float, float] = (0.2, 0.3, 0.15, 0.15, 0.2)  # of `PRIORITIES`


PLANTED = (
    PlantedSegment(
        name="steady small teams",
        share=0.25,
        employees=18,
        seat_adoption=0.6,
        seats_filled=0.68,
        plans=(0.25, 0.7, 0.05, 0.0),
        tenure_days=(300, 1100),
        plan_changes=0.3,
        upgrade_share=0.6,
        activity=0.42,
        events_per_day=1.6,
        feature_weights=(6, 3, 6, 4, 1, 1, 1, 0.2, 0.05, 0.2, 0.05, 0.05),
        satisfaction=7.8,
    ),
    PlantedSegment(
        name="newcomers finding their way",
        share=0.17,
        employees=16,
        seat_adoption=0.5,
        seats_filled=0.5,
        plans=(0.6, 0.38, 0.02, 0.0),
        tenure_days=(12, 55),
        plan_changes=0.04,
        upgrade_share=0.8,
        activity=0.4,
        events_per_day=2.2,
        feature_weights=(6, 2, 4, 2, 0.5, 3, 0.5, 1, 0.05, 0.1, 0.05, 0.05),
        satisfaction=7.4,
        priorities=(0.35, 0.4, 0.05, 0.1, 0.1),
    ),
    PlantedSegment(
        name="scale-ups near their seat limit",
        share=0.14,
        employees=220,
        size_spread=0.35,
        seat_adoption=0.45,
        seats_filled=0.94,
        plans=(0.0, 0.3, 0.65, 0.05),
        tenure_days=(240, 800),
        plan_changes=4.0,
        upgrade_share=0.985,
        recent_change=1.0,
        activity=0.68,
        growth=0.5,
        events_per_day=3.0,
        feature_weights=(5, 5, 5, 5, 3, 3, 3, 3, 0.5, 2, 1, 0.5),
        satisfaction=8.4,
        priorities=(0.05, 0.15, 0.15, 0.45, 0.2),
    ),
    PlantedSegment(
        name="dormant accounts at risk",
        share=0.12,
        employees=35,
        seat_adoption=0.55,
        seats_filled=0.2,
        plans=(0.1, 0.75, 0.15, 0.0),
        tenure_days=(320, 1200),
        plan_changes=0.4,
        upgrade_share=0.4,
        activity=0.4,
        quiet_days=(31, 50),
        events_per_day=1.5,
        feature_weights=(6, 4, 2, 1, 0.5, 0.5, 1, 0.1, 0.05, 0.1, 0.05, 0.05),
        satisfaction=5.2,
    ),
    PlantedSegment(
        name="automation through the API",
        share=0.1,
        employees=60,
        seat_adoption=0.15,
        seats_filled=0.5,
        plans=(0.02, 0.28, 0.7, 0.0),
        tenure_days=(260, 1000),
        plan_changes=0.4,
        upgrade_share=0.7,
        invoice_cycle_days=15.0,
        activity=0.93,
        weekend=0.97,
        events_per_day=2.5,
        machine=True,
        feature_weights=(0.05, 0.05, 0.02, 0.01, 0.05, 0.02, 0.05, 0.02, 0.01, 1.0, 2.0, 14),
        satisfaction=8.0,
        priorities=(0.1, 0.05, 0.2, 0.6, 0.05),
    ),
    PlantedSegment(
        name="month-end closers",
        share=0.08,
        employees=60,
        seat_adoption=0.25,
        seats_filled=0.55,
        plans=(0.05, 0.65, 0.3, 0.0),
        tenure_days=(360, 1200),
        plan_changes=0.3,
        upgrade_share=0.6,
        invoice_cycle_days=91.0,
        activity=0.9,
        weekend=0.6,
        month_end_only=True,
        events_per_day=8.0,
        feature_weights=(1, 8, 0.3, 0.5, 0.2, 4, 7, 0.3, 0.5, 0.3, 0.05, 0.05),
        satisfaction=7.2,
        priorities=(0.15, 0.3, 0.25, 0.1, 0.2),
    ),
    PlantedSegment(
        name="enterprise power users",
        share=0.06,
        employees=2200,
        seat_adoption=0.15,
        seats_filled=0.74,
        plans=(0.0, 0.0, 0.2, 0.8),
        tenure_days=(480, 1400),
        plan_changes=1.6,
        upgrade_share=0.85,
        recent_change=0.04,
        invoice_cycle_days=91.0,
        activity=0.97,
        weekend=0.4,
        events_per_day=6.0,
        feature_weights=(5, 5, 5, 4, 4, 4, 4, 4, 4, 4, 3, 4),
        satisfaction=8.1,
        priorities=(0.05, 0.05, 0.55, 0.15, 0.2),
    ),
    PlantedSegment(
        name="former customers",
        share=0.08,
        employees=22,
        seat_adoption=0.55,
        seats_filled=0.3,
        plans=(0.4, 0.55, 0.05, 0.0),
        tenure_days=(280, 1000),
        plan_changes=0.4,
        upgrade_share=0.4,
        ended_days_ago=(33, 46),
        activity=0.45,
        quiet_days=(33, 47),
        events_per_day=1.5,
        feature_weights=(6, 3, 4, 2, 0.5, 1, 2, 0.2, 0.05, 0.1, 0.05, 0.05),
        satisfaction=4.0,
        priorities=(0.5, 0.2, 0.05, 0.1, 0.15),
    ),
)
