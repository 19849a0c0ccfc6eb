"""Takes the picture of a report's first screen: `python -m experiments.report_picture REPORT.html PICTURE.png`.

It needs Chromium on the path, or its program in CHROMIUM.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from segment_model.errors import SourceError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1440, 900  # pixels


def take_picture(report: Path, picture: Path, width: int = WIDTH, height: int = HEIGHT) -> None:
    """Write the first screen of an HTML file as PNG.

    Raises
    ------
    SourceError
        If no Chromium is installed, or it makes no picture.
    """
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise SourceError("no Chromium is installed: apt-get install chromium, or name its program in CHROMIUM")
    with tempfile.TemporaryDirectory() as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        size = [f"--window-size={width},{height}", f"--screenshot={picture.resolve()}"]
        command = [program, *flags, *size, report.resolve().as_uri()]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if ended.returncode or not picture.exists():
        raise SourceError(f"Chromium made no picture of {report}: {ended.stderr.strip()[-300:]}")


if __name__ == "__main__":
    take_picture(Path(sys.argv[1]), Path(sys.argv[2]))
