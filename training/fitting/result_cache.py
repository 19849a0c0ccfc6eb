"""A cache of results in memory, which candidates share where they would compute the same."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

MOST_CACHED = 16  # results; an HDBSCAN candidate and each of its two halves need four


class ResultCache:
    """Keeps the last results of functions by their arguments, behind the part of `joblib.Memory` that hdbscan calls."""

    def __init__(self) -> None:
        self._results: OrderedDict[bytes, Any] = OrderedDict()

    def cache(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with cached results; it must depend on its arguments only, and its results must not change."""

        def cached(*arguments: Any) -> Any:
            key = _digest(function.__qualname__, *arguments)
            if key not in self._results:
                self._results[key] = function(*arguments)
                if len(self._results) > MOST_CACHED:
                    self._results.popitem(last=False)
            self._results.move_to_end(key)
            return self._results[key]

        return cached


def _digest(*arguments: Any) -> bytes:
    digest = hashlib.sha256()
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            digest.update(f"{argument.shape} {argument.dtype}".encode())
            digest.update(np.ascontiguousarray(argument).data)
        else:
            digest.update(f"{argument!r};".encode())
    return digest.digest()
