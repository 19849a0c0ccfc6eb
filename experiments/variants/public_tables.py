"""The tables that experiments ask, each with its settings and with what its customers do later."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pandas as pd

from experiments.everyday_tables import companies
from experiments.everyday_tables.analyst_folders import AnalystFolder, money_history
from experiments.everyday_tables.companies import Company
from experiments.everyday_tables.extracts import EXTRACTS
from experiments.simulated_company.company_history import simulate_history, write_history
from segment_model.errors import SourceError, nearest_word
from training.settings import Settings, read_settings

LATER_DAYS = 90
HISTORY_MONTHS = 18
END, MONTHS_BEFORE = date(2026, 7, 1), date(2026, 4, 1)
HISTORY_CUSTOMERS = 1000
SEED = 1
Outcome = Callable[[pd.Index], pd.Series]
Written = tuple[Settings, str, Outcome | None]


@dataclass(frozen=True)
class PublicTable:
    """A table of customers in a folder.

    outcome : a number for each of the customers of an index; outcome_words : what it is. None and "" where nothing is
    known of later days. Tables with an outcome in money are read as of `LATER_DAYS` before their end, so that no later
    row shapes a segment.
    """

    name: str
    folder: Path
    settings: Settings
    outcome_words: str = ""
    outcome: Outcome | None = None


@contextmanager
def public_table(name: str) -> Iterator[PublicTable]:
    """Write a table into a folder of its own, as long as the block lasts.

    Raises
    ------
    SourceError
        If there is no such table, or its data is not on this machine.
    """
    if name not in _WRITERS:
        raise SourceError(f"no table {name!r}.{nearest_word(name, list(_WRITERS))} Known: {', '.join(_WRITERS)}")
    with tempfile.TemporaryDirectory(prefix="segments-experiment-") as temporary:
        written = _WRITERS[name](Path(temporary))
        if written is None:
            raise SourceError(f"{name} is not on this machine: set SEGMENTS_DATA to the folder of test data")
        settings, words, outcome = written
        yield PublicTable(name, Path(temporary), settings, words, outcome)


def _company(made: Callable[[], Company | None], folder: Path) -> Written | None:
    """A company with dated tables, before its last `LATER_DAYS`."""
    company = made()
    if company is None:
        return None
    day = company.as_of - timedelta(days=LATER_DAYS)
    content = {**company.content, "as_of": day, "analytics": {"observed_until": company.as_of}}
    path = AnalystFolder(content, company.tables).write(folder)

    def later(customers: pd.Index) -> pd.Series:
        return company.paid_after(day, LATER_DAYS, customers)

    return read_settings(path)[0], f"spend of the next {LATER_DAYS} days", later


def _extract(name: str, outcome: str, folder: Path) -> Written | None:
    """A file of one row a customer; `outcome` is the flag of what they do later, "" where it has none."""
    extract = EXTRACTS[name]
    if not extract.path.exists():
        return None
    table = pd.read_parquet(extract.path)
    path = AnalystFolder(extract.content, {extract.path.name: table}).write(folder)
    settings, _ = read_settings(path)
    if not outcome:
        return settings, "", None
    reached = table[outcome].isin([1, "Yes"]).to_numpy().astype(float)
    later = pd.Series(reached, table[extract.source["columns"]["customer_id"]].astype("str"))
    return settings, f"the flag {outcome}", lambda customers: later.reindex(customers)


def _money_history(folder: Path) -> Written:
    settings, _ = read_settings(money_history(HISTORY_CUSTOMERS).write(folder))
    return settings, "", None


def _company_history(folder: Path) -> Written:
    """The company of `segments simulate --months 18`, before its last three months."""
    history = simulate_history(HISTORY_CUSTOMERS, SEED, END, HISTORY_MONTHS)
    settings, _ = read_settings(write_history(history, folder)[-1])
    analytics = settings.analytics.model_copy(update={"observed_until": END})
    return settings.model_copy(update={"as_of": MONTHS_BEFORE, "analytics": analytics}), "", None


_WRITERS: Mapping[str, Callable[[Path], Written | None]] = {
    "cdnow": partial(_company, companies.cdnow),
    "company_history": _company_history,
    "complete_journey": partial(_company, companies.complete_journey),
    "money_history": _money_history,
    "online_retail": partial(_company, companies.online_retail),
    "simulated_company": partial(_company, companies.simulated_company),
    "telco": partial(_extract, "telco", "Churn"),
    "wholesale": partial(_extract, "wholesale", ""),
}
TABLES = tuple(_WRITERS)
