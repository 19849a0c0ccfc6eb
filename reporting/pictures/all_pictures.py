"""The pictures of a discovery, in the order in which the page shows them.

A segment has the same colour in all of them. No picture shows a column marked sensitive, unless the settings allow it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reporting.pictures.candidate_scores import CANDIDATE_SCORES
from reporting.pictures.contributions_beeswarm import CONTRIBUTIONS_BEESWARM
from reporting.pictures.customer_map import CUSTOMER_MAP
from reporting.pictures.drawing import png
from reporting.pictures.ladder_plot import LADDER_PLOT
from reporting.pictures.picture import Picture
from reporting.pictures.profile_heatmap import PROFILE_HEATMAP
from reporting.pictures.silhouette_plot import SILHOUETTE_PLOT
from training.discovery.discovery import Discovery

PICTURES = (CUSTOMER_MAP, PROFILE_HEATMAP, CONTRIBUTIONS_BEESWARM, SILHOUETTE_PLOT, LADDER_PLOT, CANDIDATE_SCORES)


@dataclass(frozen=True)
class DrawnPictures:
    """The PNG files by name, and by name the error of each picture that could not be drawn."""

    images: Mapping[str, bytes]
    failures: Mapping[str, str]


def draw_pictures(discovery: Discovery, pictures: tuple[Picture, ...] = PICTURES) -> DrawnPictures:
    """Draw every picture that applies as PNG; the same bytes for the same discovery on one machine.

    A picture that fails is returned with its error; the other pictures are drawn, and the discovery is kept.
    """
    images, failures = {}, {}
    for picture in pictures:
        if not picture.applies(discovery):
            continue
        try:
            images[picture.name] = png(picture.draw(discovery))
        except Exception as error:  # noqa: BLE001  (hours of discovery are not lost to a drawing library's error)
            failures[picture.name] = f"{type(error).__name__}: {error}"
    return DrawnPictures(images, failures)
