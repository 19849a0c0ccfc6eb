"""A table of a run as a page for people."""

from __future__ import annotations

import re

import pandas as pd

from registry.runs.run_files import table_page

TABLE = pd.DataFrame(
    {
        "segment": ["<b>loyal</b>", "rare"],
        "share": [0.0000841234, 0.5],
        "total": [1234.5, float("nan")],
        "chosen": [True, False],
        "remark": ["refused: two halves of the customers agree to 0.50, under 0.5", None],
    }
)


def rows_of(page: str) -> list[list[tuple[str, str]]]:
    """The class and the text of each cell, row by row, the headings first."""
    cells = re.compile(r'<t[hd](?: scope="col")? class="(\w*)">(.*?)</t[hd]>')
    return [own for row in page.split("<tr>")[1:] if (own := cells.findall(row))]


def test_numbers_are_plain_and_stand_at_the_right() -> None:
    _, first, second = rows_of(table_page("segments", TABLE))
    assert first[1:3] == [("number", "0.0000841"), ("number", "1,234")]
    assert second[1:3] == [("number", "0.5"), ("number", "–")]


def test_truth_is_a_word_and_long_texts_have_room() -> None:
    headings, first, second = rows_of(table_page("candidates", TABLE))
    assert [text for _, text in headings] == list(TABLE.columns)
    assert (first[3], second[3]) == (("", "yes"), ("", "no"))
    assert (first[4][0], second[4]) == ("long", ("long", "–"))
    assert first[0] == ("", "&lt;b&gt;loyal&lt;/b&gt;")


def test_names_of_rows_are_the_first_column() -> None:
    headings, first, _ = rows_of(table_page("flow", TABLE.set_index("segment")))
    assert headings[0][1] == "segment"
    assert first[0][1] == "&lt;b&gt;loyal&lt;/b&gt;"
