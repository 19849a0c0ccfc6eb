"""Every public name has types, a docstring, and an example that runs; completion lists what is public."""

from __future__ import annotations

import doctest
import inspect
from typing import Any

import numpy as np
import pandas as pd
import pytest

import segments

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PUBLIC = [name for name in segments.__all__ if name != "__version__"]


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the example of `segments.discover` leaves, from which others go on."""
    rng = np.random.default_rng(0)
    spend = np.r_[rng.normal(20, 2, 150), rng.normal(90, 5, 150)]
    visits = np.r_[rng.poisson(2, 150), rng.poisson(30, 150)]
    customers = pd.DataFrame({"spend": spend, "visits": visits})
    discovered = segments.discover(customers, segments=2, seed=1)
    return {"customers": customers, "discovered": discovered, "model": discovered.model}


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_of_a_public_name_prints_what_it_says(name: str, names: dict[str, Any]) -> None:
    documented = getattr(segments, name)
    finder = doctest.DocTestFinder(recurse=inspect.isclass(documented))
    examples = [test for test in finder.find(documented, name, globs=dict(names)) if test.examples]
    assert examples, f"{name} has no example"
    runner = doctest.DocTestRunner(verbose=False, optionflags=OPTIONS)
    for example in examples:
        runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_says_what_it_is_and_takes(name: str) -> None:
    public = getattr(segments, name)
    members = [public]
    if inspect.isclass(public) and public.__module__.startswith("segment"):
        own = {key: member for key, member in vars(public).items() if not key.startswith("_")}
        members += [member for member in own.values() if inspect.isfunction(member)]
        undescribed = [key for key, member in own.items() if isinstance(member, property) and not member.__doc__]
        assert not undescribed or issubclass(public, segments.NearestCentroid)  # its protocol says it
    for member in members:
        if inspect.isfunction(member):
            parameters = list(inspect.signature(member).parameters.values())
            assert all(p.annotation is not p.empty for p in parameters if p.name != "self"), member.__qualname__
            assert inspect.signature(member).return_annotation is not inspect.Signature.empty, member.__qualname__
    assert (public.__doc__ or "").strip()


def test_completion_lists_what_is_public() -> None:
    assert dir(segments) == sorted(segments.__all__)


def test_the_version_is_that_of_the_software() -> None:
    assert segments.__version__.split(".")[0].isdigit()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'discovr'"):
        segments.discovr  # noqa: B018  (what is tested)
