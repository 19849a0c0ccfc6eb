"""A leading ~ is a home folder, as in a shell; other names stay."""

from __future__ import annotations

import pytest

from segment_model.storage.user_path import user_path


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("~", "/home/maria"),
        ("~/my data/c.csv", "/home/maria/my data/c.csv"),
        ("./~/c.csv", "~/c.csv"),
        ("data/~/c.csv", "data/~/c.csv"),
        ("~$orders.xlsx", "~$orders.xlsx"),
        ("/srv/c.csv", "/srv/c.csv"),
    ],
)
def test_a_home_folder_stands_for_a_leading_tilde(written: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/maria")
    assert str(user_path(written)) == path
