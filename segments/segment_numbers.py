"""The least and the most number of segments that a caller requests."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from segment_model.errors import SettingsError


def least_and_most(segments: Any) -> tuple[int, int]:
    """The least and the most of a number of segments, or of a pair.

    Raises
    ------
    SettingsError
        If it is neither.
    """
    least, most = segments if isinstance(segments, tuple | list) and len(segments) == 2 else (segments, segments)
    if not (isinstance(least, Integral) and isinstance(most, Integral) and 2 <= int(least) <= int(most)):
        raise SettingsError(
            f"segments is a number such as 5, or the least and the most such as (4, 8), from 2 on; got {segments!r}"
        )
    return int(least), int(most)
