"""An algorithm that only this file knows goes all the way: settings, discover, log, save, load, `/model`, explain.

It is registered by a line in each of the two registries, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from jobs.discover import location_of, run_discovery
from registry.versions.versions import fetch
from segment_model.assigners import all_assigners
from segment_model.assigners.nearest import Nearest, two_smallest
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.errors import SettingsError
from segment_model.explanation.explainer import Background, Explanations, complete_explanations
from segment_model.model import SegmentModel
from training.candidates import all_candidates
from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.candidate import CandidateSpec, Fit, FittingContext
from training.settings import Settings, parse_settings

CUSTOMERS = 120


@dataclass(frozen=True)
class HalvesExplainer:
    """All of the margin is the first column's; `mean_margins` (2, 2) are the background's by pair of segments."""

    encoder: Encoder
    middles: Floats
    mean_margins: Floats

    linear = None
    by_segment = None
    is_slow = False

    def explain(self, points: Floats, toward: Indices, against: Indices) -> Explanations:
        margin = np.abs(points[0] - self.middles[against]) - np.abs(points[0] - self.middles[toward])
        base = self.mean_margins[toward, against]
        contributions = np.zeros((len(self.encoder.columns), points.shape[1]))
        contributions[0] = margin - base
        return complete_explanations(self.encoder.columns, toward, against, base, contributions)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"mean_margins": self.mean_margins}


@dataclass(frozen=True)
class Halves:
    """Two segments: the nearer of two `middles` (2,) of the first encoded column."""

    middles: Floats
    KIND: ClassVar[str] = "halves"
    ALGORITHM: ClassVar[str] = "halves"

    size = 2
    sites = None
    quadratic = None
    exemplar_count = 0

    def nearest(self, points: Floats) -> Nearest:
        return two_smallest(np.abs(points[0] - self.middles[:, None]), np.zeros(points.shape[1], dtype=np.bool_))

    def centres(self) -> Floats:
        return self.middles[:, None]

    def places_in(self, segment: int, most: int) -> None:
        return None

    def without(self, ended: Indices) -> Halves:
        return Halves(np.delete(self.middles, ended))

    def learn_explainer(self, encoder: Encoder, background: Background) -> HalvesExplainer:
        gaps = np.abs(background.points[:, 0] - self.middles[:, None]).mean(axis=1)
        return HalvesExplainer(encoder, self.middles, gaps[None, :] - gaps[:, None])

    def stored_explainer(self, encoder: Encoder, arrays: Mapping[str, NDArray[Any]]) -> HalvesExplainer:
        return HalvesExplainer(encoder, self.middles, arrays["mean_margins"])

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"middles": self.middles}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Halves:
        return cls(arrays["middles"])


@dataclass(frozen=True)
class HalvesSpec:
    """The two halves around the middle of the first column's range."""

    name: str = "halves of the first column"
    algorithm: str = "halves"
    needs_gaps: bool = False
    divides_continuum: bool = False
    refits: int = 3

    @property
    def parameters(self) -> dict[str, Any]:
        return {"column": 0}

    def fit(self, points: Floats, seed: int) -> Fit:
        first = points[:, 0]
        upper = first > (first.min() + first.max()) / 2
        assigner = Halves(np.array([first[~upper].mean(), first[upper].mean()]))
        labels = assigner.nearest(np.ascontiguousarray(points.T)).segment
        return Fit(assigner, np.arange(len(points)), labels, {"spread": float(np.ptp(first))})

    def for_share(self, share: float) -> CandidateSpec:
        return self

    def centres_of(self, points: Floats, labels: Indices) -> Floats | None:
        return None


class HalvesSettings(AlgorithmSettings):
    """The settings block of the made-up algorithm."""

    algorithm: Literal["halves"] = "halves"

    def candidates(self, context: FittingContext) -> Sequence[CandidateSpec]:
        return [HalvesSpec()]


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_assigners, "ASSIGNERS", (*all_assigners.ASSIGNERS, Halves))
    monkeypatch.setattr(all_candidates, "ALGORITHMS", (*all_candidates.ALGORITHMS, HalvesSettings))


def settings_for(folder: Path) -> Settings:
    """A shop with rare and frequent buyers, and settings that ask for the made-up algorithm alone."""
    generator = np.random.default_rng(1)
    often = np.arange(CUSTOMERS) % 3 == 0
    counts = np.where(often, generator.integers(10, 14, CUSTOMERS), generator.integers(1, 3, CUSTOMERS))
    rows = [
        {"customer_id": f"C{number}", "order_id": f"{number}-{order}", "day": 1 + order, "amount": 10.0 + number % 5}
        for number, count in enumerate(counts)
        for order in range(count)
    ]
    orders = pd.DataFrame(rows)
    orders["ordered_at"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(orders.pop("day"), unit="D")
    orders.to_csv(folder / "orders.csv", index=False)
    return parse_settings(
        {
            "as_of": "2026-02-01",
            "sources": {"orders": {"file": "orders.csv"}},
            "features": {"currency": "EUR", "time_zone": "Europe/Berlin"},
            "discovery": {"algorithms": [{"algorithm": "halves"}]},
            "registry": {"model_name": "made-up"},
        }
    )


def test_without_its_lines_in_the_registries_the_algorithm_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="halves"):
        settings_for(tmp_path)


@pytest.mark.usefixtures("registered")
def test_a_made_up_algorithm_is_discovered_logged_saved_loaded_served_and_explained(
    tmp_path: Path, make_caller: Any
) -> None:
    settings = settings_for(tmp_path)
    outcome = run_discovery(settings, tmp_path, lambda _: None, lambda *_: None)
    fetched = fetch(location_of(settings, tmp_path), outcome.version).model
    assert fetched.digest == outcome.discovery.model.digest
    assert fetched.provenance["algorithm"] == "halves"

    fetched.save(tmp_path / "saved")
    loaded = SegmentModel.load(tmp_path / "saved", fetched.digest)
    vectors = outcome.vectors.frame
    pd.testing.assert_frame_equal(loaded.assign(vectors), fetched.assign(vectors))
    sizes = sorted(card.size for card in loaded.cards)
    assert sizes == [CUSTOMERS // 3, CUSTOMERS - CUSTOMERS // 3]

    call = make_caller(loaded)
    assert call("GET", "/model").json["algorithm"] == "halves"
    document = call("GET", "/openapi.json").json
    assert "halves" in document["components"]["schemas"]["ModelResponse"]["properties"]["algorithm"]["enum"]

    columns = [column.name for column in loaded.contract.basis]
    customer = {name: vectors[name].iloc[0].item() for name in columns}
    answer = call.assign([{"id": "C0", "features": customer}], explain=True).json["assignments"][0]
    assert answer["segment_id"] == loaded.assign(vectors)["segment_id"].iloc[0]
    by_column = {part["feature"]: part["contribution"] for part in answer["explanation"]["contributions"]}
    first, *others = loaded.encoder.columns
    assert [by_column[name] for name in others] == [0.0] * len(others)
    assert answer["explanation"]["score"] == pytest.approx(answer["explanation"]["base"] + by_column[first])
