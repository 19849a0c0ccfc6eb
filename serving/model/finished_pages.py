"""What a discovery made for people, stored beside its model: the report, and figures for the explorer's cards.

The service shows these files and computes nothing of them; a model without them is served all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from serving.contracts.insights import Insights, SegmentInsight

logger = logging.getLogger("bentoml.segments")

REPORT, INSIGHTS = "report.html", "insights.json"
FILES = (REPORT, INSIGHTS)


@dataclass(frozen=True, slots=True)
class FinishedPages:
    """The files by name, as they are stored; `insights` are those of INSIGHTS, by segment id."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    insights: Mapping[str, SegmentInsight] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> FinishedPages:
        """The pages of these files; insights that cannot be read are left out, and the log says why."""
        insights: Mapping[str, SegmentInsight] = {}
        if INSIGHTS in files:
            try:
                insights = Insights.model_validate_json(files[INSIGHTS]).segments
            except ValidationError as error:
                problem = error.errors(include_url=False, include_input=False)[0]
                place = ".".join(map(str, problem["loc"]))
                logger.warning("the cards have no figures: %s cannot be read (%s %s)", INSIGHTS, place, problem["msg"])
        return cls(files, insights)

    @property
    def report(self) -> bytes | None:
        """The report as HTML in UTF-8; None without one."""
        return self.files.get(REPORT)


def write_pages(folder: Path, pages: FinishedPages) -> None:
    """Write the files that there are into a folder that exists."""
    for name, content in pages.files.items():
        (folder / name).write_bytes(content)


def read_pages(folder: Path) -> FinishedPages:
    """The pages that `write_pages` wrote; those that are absent or cannot be read are left out."""
    files = {}
    for name in FILES:
        with suppress(OSError):
            files[name] = (folder / name).read_bytes()
    return FinishedPages.of(files)
