"""The examples in the docstrings of the public face run, and every public name has a docstring."""

from __future__ import annotations

import doctest
import importlib
from types import ModuleType

import pytest

import segments

MODULES = ("segments.discovering", "segments.loading", "segments.estimators.clusterer")
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_print_what_they_say(name: str) -> None:
    module: ModuleType = importlib.import_module(name)
    ran = doctest.testmod(module, optionflags=OPTIONS)
    assert ran.attempted > 0
    assert ran.failed == 0


@pytest.mark.parametrize("name", [name for name in segments.__all__ if name != "__version__"])
def test_a_public_name_says_what_it_is(name: str) -> None:
    assert (getattr(segments, name).__doc__ or "").strip()


def test_completion_lists_what_is_public() -> None:
    assert dir(segments) == sorted(segments.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'discovr'"):
        segments.discovr  # noqa: B018  (what is tested)
