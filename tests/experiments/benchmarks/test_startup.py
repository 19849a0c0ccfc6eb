"""The benchmark of start-up measures warm bytecode, or says that there is none."""

from __future__ import annotations

import py_compile
from pathlib import Path

import pytest

from experiments.benchmarks import startup
from segment_model.errors import SegmentsError


def test_a_module_without_bytecode_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "never_compiled.py"
    module.write_text("X = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(startup, "COMPILED", ("never_compiled",))
    with pytest.raises(startup.StartupError, match="no bytecode of never_compiled: run `make install`"):
        startup.check_bytecode()
    assert issubclass(startup.StartupError, SegmentsError)
    py_compile.compile(str(module))
    startup.check_bytecode()


def test_a_command_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(startup.StartupError, match=r"`segments features nowhere\.yaml --out x` failed"):
        startup.least_seconds(["features", "nowhere.yaml", "--out", "x"], tmp_path, {"PATH": "/usr/bin"}, 1)
