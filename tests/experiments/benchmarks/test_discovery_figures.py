"""What the benchmarks of discovery and succession make of findings: each is told, no refusal is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from experiments.benchmarks import succession
from experiments.benchmarks.discovery import finding
from experiments.benchmarks.discovery.all_figures import lasting_ids
from experiments.benchmarks.discovery.finding import Finding
from experiments.benchmarks.months import TwoDays, simulated_company
from segment_model.errors import DiscoveryError
from segment_model.model import SegmentModel
from training.discovery.discovery import discover


@pytest.fixture(scope="module")
def shop() -> TwoDays:
    return simulated_company(300)


def named(number: int) -> Finding:
    return Finding(f"set {number}", "distinct groups", "", number / 10, 1.0)


def test_each_finding_is_told_before_the_next_is_sought(capsys: pytest.CaptureFixture[str]) -> None:
    def finding_of(number: int) -> Finding:
        printed = capsys.readouterr().out
        assert f"set {number + 1}" in printed or number == 3
        return named(number)

    of_sets = finding.findings("three sets", finding_of, [3, 2, 1])
    assert [each.score for each in of_sets] == [0.3, 0.2, 0.1]
    assert "set 1 " in capsys.readouterr().out


def test_what_is_refused_counts_nothing() -> None:
    of_sets = [named(10), Finding("refused", finding.REFUSED, "", 0.0, 1.0)]
    assert finding.mean_score(of_sets) == 0.5
    assert finding.share_distinct(of_sets) == 0.5


def test_nobody_keeps_an_id_where_a_retrain_is_refused(shop: TwoDays, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first retrains go well, the one a month later is refused; then all are."""
    monkeypatch.setattr(succession, "simulated_company", lambda *_: shop)
    calls: Iterator[int] = iter(range(100))
    allowed = 3  # the first model, and its refit with newcomers, warm and cold

    def until(*arguments: Any, **options: Any) -> Any:
        if next(calls) >= allowed:
            raise DiscoveryError("no reproducible structure")
        return discover(*arguments, **options)

    monkeypatch.setattr(succession, "discover", until)
    result = succession.run(300)
    assert result["refused"] == ["simulated company, k = 4"]
    stability = result["id_stability"]
    assert isinstance(stability, float)
    assert stability > 0.8
    assert result["id_stability_by_newcomers"] == {"1%": 0.0, "5%": stability, "20%": 0.0}
    assert result["reassigned_after_month"] == 1.0

    allowed = 0
    result = succession.run(300)
    assert result["id_stability"] == 0.0
    assert result["id_stability_cold"] == 0.0


def test_the_month_tells_who_moved_and_who_was_reassigned(shop: TwoDays, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "simulated_company", lambda *_: shop)
    result = succession.run(300)
    rows: Any = result["after_month"]
    (row,) = rows
    assert (row["company"], row["setting"]) == ("simulated company", "k = 4")
    assert row["reassigned"] == result["reassigned_after_month"]
    assert row["moved"] == result["moved_after_month"]
    assert 0 < row["moved"] < 1


def test_data_that_are_not_here_are_told(
    shop: TwoDays, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("simulated_company", "complete_journey", "online_retail"):
        monkeypatch.setattr(succession, name, lambda *_, shop_data=None if name == "online_retail" else shop: shop_data)

    def refuse(*_arguments: Any, **_options: Any) -> SegmentModel:
        raise DiscoveryError("no")

    monkeypatch.setattr(succession, "discover", refuse)
    result = lasting_ids(1000)
    assert result["missing"] == ["online_retail"]
    assert len(result["refused"]) == 2 * len(succession.COUNTS)  # type: ignore[arg-type]
    assert result["id_stability"] == 0.0
    assert set(result) >= {"id_stability_by_newcomers", "reassigned_after_month", "moved_after_month", "after_month"}
    assert "online_retail      is not on this machine" in capsys.readouterr().out
