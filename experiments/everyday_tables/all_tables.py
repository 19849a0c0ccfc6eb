"""The ten everyday tables by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from experiments.everyday_tables import companies, extracts
from experiments.everyday_tables.companies import Company
from experiments.everyday_tables.everyday_table import EverydayTable


def _as_of_the_end(company: Callable[[], Company | None]) -> Callable[[], EverydayTable | None]:
    """The vectors of a company on the day on which its tables end."""

    def read() -> EverydayTable | None:
        present = company()
        return None if present is None else present.vectors_on(present.as_of)

    return read


COMPANIES: Mapping[str, Callable[[], Company | None]] = {
    "online_retail": companies.online_retail,
    "complete_journey": companies.complete_journey,
    "simulated_company": companies.simulated_company,
    "cdnow": companies.cdnow,
    "pareto_nbd_shoppers": companies.pareto_nbd_shoppers,
}
# each gives None where its data is not on this machine
EVERYDAY_TABLES: Mapping[str, Callable[[], EverydayTable | None]] = {
    "online_retail": _as_of_the_end(COMPANIES["online_retail"]),
    "complete_journey": _as_of_the_end(COMPANIES["complete_journey"]),
    "simulated_company": _as_of_the_end(COMPANIES["simulated_company"]),
    "customer_personality": extracts.customer_personality,
    "wholesale": extracts.wholesale,
    "airline": extracts.airline,
    "cc_general": extracts.cc_general,
    "telco": extracts.telco,
    "cdnow": _as_of_the_end(COMPANIES["cdnow"]),
    "pareto_nbd_shoppers": _as_of_the_end(COMPANIES["pareto_nbd_shoppers"]),
}
