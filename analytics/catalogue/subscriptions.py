"""The figures of subscriptions.

"The start" and "the end" are the month ends before and after a month. A customer's MRR at a moment is the sum of the
monthly money of the terms that run then; trials have none.
"""

from __future__ import annotations

from analytics.record import Definition, Unit

MRR = Definition(
    "mrr",
    "MRR",
    Unit.MONEY_A_MONTH,
    "Sum of the monthly money of all terms that run at the month end; trials do not count.",
    "high",
)
MRR_CUSTOMERS = Definition("mrr_customers", "Paying customers", Unit.COUNT, "Customers with MRR at the month end.")
MRR_SHARE = Definition("mrr_share", "Share of MRR", Unit.SHARE, "MRR of the group / MRR of everyone, at the month end.")
ARPA = Definition(
    "arpa",
    "ARPA",
    Unit.MONEY_A_MONTH,
    "MRR / customers with MRR, at the month end.",
    "high",
    ("mrr",),
)
NEW_MRR = Definition(
    "new_mrr", "New MRR", Unit.MONEY_A_MONTH, "MRR at the end of customers who never had MRR before the start.", "high"
)
REACTIVATION_MRR = Definition(
    "reactivation_mrr",
    "Reactivation MRR",
    Unit.MONEY_A_MONTH,
    "MRR at the end of customers who have none at the start and had MRR before.",
    "high",
)
EXPANSION_MRR = Definition(
    "expansion_mrr",
    "Expansion MRR",
    Unit.MONEY_A_MONTH,
    "By how much MRR grew from the start to the end, of customers who had MRR at the start.",
    "high",
)
CONTRACTION_MRR = Definition(
    "contraction_mrr",
    "Contraction MRR",
    Unit.MONEY_A_MONTH,
    "By how much MRR shrank from the start to the end, of customers who have MRR at both.",
    "low",
)
CHURNED_MRR = Definition(
    "churned_mrr", "Churned MRR", Unit.MONEY_A_MONTH, "MRR at the start of customers who have none at the end.", "low"
)
NEW_CUSTOMERS = Definition(
    "new_customers", "New customers", Unit.COUNT, "Customers with MRR at the end who never had it before the start."
)
REACTIVATED_CUSTOMERS = Definition(
    "reactivated_customers",
    "Reactivated customers",
    Unit.COUNT,
    "Customers with MRR at the end and none at the start who had MRR before.",
)
CHURNED_CUSTOMERS = Definition(
    "churned_customers", "Churned customers", Unit.COUNT, "Customers with MRR at the start and none at the end.", "low"
)
CHURN_RATE = Definition(
    "churn_rate",
    "Customer churn a month",
    Unit.SHARE,
    "Customers with MRR at the start and none at the end / customers with MRR at the start.",
    "low",
)
CHURN_RATE_OF_ALL = Definition(
    "churn_rate",
    "Customer churn a month",
    Unit.SHARE,
    "Customers with MRR at the start and none at the end / customers with MRR at the start or won in the month.",
    "low",
)
REVENUE_CHURN = Definition(
    "revenue_churn",
    "Gross revenue churn a month",
    Unit.SHARE,
    "(Contraction + churned) / MRR at the start.",
    "low",
)
GRR = Definition(
    "grr",
    "GRR a month",
    Unit.SHARE,
    "Gross revenue retention a month: 1 - (contraction + churned) / MRR at the start.",
    "high",
)
NRR = Definition(
    "nrr",
    "NRR a month",
    Unit.RATIO,
    "Net revenue retention a month: (MRR at the start + expansion - contraction - churned) / MRR at the start; "
    "reactivation does not count.",
    "high",
)
NRR_WITH_REACTIVATION = Definition(
    "nrr",
    "NRR a month",
    Unit.RATIO,
    "Net revenue retention a month: (MRR at the start + expansion + reactivation - contraction - churned) / MRR at "
    "the start.",
    "high",
)
QUICK_RATIO = Definition(
    "quick_ratio",
    "Quick ratio",
    Unit.RATIO,
    "(New + reactivation + expansion) / (contraction + churned); without losses it is undefined.",
    "high",
)
TRIAL_CONVERSION = Definition(
    "trial_conversion",
    "Trials that became paying",
    Unit.SHARE,
    "Trials that ended in the period whose customer had a paid term at the end of that day / trials that ended in the "
    "period.",
    "high",
)
MOVEMENTS = (NEW_MRR, REACTIVATION_MRR, EXPANSION_MRR, CONTRACTION_MRR, CHURNED_MRR)
COUNTS = (NEW_CUSTOMERS, REACTIVATED_CUSTOMERS, CHURNED_CUSTOMERS)
