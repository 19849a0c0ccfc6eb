"""The notebook `docs/notebook.ipynb`: run from the first cell to the last, and its outputs compared or written.

`python -m reference.notebook` writes the outputs anew. Ids, digests and places differ from run to run and do not count.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
from nbclient import NotebookClient

from reference.questions import comparable

REPOSITORY = Path(__file__).parents[1]
NOTEBOOK = REPOSITORY / "docs" / "notebook.ipynb"
SECONDS_A_CELL = 600  # other work may run beside it
PLACE = re.compile(r"(?<![\w.:/~<])/(?:[\w.@+-]+/)+[\w.@+-]*")  # a path of the machine
NO_METADATA = ("execution", "scrolled")


def executed() -> Any:
    """The notebook with the outputs of now, without the times and places of this machine.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    paths = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH", ""))))
    quiet = {"PYTHONPATH": paths, "PYTHONWARNINGS": "ignore", "MLFLOW_LOGGING_LEVEL": "ERROR"}
    with mock.patch.dict(os.environ, quiet):
        NotebookClient(notebook, timeout=SECONDS_A_CELL, kernel_name="python3").execute()
    for cell in notebook.cells:
        cell.metadata = {name: entry for name, entry in cell.metadata.items() if name not in NO_METADATA}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def texts(notebook: Any) -> Iterator[tuple[str, str]]:
    """The source of each cell of code, and what it prints and shows as text, without what differs from run to run."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            shown = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
            yield cell.source, comparable("\n".join("".join(text) for text in shown))


def pictures(notebook: Any) -> list[str]:
    """The PNG pictures of the outputs, in base64."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]


if __name__ == "__main__":
    nbformat.write(executed(), NOTEBOOK)  # type: ignore[no-untyped-call]
    sys.stdout.write(f"wrote {NOTEBOOK.name}\n")
