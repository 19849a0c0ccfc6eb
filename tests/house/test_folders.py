"""A folder reads like a table of contents, and the tests mirror the packages."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_MODULES = 14
# every file of these is a member of one declared registry
REGISTRIES = {"training/candidates"}
OF_THE_WHOLE = {"tests", "tests/house", "tests/docs", "tests/torture"}  # tests of no single package


def test_no_folder_has_more_than_fourteen_modules(product: Mapping[str, ast.Module]) -> None:
    paths = [PurePosixPath(path) for path in product if not path.endswith("__init__.py")]
    modules = Counter(str(path.parent) for path in paths)
    crowded = {folder: count for folder, count in modules.items() if count > MOST_MODULES}
    assert crowded.keys() <= REGISTRIES, f"split these folders: {crowded}"


def test_tests_lie_where_what_they_test_lies(tests: Mapping[str, ast.Module]) -> None:
    """tests/training/discovery/test_x.py tests something of training/discovery/."""
    folders = {str(PurePosixPath(path).parent) for path in tests if PurePosixPath(path).name.startswith("test_")}
    astray = [folder for folder in folders - OF_THE_WHOLE if not (REPOSITORY / folder.removeprefix("tests/")).is_dir()]
    assert not astray, f"these folders mirror none of the product: {sorted(astray)}"


def test_every_package_says_in_one_sentence_what_it_is(product: Mapping[str, ast.Module]) -> None:
    silent = [path for path, tree in product.items() if not ast.get_docstring(tree)]
    assert not silent, f"without a docstring: {silent}"
