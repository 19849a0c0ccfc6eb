"""Ready-made conditions take the same numbers from vectors in Spark as from a frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.conditions.on_vectors.named_conditions import named_conditions
from features.conditions.on_vectors.ready_made import ready_list
from features.conditions.on_vectors.vector_figures import FrameFigures
from features.conditions.written import READY
from features.spark.figures_in_spark import SparkFigures
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SettingsError

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # of py4j's gateway
]
CATEGORIES = ("plan", "main_device")
NUMBERS = ("mrr", "days_since_last_event", "mrr_change_90_days", "subscription_tenure_days", "limit_use")
CONTRACT = VectorContract(
    (*(Column(n, Kind.NUMBER, nullable=True) for n in NUMBERS), *(Column(n, Kind.CATEGORY) for n in CATEGORIES))
)


def vectors(size: int) -> pd.DataFrame:
    random = np.random.default_rng(size)
    mrr = np.round(random.lognormal(3, 1, size), 2)
    numbers = {name: random.random(size) for name in NUMBERS}
    levels = {
        "plan": np.array(["basic", "pro", "team", None], dtype=object)[random.integers(0, 4, size)],
        "main_device": np.array(["iPad", "Ärger", None], dtype=object)[random.integers(0, 3, size)],
    }
    frame = pd.DataFrame({**numbers, **levels}).astype(dict.fromkeys(CATEGORIES, "str"))
    return frame.assign(mrr=np.select([random.random(size) < 0.1, random.random(size) < 0.1], [0.0, np.nan], mrr))


@pytest.mark.parametrize("size", [30, 501])
def test_the_numbers_are_those_of_a_frame(size: int, spark: Any, tmp_path: Path) -> None:
    frame = vectors(size)
    frame.to_parquet(tmp_path / "vectors.parquet", index=False)
    figures = SparkFigures(spark.read.parquet((tmp_path / "vectors.parquet").as_uri()).repartition(3))
    usable = ready_list(CONTRACT, FrameFigures(frame)).usable
    assert ready_list(CONTRACT, figures).usable == usable
    assert {"best_20_percent", "about_to_upgrade", "device_ipad"} <= usable.keys()
    chosen = dict.fromkeys(usable, READY)
    assert named_conditions(chosen, CONTRACT, figures).texts == (
        named_conditions(chosen, CONTRACT, FrameFigures(frame)).texts
    )


def test_nobody_who_pays_is_refused_in_the_same_words(spark: Any) -> None:
    frame = spark.createDataFrame([(0.0,), (None,), (float("nan"),)], "mrr double")
    contract = VectorContract((Column("mrr", Kind.NUMBER, nullable=True),))
    with pytest.raises(SettingsError, match="no customer has a mrr above 0, so there are no best 20 %"):
        named_conditions({"best_20_percent": READY}, contract, SparkFigures(frame))
