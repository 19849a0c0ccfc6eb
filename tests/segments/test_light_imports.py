"""A notebook that asks for segments imports nothing that draws, reports or logs."""

from __future__ import annotations

import subprocess
import sys

FIRST_LINES = """
import sys
import numpy, pandas, segments
rng = numpy.random.default_rng(0)
spend = numpy.r_[rng.normal(9, 1, 60), rng.normal(99, 9, 60)]
frame = pandas.DataFrame({"spend": spend, "visits": numpy.arange(120.0)})
discovered = segments.discover(frame, segments=2, seed=1, verbose=False)
assert len(discovered.labels) == 120
print(sorted({"matplotlib", "mlflow", "PIL", "shap", "umap", "analytics.compute"} & set(sys.modules)))
"""


def test_segments_come_without_pictures() -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FIRST_LINES], capture_output=True, text=True, check=False
    )
    assert ended.stdout == "[]\n", ended.stderr
