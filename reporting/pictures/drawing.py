"""Drawing functions that the pictures share: texts, axes, PNG files, and swarms of dots of which none hides another.

Figures use matplotlib's object-oriented interface, so no global state is read or changed, and no figure stays open.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

from reporting.colours import NOBODY, PALETTE
from segment_model.encoding.encoder import Floats

MARKERS = "os^Dv"  # each repetition of the palette has a shape of its own
INK, FAINT = "#22262B", "#6B7280"
WIDER_FONTS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Arial Unicode MS", "Noto Sans")
DOTS_PER_INCH = 130
EDGE = 0.08  # inches without a letter on each side of a figure
SWARM_BINS = 60  # of the values of a beeswarm; values of one bin spread out


def marker_of(position: int) -> str:
    """The shape of a segment's dots."""
    return MARKERS[position // len(PALETTE) % len(MARKERS)]


def lettering(text: str, width: int = 0, lines: int = 3) -> str:
    """A text of the user's data, safe for matplotlib: no formula between $ signs, wrapped to `width` letters."""
    clean = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if width and len(clean) > width:
        phrases = clean.split(", ")  # a name is phrases between commas, where lines preferably end
        phrases[:-1] = [f"{phrase}," for phrase in phrases[:-1]]
        rows = [row for phrase in phrases for row in textwrap.wrap(phrase, width)]
        clean = "\n".join(
            rows if len(rows) <= lines else textwrap.wrap(clean, width, max_lines=lines, placeholder=" …")
        )
    return clean.replace("$", r"\$")


def blank(width: float, height: float, title: str, subtitle: str = "") -> Figure:
    """An empty figure, in inches, with a headline and a sentence under it."""
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    text = textwrap.fill(subtitle, int(width * 13))
    head = 0.42 + 0.17 * len(text.splitlines())  # inches
    figure.text(0.012, 1 - 0.1 / height, title, va="top", fontsize=13, fontweight="bold", color=INK)
    figure.text(0.012, 1 - 0.37 / height, text, va="top", fontsize=9, color=FAINT, linespacing=1.25)
    side = EDGE / width
    figure.set_layout_engine("constrained", rect=(side, side, 1 - 2 * side, 1 - head / height - side))
    return figure


def quiet(axes: Axes) -> Axes:
    """The axes without tick marks, and without lines at the top, left and right."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(NOBODY)
    axes.tick_params(colors=INK, labelsize=8.5, length=0)
    return axes


def outlined(size: float = 2.5) -> list[Any]:
    """The path effects of a white outline, so that letters stay readable on dots."""
    return [withStroke(linewidth=size, foreground="white")]


def png(figure: Figure) -> bytes:
    """The figure as PNG, the same bytes each time on one machine."""
    buffer = io.BytesIO()
    with _any_letters(figure):
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


@contextmanager
def _any_letters(figure: Figure) -> Iterator[None]:
    """While the block lays the figure out, take each letter from the first installed font that has it."""
    families = ["DejaVu Sans", *(name for name in WIDER_FONTS if name in set(font_manager.get_font_names()))]
    for text in figure.findobj(Text):
        text.set_fontfamily(families)
    with warnings.catch_warnings():
        # a text may hold letters that no installed font has; matplotlib draws a box for each
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def lay_out(figure: Figure) -> None:
    """Lay the figure out, after which its axes and texts have the extents that they are drawn with."""
    with _any_letters(figure):
        figure.draw_without_rendering()


def swarm(values: Floats, width: float) -> Floats:
    """Offsets (n,), -width..width, of a beeswarm of (n,) values: crowded values spread out, others stay at 0."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.linspace(-width, width, len(values)) if len(values) > 1 else np.zeros(len(values))
    place = np.minimum(((values - low) / (high - low) * SWARM_BINS).astype(int), SWARM_BINS - 1)
    fullest = np.bincount(place).max()
    across = np.zeros(len(values))
    for bin_ in np.unique(place):
        rows = np.flatnonzero(place == bin_)
        order = np.arange(len(rows))
        sides = np.where(order % 2 == 0, 1, -1) * ((order + 1) // 2)
        across[rows] = sides * 2 * width / max(fullest, 12)
    return across
