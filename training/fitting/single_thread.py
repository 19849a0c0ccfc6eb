"""Numeric libraries on one thread while a candidate is fitted, so that its results repeat to the bit."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


def single_thread() -> AbstractContextManager[object]:
    """Limit BLAS and OpenMP to one thread inside a `with` block.

    Only an import loads another library, so those that are loaded are looked for again only after an import: that
    takes milliseconds, as long as a fit of a few hundred customers.
    """
    limited: AbstractContextManager[object] = _loaded_libraries(len(sys.modules)).limit(limits=1)
    return limited


@lru_cache(maxsize=1)
def _loaded_libraries(imported: int) -> ThreadpoolController:  # noqa: ARG001  (the key of the cache)
    return ThreadpoolController()
