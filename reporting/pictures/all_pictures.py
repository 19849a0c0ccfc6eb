"""The pictures of a discovery, in the order in which the page shows them.

A segment has the same colour in each of them. Columns marked sensitive are in none unless the settings allow them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reporting.pictures.candidate_scores import CANDIDATE_SCORES
from reporting.pictures.contributions_beeswarm import CONTRIBUTIONS_BEESWARM
from reporting.pictures.customer_map import CUSTOMER_MAP
from reporting.pictures.drawing import png
from reporting.pictures.picture import Picture
from reporting.pictures.profile_heatmap import PROFILE_HEATMAP
from reporting.pictures.silhouette_plot import SILHOUETTE_PLOT
from training.discovery.discovery import Discovery

PICTURES = (CUSTOMER_MAP, PROFILE_HEATMAP, CONTRIBUTIONS_BEESWARM, SILHOUETTE_PLOT, CANDIDATE_SCORES)


@dataclass(frozen=True)
class DrawnPictures:
    """PNG files by the picture's name, and why each of the others could not be drawn."""

    images: Mapping[str, bytes]
    failures: Mapping[str, str]


def draw_pictures(discovery: Discovery, pictures: tuple[Picture, ...] = PICTURES) -> DrawnPictures:
    """Draw every picture as PNG; the same bytes for the same discovery on one machine.

    A picture that fails is named with its error, and takes neither the others nor the discovery along.
    """
    images, failures = {}, {}
    for picture in pictures:
        try:
            images[picture.name] = png(picture.draw(discovery))
        except Exception as error:  # noqa: BLE001  (hours of discovery are not lost to a drawing library's error)
            failures[picture.name] = f"{type(error).__name__}: {error}"
    return DrawnPictures(images, failures)
