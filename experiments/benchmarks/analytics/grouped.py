"""What the hand-written queries share: the tables they read, and how a figure is grouped.

They read `terms`, `orders`, `members` (with the attribute `plan`) as `analytics.history` describes them, and
`ends(position, day)`: the month ends. Each answers with rows of `position`, `segment`, `plan`, `value`: a position is
that of the month end at which the month closes, and null for the whole window; a segment is null for everyone.
"""

from __future__ import annotations

_KNOWN = "HAVING (grouping(segment) = 1 OR segment IS NOT NULL) AND (grouping(plan) = 1 OR plan IS NOT NULL)"
_EACH_MONTH = "(position), (position, segment), (position, plan)"
_WINDOW = "(), (segment), (plan)"
# everyone, each segment and each plan, of each month or of the window
MONTHS = f"GROUP BY GROUPING SETS ({_EACH_MONTH}) {_KNOWN}"
WINDOW = f"GROUP BY GROUPING SETS ({_WINDOW}) {_KNOWN}"
MONTHS_AND_WINDOW = f"GROUP BY GROUPING SETS ({_EACH_MONTH}, {_WINDOW}) {_KNOWN}"
