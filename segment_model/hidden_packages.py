"""Refuses a user's module that hides a package of ours.

Our packages are top-level (`features`, `training`, ...), and Python searches the folder of the running script or
notebook first. A `features.py` or a folder `features/` there would be imported instead of ours, and fail far away from
its cause. So each package names, where it is imported, the packages that it needs.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from segment_model.errors import HiddenPackageError


def require_packages(init: str, *names: str) -> None:
    """Check that the packages `names` are those beside the package whose `__init__.py` is `init`; imports none of them.

    A package that is not beside it is left to Python: a Bento holds only what the service needs.

    Raises
    ------
    HiddenPackageError
        Naming the file or folder that Python would import instead.
    """
    root = Path(init).parent.parent
    for name in names:
        hiding = _hiding(root / name)
        if hiding is not None:
            raise HiddenPackageError(
                f"{hiding} hides the package {name!r} of customer-segments, which {Path(init).parent.name!r} needs: "
                "rename it, or run Python from another folder"
            )


def _hiding(package: Path) -> str | None:
    """The file or folder that Python would import under the package's name, where that is not the package."""
    spec = find_spec(package.name) if package.is_dir() else None
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ())
    if any(folder == str(package) or Path(folder).resolve() == package.resolve() for folder in folders):
        return None
    return folders[0] if spec.origin is None else spec.origin
