"""What was learned has a digest of its own: the same in every process, whatever the model is called."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segments import SegmentLabel, SegmentModel
from training.succession.succession import succeed

CONFTEST = Path(__file__).parents[2] / "conftest.py"
SCRIPT = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("planted", {str(CONFTEST)!r})
module = importlib.util.module_from_spec(spec)
sys.modules["planted"] = module
spec.loader.exec_module(module)
from training.succession.succession import succeed
planted = module.make_planted(600)
for algorithm in (module.KMeansSettings(segments=4), module.HdbscanSettings(min_cluster_sizes=(25,))):
    settings = module.DiscoverySettings(algorithms=(algorithm,), seed=3)
    story = {{"when": sys.argv[1]}}
    first = module.discover(planted.frame.iloc[:520], planted.contract, settings, story).model
    found = module.discover(planted.frame, planted.contract, settings, story, incumbent=first).model
    second, _ = succeed(found, first, planted.frame)
    print(first.learned_digest, second.learned_digest, second.artefact_digest)
"""


def test_the_same_is_learned_in_every_process_whatever_the_threads() -> None:
    """The incumbent counts too; the artefact tells when it was made, and so differs."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, f"run {number}"],
            env={**os.environ, "OMP_NUM_THREADS": threads},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number, threads in enumerate(("1", "2", "4"))
    ]
    printed = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 3
    assert [len(digests) for digests in printed] == [6] * 3  # two algorithms
    first, second, artefact = (
        list(zip(*[digests[place::3] for digests in printed], strict=True)) for place in range(3)
    )
    for algorithm in range(2):
        assert len(set(first[algorithm])) == 1
        assert len(set(second[algorithm])) == 1
        assert len(set(artefact[algorithm])) == 3
    assert first != second


def test_names_times_and_lineage_are_nothing_that_was_learned(model: SegmentModel, planted: Any) -> None:
    renamed = model.with_overlay({model.ids[0]: SegmentLabel("Our darlings", "")})
    assert (renamed.learned_digest, renamed.artefact_digest) == (model.learned_digest, model.artefact_digest)
    later = replace(model, provenance={**model.provenance, "as_of": "2030-01-01", "versions": {"numpy": "9"}})
    cards = tuple(replace(card, id=f"other-{card.id}", name="x", sentence="y") for card in model.discovered_cards)
    continued, _ = succeed(model, later, planted.frame)
    for other in (later, replace(model, discovered_cards=cards), continued):
        assert other.learned_digest == model.learned_digest
        assert other.artefact_digest != model.artefact_digest == model.digest


@pytest.mark.parametrize("part", ["contract", "encoder", "assigner", "explainer", "novelty"])
def test_whatever_decides_an_answer_counts(model: SegmentModel, part: str) -> None:
    contract, encoder, assigner = model.contract, model.encoder, model.assigner
    renamed = tuple(replace(column, unit=f"other {column.unit}") for column in contract.columns)
    array = {
        "nearest_centroid": {"assigner": "centroids", "explainer": "mean"},
        "nearest_core": {"assigner": "reach", "explainer": "background"},
        "gaussian_mixture": {"assigner": "heights", "explainer": "covariance"},
    }[model.assigner.KIND]
    changed: dict[str, Callable[[], Any]] = {
        "contract": lambda: replace(contract, columns=renamed),
        "encoder": lambda: replace(encoder, numbers=replace(encoder.numbers, fill=encoder.numbers.fill + 1)),
        "assigner": lambda: replace(assigner, **{array[part]: np.nextafter(getattr(assigner, array[part]), 9e9)}),
        "explainer": lambda: replace(
            model.explainer, **{array[part]: np.nextafter(getattr(model.explainer, array[part]), 9e9)}
        ),
        "novelty": lambda: replace(model.novelty, upper=model.novelty.upper + 1),
    }
    assert replace(model, **{part: changed[part]()}).learned_digest != model.learned_digest


def test_a_model_read_back_has_learned_the_same(model: SegmentModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    assert SegmentModel.load(tmp_path / "model").learned_digest == model.learned_digest
