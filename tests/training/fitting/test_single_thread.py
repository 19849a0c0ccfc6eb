"""One thread inside the block, as many as before after it, and also in a library that is loaded later."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from training.candidates.kmeans import KMeansSpec
from training.fitting import single_thread as module
from training.fitting.single_thread import single_thread


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info()}


def test_one_thread_inside_and_the_former_number_outside() -> None:
    KMeansSpec(2, 1).fit(np.arange(20.0).reshape(-1, 2), 0)  # loads the libraries
    with threadpool_limits(limits=2):
        before = threads()
        with single_thread():
            assert threads() == {1}
            with single_thread():
                assert threads() == {1}
            assert threads() == {1}
        assert threads() == before
        with pytest.raises(ValueError, match="broken off"), single_thread():
            raise ValueError("broken off")
        assert threads() == before


def test_the_libraries_are_looked_for_again_only_after_an_import(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    real = module.ThreadpoolController

    def look() -> object:
        looked.append(1)
        return real()

    monkeypatch.setattr(module, "ThreadpoolController", look)
    modules = dict(module.sys.modules)
    monkeypatch.setattr(module.sys, "modules", {**modules, "a module of this test": module})
    for _ in range(3):
        with single_thread():
            pass
    assert len(looked) == 1
    monkeypatch.setattr(module.sys, "modules", {**modules, "a module of this test": module, "another": module})
    with single_thread():
        pass
    assert len(looked) == 2
