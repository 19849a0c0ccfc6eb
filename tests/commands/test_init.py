"""`segments init` writes a file that the next command takes, or one line and nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main

ORDERS = [
    "client,invoice,invoice_date,total_eur",
    *(f"K-{n % 9},INV-{n},2026-0{1 + n // 28}-{1 + n % 28:02d} 09:14:00,{20 + n}.90" for n in range(100)),
]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(ORDERS) + "\n")
    return file


def test_from_a_file_to_vectors(orders: Path) -> None:
    done = run("init", "orders.csv")
    assert done.exit_code == 0, done.output
    assert "orders: orders.csv (100 rows): customer_id = client" in done.output
    assert "next: segments discover segments.yaml" in done.output
    made = run("features", "segments.yaml", "--out", "vectors.parquet")
    assert made.exit_code == 0, made.output
    assert "9 customers as of 2026-04-17" in made.output
    text = Path("segments.yaml").read_text()
    assert "currency: EUR" in text
    assert "as_of: 2026-04-17  # the day after the newest row (2026-04-16 in orders.csv)" in text


def test_a_file_that_exists_is_kept(orders: Path) -> None:
    Path("segments.yaml").write_text("mine")
    done = run("init", "orders.csv")
    assert done.exit_code == 2
    assert done.output.count("\n") == 1
    assert "--force" in done.output
    assert Path("segments.yaml").read_text() == "mine"
    assert run("init", "orders.csv", "--force").exit_code == 0
    assert Path("segments.yaml").read_text() != "mine"


def test_the_settings_lie_elsewhere(orders: Path) -> None:
    Path("shop").mkdir()
    assert run("init", "orders.csv", "--out", "shop/mine.yaml").exit_code == 0
    assert "file: ../orders.csv" in Path("shop/mine.yaml").read_text()
    assert run("features", "shop/mine.yaml", "--out", "vectors.parquet").exit_code == 0


def test_another_as_of_date(orders: Path) -> None:
    assert run("init", "orders.csv", "--as-of", "2026-03-01").exit_code == 0
    assert "as_of: 2026-03-01" in Path("segments.yaml").read_text()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "orders.csv"),
        (b"client,invoice_date,total\n", "no rows"),
        (b"client\nK-1\nK-2\n", "one column"),
        (bytes(range(256)) * 40, "orders.csv"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 300, "orders.csv"),
        (b"day,total\n2026-01-01,2.5\n2026-01-02,3.5\n", "whose row"),
    ],
    ids=["empty", "header only", "one column", "bytes", "a picture", "no customer"],
)
def test_what_is_no_table_is_one_line(orders: Path, content: bytes, message: str) -> None:
    orders.write_bytes(content)
    done = run("init", "orders.csv")
    assert done.exit_code == 2
    assert done.output.count("\n") == 1, done.output
    assert message in done.output
    assert not Path("segments.yaml").exists()


@pytest.mark.parametrize("arguments", [[], ["absent.csv"], ["."], ["orders.csv", "absent.csv"]], ids=str)
def test_files_that_cannot_be_looked_at(orders: Path, arguments: list[str]) -> None:
    done = run("init", *arguments)
    assert done.exit_code == 2
    assert done.output.count("\n") == 1, done.output
    assert not Path("segments.yaml").exists()
