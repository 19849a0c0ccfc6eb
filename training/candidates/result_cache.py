"""What candidates that look at the same customers need not compute twice: one tree serves every smallest group."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

MOST_REMEMBERED = 12  # results; a candidate and each of its two halves need three


class Memory:
    """Remembers the last results of functions by their arguments; has what hdbscan uses of `joblib.Memory`."""

    def __init__(self) -> None:
        self._results: OrderedDict[bytes, Any] = OrderedDict()

    def cache(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which looks its arguments up first. It must depend on nothing else, nor change its results."""

        def remembered(*arguments: Any) -> Any:
            key = _digest(function.__qualname__, *arguments)
            if key not in self._results:
                self._results[key] = function(*arguments)
                if len(self._results) > MOST_REMEMBERED:
                    self._results.popitem(last=False)
            self._results.move_to_end(key)
            return self._results[key]

        return remembered


def _digest(*values: Any) -> bytes:
    digest = hashlib.sha256()
    for value in values:
        if isinstance(value, np.ndarray):
            digest.update(f"{value.shape} {value.dtype}".encode())
            digest.update(np.ascontiguousarray(value).data)
        else:
            digest.update(f"{value!r};".encode())
    return digest.digest()
