"""The type of an option that says how many segments: a number, or the least and the most."""

from __future__ import annotations

import re

import click

FEWEST = 2


class SegmentCounts(click.ParamType[tuple[int, int]]):
    """A number such as 5, or two such as 4-8: the least and the most, at least 2."""

    name = "NUMBER|LEAST-MOST"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        matched = re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", str(value))
        if matched is None:
            self.fail(f"{value!r} is no number of segments such as 5, and no range such as 4-8", param, ctx)
        least = int(matched[1])
        most = int(matched[2] or least)
        if not FEWEST <= least <= most:
            self.fail(f"{value!r}: at least {FEWEST} segments, and the least no more than the most", param, ctx)
        return least, most
