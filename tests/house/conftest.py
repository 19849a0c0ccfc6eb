"""The source files of the house, parsed once."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = (
    *("segments", "commands", "reference", "experiments", "jobs", "serving", "reporting", "training", "warehouse"),
    *("analytics", "features", "registry", "segment_model"),
)


def parsed(folder: Path) -> dict[str, ast.Module]:
    """The modules below a folder, by their path from the repository."""
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]
    return {file.relative_to(REPOSITORY).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}


@pytest.fixture(scope="session")
def product() -> Mapping[str, ast.Module]:
    """Every module of the product, by path."""
    modules = parsed(REPOSITORY / "cli.py")
    for package in PACKAGES:
        modules |= parsed(REPOSITORY / package)
    return modules


@pytest.fixture(scope="session")
def tests() -> Mapping[str, ast.Module]:
    """Every module of the tests, by path."""
    return parsed(REPOSITORY / "tests")
