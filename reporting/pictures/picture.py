"""The type of a picture of a discovery: its name, the function that draws it, and how to read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from training.discovery.discovery import Discovery


@dataclass(frozen=True)
class Picture:
    """One picture; `name` names its file in a run.

    applies : whether a discovery has what the picture shows.
    """

    name: str
    draw: Callable[[Discovery], Figure]
    applies: Callable[[Discovery], bool] = lambda _discovery: True
