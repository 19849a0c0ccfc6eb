"""The retailer of the demo: three tables, 2,469 households, two in three without demographics."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.customer_vector import build_vectors
from features.settings import FeatureSettings, Sources
from segment_model.contract import Role

AS_OF = date(2018, 1, 1)


def test_three_tables_of_a_real_retailer(external_data: Path, retailer: dict[str, Any]) -> None:
    folder = external_data / "complete_journey"
    vectors = build_vectors(Sources.model_validate(retailer), FeatureSettings(), AS_OF, folder)
    frame = vectors.frame
    lines = pd.read_parquet(folder / "transactions.parquet")
    lines = lines[lines.transaction_timestamp < pd.Timestamp(AS_OF)]
    households = lines.groupby(lines.household_id.astype("str"))
    assert len(frame) == 2_469
    pd.testing.assert_series_equal(
        frame.frequency, households.basket_id.nunique().astype(float), check_names=False, check_index_type=False
    )
    pd.testing.assert_series_equal(frame.monetary_value, households.sales_value.sum(), check_names=False, rtol=1e-9)
    last = households.transaction_timestamp.max().dt.normalize()
    assert (frame.recency_days == (pd.Timestamp(AS_OF) - last).dt.days).all()
    assert frame.recency_days.min() == 1
    redemptions = pd.read_parquet(folder / "coupon_redemptions.parquet")
    assert frame.events.sum() == len(redemptions) == vectors.report["events"]["rows"]
    assert (frame.events > 0).sum() == redemptions.household_id.nunique() == 410
    # two households in three have no demographics: missing, and no basis
    assert frame.age.notna().sum() == 801
    assert vectors.contract["age"].role is Role.DESCRIPTOR
    assert not frame[[column.name for column in vectors.contract.basis]].isna().any(axis=None)
    shares = frame.discount_share
    assert shares.mean() == pytest.approx(0.152, abs=0.001)
