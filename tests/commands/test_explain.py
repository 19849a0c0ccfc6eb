"""`segments explain` in words: one sentence, the reasons, and what would change it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import main
from commands.terminal import show_change, show_explanation
from jobs.score import explain_customer, smallest_change
from segment_model.errors import ContractError
from segment_model.explanation.name_misfits import NAME_WORDS
from segments import SegmentModel


def test_a_sentence_then_the_reasons(model: SegmentModel, planted: Any, capsys: pytest.CaptureFixture[str]) -> None:
    customer = planted.frame.iloc[[1]]
    show_explanation(explain_customer(model, customer))
    first, sentence, why, *reasons = capsys.readouterr().out.splitlines()
    explanations = model.explain_table(customer)
    toward, against = int(explanations.toward[0]), int(explanations.against[0])
    assert first.startswith(f"C00001: segment {model.names[toward]!r} ({model.ids[toward]}), strength 0.")
    assert sentence.startswith(f"{model.names[toward]!r} rather than {model.names[against]!r}, mostly because of ")
    assert why == f"why not {model.ids[against]}: score {explanations.score[0]:.3f}, base {explanations.base[0]:.3f}"
    numbers = [float(line.split()[0]) for line in reasons]
    assert sum(numbers) + explanations.base[0] == pytest.approx(explanations.score[0], abs=0.005)
    assert [abs(number) for number in numbers] == sorted(map(abs, numbers), reverse=True)
    assert any("days between orders: unknown, counted as " in line for line in reasons)


def test_words_of_the_name_that_do_not_hold_are_in_the_sentence(
    kmeans_model: SegmentModel, planted: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    customer = planted.frame.iloc[[1]]
    segment = kmeans_model.assign(customer)["segment_id"].iloc[0]
    claim = {"word": "lapsed", "column": "recency_days", "least": 1e6}
    named = replace(kmeans_model, provenance={**kmeans_model.provenance, NAME_WORDS: {segment: [claim]}})
    explanation = explain_customer(named, customer)
    show_explanation(explanation)
    sentence = capsys.readouterr().out.splitlines()[1]
    days = customer["recency_days"].iloc[0]
    assert sentence.endswith(
        f" Unlike most of its segment: recency: {days:g} days, where 'lapsed' says at least 1,000,000 days."
    )
    assert [own.value for own in explanation.name_misfits or ()] == [days]
    older = replace(kmeans_model, provenance={})
    assert "Unlike" not in explain_customer(older, customer).sentence
    assert explain_customer(older, customer).name_misfits is None


def test_what_would_change_it_is_listed(
    kmeans_model: SegmentModel, planted: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    customer = planted.frame.iloc[[0]]
    own = kmeans_model.assign(customer)["segment_id"].iloc[0]
    to = next(segment for segment in kmeans_model.ids if segment != own)
    columns = ["recency_days", "frequency", "monetary_value", "days_between_orders", "top_feature_share", "plan"]
    show_change(kmeans_model, to, smallest_change(kmeans_model, customer, to, columns))
    first, *changes = capsys.readouterr().out.splitlines()
    assert first.startswith("the smallest change that leads to ")
    assert f"({to}), " in first
    assert any("recency: " in line and " fewer days (from 37 to " in line for line in changes)
    show_change(kmeans_model, own, smallest_change(kmeans_model, customer, own, ["frequency"]))
    assert capsys.readouterr().out.startswith("already in ")
    show_change(kmeans_model, to, smallest_change(kmeans_model, customer, to, ["plan"]))
    assert capsys.readouterr().out.endswith(
        f"({to}): no values of plan (3 other levels) would do; mark more columns as changeable\n"
    )
    with pytest.raises(ContractError, match="Did you mean 'frequency'"):
        show_change(kmeans_model, to, smallest_change(kmeans_model, customer, to, ["frequecy"]))


@pytest.mark.parametrize("half", [["--change-to", "seg-x"], ["--changeable", "frequency"]])
def test_the_two_options_go_together(half: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["explain", "C1", *half, "--config", str(tmp_path / "none.yaml")])
    assert result.exit_code == 2
    assert "--change-to SEGMENT and --changeable COLUMNS go together" in result.output
