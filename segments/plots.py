"""Pictures of a discovery for a notebook: matplotlib axes that are shown where a notebook shows pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def first_axes(figure: Figure) -> Axes:
    """The first axes of a figure.

    Where matplotlib is interactive, or in a notebook, pyplot is handed the figure: it shows only figures that it knows.
    """
    import matplotlib as mpl

    # a notebook's backend becomes interactive when pyplot is imported, which nobody may have done yet
    if mpl.is_interactive() or "inline" in (mpl.get_backend(auto_select=False) or ""):
        import matplotlib.pyplot as plt

        plt.figure(FigureClass=lambda *_options, **_named: figure)  # type: ignore[arg-type]  # any callable will do
    return figure.axes[0]
