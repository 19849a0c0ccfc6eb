"""The geometry of charts: places are those of the numbers, gaps stay gaps, letters do not cover one another."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.charts.line_chart import Line, line_chart, spaced
from reporting.charts.map_chart import map_chart
from reporting.charts.scale import Scale, round_step, scale_of, spaced_ticks
from reporting.charts.sparkline import sparkline
from reporting.charts.stacked_chart import Layer, stacked_chart
from reporting.content.report_content import MapContent

NUMBERS = st.lists(st.none() | st.floats(-1e9, 1e9), min_size=1, max_size=14)


def points(path: str) -> list[tuple[int, int]]:
    return [(int(across), int(down)) for across, down in re.findall(r"[ML](\d+) (-?\d+)", path)]


def test_a_line_goes_through_its_numbers_and_breaks_where_there_is_none() -> None:
    chart = line_chart([Line("A", "a", "c0", [0.0, 5.0, None, 10.0])], ["1", "2", "3", "4"], "{:.0f}".format)
    assert chart.lines[0].path == "M0 1000L333 500M1000 0"
    assert [tick.label for tick in chart.y_ticks] == ["0", "2", "4", "6", "8", "10"]
    assert chart.lines[0].end == 100.0


def test_steps_hold_a_number_until_the_next() -> None:
    chart = line_chart([Line("A", "a", "c0", [1.0, 0.5])], ["0", "1"], "{:.1f}".format, steps=True)
    assert points(chart.lines[0].path) == [(0, 0), (1000, 0), (1000, 500)]


def test_hollow_marks_are_apart_from_full_ones() -> None:
    line = Line("A", "a", "c0", [1.0, 2.0, 3.0], hollow=[True, False, False])
    drawn = line_chart([line], ["1", "2", "3"], str).lines[0]
    assert drawn.hollow_marks == "M0 667h0"
    assert drawn.full_marks == "M500 333h0M1000 0h0"


def test_a_band_lies_between_its_ends() -> None:
    line = Line("A", "a", "c0", [0.5, 0.5], low=[0.25, 0.25], high=[1.0, 1.0])
    band = line_chart([line], ["1", "2"], str).lines[0].band
    assert points(band) == [(0, 0), (1000, 0), (1000, 750), (0, 750)]
    assert band.endswith("Z")


@given(st.lists(NUMBERS, min_size=1, max_size=8).filter(lambda rows: len({len(row) for row in rows}) == 1))
def test_everything_is_drawn_inside_and_letters_are_apart(rows: list[list[float | None]]) -> None:
    lines = [Line(str(n), "", "c0", row) for n, row in enumerate(rows)]
    chart = line_chart(lines, [str(n) for n in range(len(rows[0]))], str)
    assert all(0 <= place <= 1000 for line in chart.lines for point in points(line.path) for place in point)
    ends = sorted(line.end for line in chart.lines if line.end is not None)
    assert all(later - earlier > 6.8 for earlier, later in pairwise(ends))
    assert all(-0.1 <= end <= 100.1 for end in ends)


def test_letters_stay_by_their_lines_and_where_they_cannot_a_leader_says_whose_they_are() -> None:
    """Three lines at the top: the lowest keeps its place, and each leader begins at the last number."""
    rows = [[10.0, 10.0, None], [10.0, 10.0, 10.0], [10.0, 2.0, 2.0]]
    chart = line_chart([Line(str(n), "", "c0", row) for n, row in enumerate(rows)], ["1", "2", "3"], str)
    first, second, lowest = chart.lines
    assert lowest.end == 20.0
    assert (second.end, first.end) == (100.0, 90.5) or (first.end, second.end) == (100.0, 90.5)
    assert (first.leader, second.leader) == ("M500 0H1000", "M1000 0H1000")
    assert {first.to_letter, second.to_letter} == {"M0 0L1000 0", "M0 0L1000 95"}


@pytest.mark.parametrize(
    ("wanted", "apart"),
    [
        ([50.0, 52.0], [46.0, 56.0]),
        ([0.0, 1.0, 90.0], [0.0, 10.0, 90.0]),
        ([95.0, 100.0, 100.0], [80.0, 90.0, 100.0]),
        ([10.0, 30.0], [10.0, 30.0]),
        ([], []),
    ],
)
def test_places_move_as_little_as_possible(wanted: list[float], apart: list[float]) -> None:
    assert spaced(wanted, 10.0) == pytest.approx(apart)


def test_layers_stand_on_one_another_and_add_up() -> None:
    chart = stacked_chart(
        [Layer("A", "a", "c0", [1.0, 3.0]), Layer("B", "b", "c1", [1.0, None])], ["1", "2"], str, [True, False]
    )
    assert points(chart.layers[0].path) == [(0, 667), (1000, 0), (1000, 1000), (0, 1000)]
    assert points(chart.layers[1].path) == [(0, 333), (1000, 0), (1000, 0), (0, 667)]
    assert [layer.middle for layer in chart.layers] == [50.0, None]
    assert chart.striped == ((0.0, 50.0),)


def test_letters_of_thin_layers_do_not_cover_each_other() -> None:
    layers = [
        Layer("ABCDEFGHIJ"[n], str(n), "c0", [1.0, height]) for n, height in enumerate([7, 7, 7, 7, 20, 7, 7, 38])
    ]
    chart = stacked_chart(layers, ["1", "2"], str)
    middles = [layer.middle for layer in chart.layers if layer.middle is not None]
    assert all(above - below >= 9.5 for below, above in pairwise(middles))
    assert chart.layers[7].middle is not None
    assert chart.layers[4].middle is not None
    assert len(middles) == 5


def test_a_sparkline_needs_two_numbers_and_marks_the_last() -> None:
    assert sparkline([None, 3.0, None], [False] * 3, "") is None
    line = sparkline([1.0, 1.0, 1.0], [True, False, False], "flat")
    assert line is not None
    assert (line.path, line.last) == ("M0 500L500 500L1000 500", "M1000 500h0")


def test_scales_end_at_round_numbers_that_hold_all() -> None:
    assert scale_of([3.2, 87.0]) == Scale(0.0, 100.0)
    assert scale_of([]) == Scale(0.0, 1.0)
    assert scale_of([None, float("nan"), 0.0]) == Scale(0.0, 1.0)
    assert scale_of([-5.0, 5.0]).low <= -5.0
    assert scale_of([10.0, 11.0], from_zero=False) == Scale(10.0, 11.0)
    assert [round_step(least) for least in (0.9, 1.0, 1.1, 2.1, 30.0)] == [1.0, 1.0, 2.0, 2.5, 50.0]


@pytest.mark.parametrize("count", [1, 2, 7, 13, 37])
def test_labels_have_room_and_the_newest_is_written(count: int) -> None:
    labels = [str(n) for n in range(count)]
    ticks = spaced_ticks(labels)
    assert len(ticks) <= 8
    assert ticks[-1].label == labels[-1]
    assert not ticks[-1].minor
    assert spaced_ticks(labels, from_start=True)[0].label == "0"


def test_an_island_a_segment_with_its_letter_near_it() -> None:
    islands = map_chart(MapContent((0, 0, 1_000, 500), (0, 0, 1_000, 500), (0, 0, 1, -1), "UMAP"))
    assert [island.position for island in islands] == [-1, 0, 1]
    assert islands[1].dots == "M20 980h0M20 980h0"
    assert islands[2].left > 90
    assert islands[2].top < 10
    assert map_chart(MapContent((), (), (), "none")) == ()


def test_letters_lie_on_no_dot_where_a_place_beside_them_is_free() -> None:
    """Two rings: the middle of the one is free, that of the other holds the dots of a third segment."""
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    rings = [(centre + 120 * np.cos(angles), 500 + 120 * np.sin(angles)) for centre in (250, 750)]
    square = np.meshgrid(np.arange(690, 811, 20), np.arange(440, 561, 20))
    parts = [*rings, tuple(axis.ravel() for axis in square)]
    across, up = (tuple(int(place) for part in parts for place in part[axis]) for axis in (0, 1))
    segment = tuple(number for number, part in enumerate(parts) for _ in part[0])
    islands = map_chart(MapContent(across, up, segment, "UMAP"))
    drawn = [points(island.dots) for island in islands]
    dots = np.array([dot for own in drawn for dot in own]) / 10
    owners = [island.position for island, own in zip(islands, drawn, strict=True) for _ in own]
    for island in islands:
        away = np.abs(dots - (island.left, island.top))
        assert (away.max(axis=1) > 2).all() or island.position == 2, "among its own dots nothing is free"
        assert owners[np.hypot(*away.T).argmin()] == island.position
    assert abs(islands[0].left - 25) < 5, "in the middle of its ring"


def test_letters_of_segments_at_one_place_do_not_cover_each_other() -> None:
    islands = map_chart(MapContent((500,) * 30, (500,) * 30, tuple(range(30)), "UMAP"))
    places = [(island.left, island.top) for island in islands]
    for number, (left, top) in enumerate(places):
        assert all(abs(left - other) >= 5 or abs(top - below) >= 5 for other, below in places[:number])
        assert 2 < left < 98
        assert 2 < top < 98
