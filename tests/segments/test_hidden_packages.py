"""A user's own `features.py` or folder `training/` beside the script hides our package of that name."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import segments
from segment_model.errors import HiddenPackageError, SegmentsError
from segment_model.hidden_packages import require_packages
from segment_model.model import SegmentModel

ROOT = Path(__file__).parents[2]
NEEDED_BY = {  # what needs a hidden package, by the package
    "features": (
        "import training.settings",
        "import jobs.discover",
        "import serving.launcher",
        "import reporting.page",
        "import experiments.demo",
    ),
    "training": (
        "import jobs.discover",
        "from reporting.page import html_report",
        "import experiments.benchmarks.startup",
    ),
}


def user_folder(folder: Path, *files: str) -> Path:
    """A folder with modules of the user's own."""
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("MINE = True\n")
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python as a user in that folder starts it: the folder comes first on the import path."""
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=120)


def script(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "analysis.py").write_text(text)
    return run(folder, str(folder / "analysis.py"))


CASES = [
    ("features", ("features.py",), "features.py"),
    ("features", ("features/settings.py",), "features"),
    ("features", ("features/__init__.py", "features/settings.py"), "features/__init__.py"),
    ("training", ("training/settings.py",), "training"),
    ("training", ("training/__init__.py", "training/settings.py"), "training/__init__.py"),
]


@pytest.mark.parametrize("files", [files for _, files, _ in CASES])
def test_the_face_loads_a_model_beside_it_and_the_model_assigns(
    files: tuple[str, ...], planted: Any, kmeans_model: SegmentModel, tmp_path: Path
) -> None:
    user_folder(tmp_path, *files)
    kmeans_model.save(tmp_path / "model")
    planted.frame.head(3).to_parquet(tmp_path / "customers.parquet")
    own = files[-1].removesuffix(".py").replace("/", ".")
    ended = script(
        tmp_path,
        f"from {own} import MINE\n"
        "import pandas as pd\n"
        "from segments import SegmentModel\n"
        "model = SegmentModel.load('model')\n"
        "print(*model.assign(pd.read_parquet('customers.parquet'))['segment_id'])\n",
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == [*kmeans_model.assign(planted.frame.head(3))["segment_id"]]


@pytest.mark.parametrize(("package", "files", "hiding"), CASES)
def test_what_needs_it_names_the_hiding_file_and_the_way_out(
    package: str, files: tuple[str, ...], hiding: str, tmp_path: Path
) -> None:
    user_folder(tmp_path, *files)
    statements = NEEDED_BY[package]
    tries = "".join(
        f"try:\n    {statement}\nexcept ImportError as error:\n"
        "    print(type(error).__name__, isinstance(error, SegmentsError), error)\n"
        for statement in statements
    )
    ended = script(tmp_path, f"from segments import SegmentsError\n{tries}")
    lines = ended.stdout.splitlines()
    assert len(lines) == len(statements), ended.stdout + ended.stderr
    for line in lines:
        assert line.startswith(f"HiddenPackageError True {tmp_path / hiding} hides the package '{package}'")
        assert line.endswith("rename it, or run Python from another folder")


@pytest.mark.parametrize(("package", "files", "hiding"), CASES)
def test_the_command_line_says_it_in_one_line(
    package: str, files: tuple[str, ...], hiding: str, tmp_path: Path
) -> None:
    user_folder(tmp_path, *files)
    ended = run(tmp_path, "-m", "cli", "list")
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"segments: {tmp_path / hiding} hides the package '{package}'")
    assert len(ended.stderr.splitlines()) == 1
    assert run(tmp_path, "-m", "cli", "--help").returncode == 0
    program = str(Path(sys.executable).with_name("segments"))  # its own folder comes first, not the user's
    assert "hides" not in subprocess.run([program, "list"], cwd=tmp_path, capture_output=True, text=True).stderr


FACE = ["discover", "SegmentDiscovery", "SegmentClusterer", "SegmentTransformer", "stability_scorer", "load"]


@pytest.mark.parametrize("name", FACE)
def test_a_name_of_the_face_names_the_file_that_hides_what_it_needs(name: str, tmp_path: Path) -> None:
    """One file after another is beside the script while the name is asked for; then the name is there."""
    needed = sorted(needed_by(getattr(segments, name).__module__))
    ended = script(
        tmp_path,
        "import importlib, pathlib, segments\n"
        f"for package in {needed!r}:\n"
        "    beside = pathlib.Path(f'{package}.py')\n"
        "    beside.touch()\n"
        "    importlib.invalidate_caches()\n"
        "    try:\n"
        f"        segments.{name}\n"
        "    except segments.SegmentsError as error:\n"
        "        print(type(error).__name__, error)\n"
        "    beside.unlink()\n"
        "importlib.invalidate_caches()\n"
        f"print(segments.{name}.__name__)\n",
    )
    assert ended.returncode == 0, ended.stderr
    *refused, imported = ended.stdout.splitlines()
    hidden = [f"HiddenPackageError {tmp_path / package}.py hides the package {package!r}" for package in needed]
    assert [line.partition(" of ")[0] for line in refused] == hidden
    assert imported == name


def needed_by(module: str) -> set[str]:
    """The packages that a module of the face imports when it is imported, itself or by another module of the face."""
    tree = ast.parse((ROOT / module.replace(".", "/")).with_suffix(".py").read_text())
    imported = {node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module}
    inside = {name for name in imported if name.startswith("segments.")}
    own = {name.partition(".")[0] for name in imported} & {*PACKAGES}
    return own.union(*map(needed_by, inside))


@pytest.mark.parametrize("files", [("segment_model.py",), ("segment_model/notes.py",)])
def test_the_face_says_so_where_the_model_itself_is_hidden(files: tuple[str, ...], tmp_path: Path) -> None:
    user_folder(tmp_path, *files)
    ended = script(tmp_path, "from segments import SegmentModel\n")
    last = ended.stderr.splitlines()[-1]
    assert f"Error: {tmp_path / files[0].partition('/')[0]} hides the package 'segment_model'" in last
    assert last.endswith("rename it, or run Python from another folder")


def test_a_package_that_is_not_beside_is_left_to_python(tmp_path: Path) -> None:
    """In a Bento, say, which may run where our checkout is installed too."""
    require_packages(str(tmp_path / "serving" / "__init__.py"), "no_such_package_anywhere", "registry")


def test_a_package_beside_is_not_mistaken_for_another_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "house").symlink_to(ROOT)
    require_packages(str(tmp_path / "house" / "jobs" / "__init__.py"), "features", "training")
    (tmp_path / "elsewhere" / "features").mkdir(parents=True)
    with pytest.raises(HiddenPackageError, match="hides the package 'features'"):
        require_packages(str(tmp_path / "elsewhere" / "jobs" / "__init__.py"), "features")
    assert issubclass(HiddenPackageError, SegmentsError)
    assert issubclass(HiddenPackageError, ImportError)


CHECK = "require_packages"
PACKAGES = (
    *("commands", "experiments", "jobs", "serving", "reporting"),
    *("training", "warehouse", "analytics", "features", "registry"),
)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_names_the_packages_that_its_files_import(package: str) -> None:
    trees = [ast.parse(file.read_text()) for file in (ROOT / package).rglob("*.py")]
    imported = {name for tree in trees for name in _imported(tree)}
    nodes = [node for tree in trees for node in ast.walk(tree)]
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == CHECK]
    named = [argument.value for call in calls for argument in call.args if isinstance(argument, ast.Constant)]
    assert imported & {*PACKAGES} - {package} <= set(named)


def _imported(tree: ast.Module) -> set[str]:
    """The top-level packages that a file imports anywhere."""
    plain = (alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names)
    from_ = (node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {name.partition(".")[0] for name in (*plain, *from_)}


def test_the_check_takes_no_time_to_speak_of(tmp_path: Path) -> None:
    """It imports nothing: neither pandas nor the packages that it looks for."""
    listed = "sorted({'pandas', 'numpy', 'features', 'training', 'mlflow'} & set(sys.modules))"
    ended = run(tmp_path, "-c", f"import sys, jobs; print({listed})")
    assert ended.stdout == "[]\n", ended.stderr
