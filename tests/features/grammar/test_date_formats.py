"""Date formats: directives are checked, and a format that fits is proposed."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from pydantic import ValidationError

from features.grammar.date_formats import date_format
from features.grammar.proposals import fitting_formats, moment_advice
from features.settings import TableSource


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("%d/%m", "a year"),
        ("%m/%Y", "a day"),
        ("%d %Y", "a month"),
        ("%d/%m/%Y %y", "a year"),
        ("%d/%m/%Y %d", "%d twice"),
        ("%d/%m/%Y %Q", "'%Q'"),
        ("%d/%m/%Y %", "'%'"),
        ("%d/%m/%Y %I:%M", "%I needs %p"),
        ("%d/%m/%Y %H:%M %p", "%p needs %I"),
        ("%d/%m/%Y %z", "%z needs %H or %I"),
        ("%d/%m/%Y %H:%S", "%S needs %M"),
        ("DD/MM/YYYY", "a year"),
        ("", "a year"),
    ],
)
def test_a_format_that_makes_no_moment_is_refused_by_the_settings(text: str, fragment: str) -> None:
    for form in (text, {"ordered_at": text}):
        with pytest.raises(ValidationError) as caught:
            TableSource.model_validate({"file": "orders.csv", "date_format": form})
        assert fragment in str(caught.value)


@pytest.mark.parametrize(
    ("directives", "text", "moment"),
    [
        ("%d/%m/%Y", " 6/9/2026 ", date(2026, 9, 6)),
        ("%-d.%-m.%y", "6.9.69", date(1969, 9, 6)),
        ("%D %R", "06/09/68 23:59", datetime(2068, 6, 9, 23, 59)),
        ("%F", "2026-06-29", date(2026, 6, 29)),
        ("%d%%%m%%%Y", "29%06%2026", date(2026, 6, 29)),
        ("%A %e %B %Y", "Monday 1 may 2026", date(2026, 5, 1)),
        ("%d/%m/%Y", "31/06/2026", None),
        ("%Y%m%d", "2026629", None),
        ("%Y年%m月%d日", "2026年6月29日", date(2026, 6, 29)),
    ],
)
def test_a_text_of_a_format(directives: str, text: str, moment: date | None) -> None:
    assert date_format(directives).read(text) == moment


@pytest.mark.parametrize(
    ("texts", "fitting"),
    [
        (["05/06/26"], ("%d/%m/%y", "%m/%d/%y")),
        (["05/06/26", "25/06/26"], ("%d/%m/%y",)),
        (["6/9/26", "6/13/26"], ("%m/%d/%y",)),
        (["6/13/26 02:05 PM", "06/14/26 12:00 AM"], ("%m/%d/%y %I:%M %p",)),
        (["29-06-26"], ("%d-%m-%y",)),
        (["26-06-29", "98-12-31"], ("%y-%m-%d",)),
        (["2026-06-29 10:10:00 PM"], ("%Y-%m-%d %I:%M:%S %p",)),
        (["29.06.2026 14:05"], ("%d.%m.%Y %H:%M",)),
        (["Jun 29, 2026 at 10:10 PM"], ("%b %d, %Y at %I:%M %p",)),
        (["20260629"], ("%Y%m%d",)),
        (["5"], ()),
        (["1782775800"], ("unix",)),
        (["1782775800250"], ("unix_ms",)),
        (["1782775800250123"], ("unix_us",)),
        (["1782775800250123456", "1782775800000000000"], ("unix_ns",)),
        (["4912345678123"], ()),  # a telephone, by its size of the year 2125
        (["29Jun2026", "01JUL2026"], ("%d%b%Y",)),
        (["29JUN26"], ("%d%b%y",)),
        (["29/06/2026 14:05:00 +0200"], ("%d/%m/%Y %H:%M:%S %z",)),
        (["2026-06-29 hello"], ()),
        ([], ()),
    ],
)
def test_the_formats_that_fit_a_column(texts: list[str], fitting: tuple[str, ...]) -> None:
    assert fitting_formats(texts) == fitting


def test_a_named_zone_is_proposed_as_the_time_zone() -> None:
    advice = moment_advice(["2026-06-29 10:00:00 America/New_York", "2026-06-30 11:00:00 America/New_York"])
    assert advice == (
        'or set `features.time_zone: America/New_York` and `date_format: "%Y-%m-%d %H:%M:%S America/New_York"`'
    )
    assert moment_advice(["2026-06-29 10:00:00 America/New_York", "2026-06-30 11:00:00 Europe/Berlin"]) == ""


@pytest.mark.parametrize("texts", [["2026-01", "2026-12"], ["2026-W05"], ["2026 Q1", "2025q4"], ["202601"]])
def test_months_and_weeks_name_no_day(texts: list[str]) -> None:
    assert moment_advice(texts) == "for it names no day: write the first one of each, such as 2026-06-29"
    assert "names no day" not in moment_advice([*texts, "2026-13"])


def test_days_of_a_spreadsheet_are_named_with_the_way_out() -> None:
    advice = moment_advice(["45123", " 45107.5 ", "37622"])
    assert advice.startswith("for 37622 seems to be a spreadsheet's number of the day 2003-01-01: format the column")
    assert "(.xlsx)" in advice
    for other in (["45123", "x"], ["45123", "99999"], ["10115"], ["4512"], []):  # a word, no day, a postcode
        assert moment_advice(other) == ""
