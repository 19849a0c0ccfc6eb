"""The kinds of columns."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """How a column's values behave. All but `CATEGORY` are double precision numbers.

    Examples
    --------
    >>> from segments import Kind
    >>> [str(kind) for kind in Kind]
    ['number', 'count', 'share', 'flag', 'category']
    """

    NUMBER = "number"
    COUNT = "count"  # never negative; a sum of parts, such as half seats, need not be whole
    SHARE = "share"  # between 0 and 1
    FLAG = "flag"  # 0 or 1, nothing between; also true or false
    CATEGORY = "category"  # text
