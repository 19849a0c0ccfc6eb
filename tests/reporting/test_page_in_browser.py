"""The page in Chromium, as wide as a phone, MLflow's viewer and a window, light and dark: nothing scrolls sideways."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics.record import AnalystRecord
from reporting.content.report_content import DiscoveryContent, ReportContent
from reporting.page import html_report

SPEC = importlib.util.spec_from_file_location(
    "browser", Path(__file__).parents[1] / "serving" / "explorer" / "browser.py"
)
assert SPEC is not None
assert SPEC.loader is not None
browser = importlib.util.module_from_spec(SPEC)
sys.modules.setdefault("browser", browser)
SPEC.loader.exec_module(browser)
browser.SECONDS = 120.0  # a page of 60 segments, all of it unfolded, on a busy machine

SIZES = ((390, 844), (625, 525), (1440, 900))
WIDEST = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
# what sticks out of the page, apart from tables that scroll in their own frame and texts for screen readers
ASTRAY = """[...document.querySelectorAll("body *")].filter((e) => {
  const box = e.getBoundingClientRect();
  return box.width > 1 && box.right > document.documentElement.clientWidth + 1 && !e.closest(".wide, .heat, .examples");
}).map((e) => `${e.tagName}.${e.className}`).slice(0, 5)"""


@pytest.fixture(scope="module")
def tab(needed: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    program = str(needed(browser.chromium(), "no Chromium is installed (apt-get install chromium)"))
    with browser.open_page(program, tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


@pytest.fixture(scope="module")
def write_page(
    make_content: Callable[..., DiscoveryContent],
    make_record: Callable[..., AnalystRecord],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[int], str]:
    """Writes a page of so many segments; returns its address."""

    def write(segments: int) -> str:
        content = make_content(segments)
        report = ReportContent("Acme " * 30, content, version="7", day="2018-01-05", record=make_record(content))
        file = tmp_path_factory.mktemp("page") / "report.html"
        file.write_text(html_report(report), encoding="utf-8")
        return file.as_uri()

    return write


@pytest.fixture(scope="module")
def address(write_page: Callable[[int], str]) -> str:
    return write_page(5)


def check_width(tab: Any, address: str, width: int, height: int, dark: bool = False) -> None:
    """Nothing of the page, all of it unfolded, sticks out."""
    tab.size(width, height, phone=width < 500)
    tab.dark(dark)
    tab.open(address)
    tab.wait("document.readyState === 'complete'")
    tab.js("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    assert tab.js(WIDEST) <= width, tab.js(ASTRAY)
    assert tab.js(ASTRAY) == []
    assert not tab.problems


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_scrolls_sideways(tab: Any, address: str, width: int, height: int, dark: bool) -> None:
    check_width(tab, address, width, height, dark)


# the left and right ends of what is shown of the comparison's heading and of its first figures
COLUMNS = """(selector) => [...document.querySelectorAll(selector)].filter((e) => e.offsetParent && e.innerText.trim())
  .map((e) => e.getBoundingClientRect()).map((box) => [Math.round(box.left), Math.round(box.right)])"""


def opened(tab: Any, address: str, width: int, height: int) -> None:
    """The page in a window of this size, all of it unfolded."""
    tab.size(width, height, phone=width < 500)
    tab.open(address)
    tab.wait("document.readyState === 'complete'")
    tab.js("document.querySelectorAll('details').forEach((d) => { d.open = true })")


@pytest.mark.parametrize(("width", "height"), [*SIZES, (430, 932)])
def test_compared_figures_stand_under_their_segments(tab: Any, address: str, width: int, height: int) -> None:
    opened(tab, address, width, height)
    headings = tab.js(f"({COLUMNS})('.two thead .value')")
    rows = tab.js("document.querySelectorAll('.two tbody tr').length")
    for row in range(rows):
        cells = tab.js(f"({COLUMNS})('.two tbody tr:nth-child({row + 1}) td.value')")
        assert all(cell in headings for cell in cells)
    beyond = """[...document.querySelectorAll(".two td.value")]
      .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth).map((e) => e.innerText)"""
    assert tab.js(beyond) == []


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_names_on_cards_keep_their_room(tab: Any, address: str, width: int, height: int) -> None:
    opened(tab, address, width, height)
    narrow = """[...document.querySelectorAll(".card .named tbody th")].filter((e) => e.offsetParent)
      .filter((e) => e.offsetWidth < 0.4 * e.closest("table").offsetWidth || e.scrollWidth > e.clientWidth)
      .map((e) => e.innerText)"""
    assert tab.js("document.querySelectorAll('.card .quartiles tbody th').length") > 0
    assert tab.js(narrow) == []


def test_a_single_tile_is_no_banner(tab: Any, address: str) -> None:
    opened(tab, address, 1440, 900)
    tab.js("document.querySelectorAll('.tile + .tile').forEach((tile) => tile.remove())")
    assert tab.js("document.querySelector('.tile').offsetWidth") < 300


def test_on_paper_what_is_folded_is_open(tab: Any, address: str) -> None:
    """But for long tables of the cards and charts, and the page says that they are left out."""
    seen = """['.folded dt', '.paper', 'details.screen']
      .map((selector) => document.querySelector(selector).checkVisibility())"""
    tab.size(720, 1000)
    tab.open(address)
    tab.wait("document.readyState === 'complete'")
    assert tab.js(seen) == [False, False, True]
    tab.send("Emulation.setEmulatedMedia", media="print")
    try:
        assert tab.js(seen) == [True, True, False]
        assert tab.js(WIDEST) <= 720, tab.js(ASTRAY)
    finally:
        tab.send("Emulation.setEmulatedMedia", media="")


def test_sixty_segments_fit_too(tab: Any, write_page: Callable[[int], str]) -> None:
    check_width(tab, write_page(60), 390, 844)


def test_any_two_segments_can_be_compared_without_script(tab: Any, address: str) -> None:
    tab.size(625, 525)
    tab.open(address)
    tab.wait("document.readyState === 'complete'")
    shown = """[...document.querySelectorAll(".two thead .l, .two thead .r")].filter((e) => e.offsetParent)
      .map((e) => e.innerText[0])"""
    differences = """[...document.querySelectorAll(".pairs > span")].filter((e) => e.offsetParent)
      .map((e) => e.className)"""
    assert tab.js(shown) == ["A", "B"]
    assert set(tab.js(differences)) == {"p0-1"}
    tab.js("document.querySelector('.second-3').click()")
    assert tab.js(shown) == ["A", "D"]
    assert set(tab.js(differences)) == {"p0-3"}
    tab.js("document.querySelector('.first-3').click()")
    assert tab.js(shown) == ["D", "D"]
    assert tab.js(differences) == []


def test_the_keyboard_reaches_what_is_folded_and_the_choices(tab: Any, address: str) -> None:
    tab.size(1440, 900)
    tab.open(address)
    tab.wait("document.readyState === 'complete'")
    tab.press("Tab")
    assert tab.js("document.activeElement.tagName") == "SUMMARY"
    was_open = tab.js("document.activeElement.parentElement.open")
    tab.press("Enter")
    assert tab.js("document.activeElement.parentElement.open") is not was_open
    tab.js("document.querySelector('.first-0').focus()")
    tab.press("ArrowRight")
    assert tab.js("document.querySelector('.first-1').checked")


def test_it_works_in_a_sandboxed_frame_as_mlflow_shows_it(tab: Any, address: str, tmp_path: Path) -> None:
    html = Path(address.removeprefix("file://")).read_text(encoding="utf-8")
    escaped = html.replace("&", "&amp;").replace('"', "&quot;")
    file = tmp_path / "frame.html"
    frame = f'<iframe sandbox="allow-scripts" width="625" height="525" srcdoc="{escaped}"></iframe>'
    file.write_text(f"<!doctype html><meta charset=utf-8>{frame}", encoding="utf-8")
    tab.size(1440, 900)
    tab.open(file.as_uri())
    tab.wait("document.readyState === 'complete'")
    assert not tab.problems
