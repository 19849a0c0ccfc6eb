"""The table of an ablation on the page: what was stored is shown, escaped, and what cannot be read is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reporting.content.ablation import AblationContent, ablation_from_json
from reporting.content.report_content import DiscoveryContent, ReportContent
from reporting.page import html_report
from segment_model.errors import ArtefactError

TABLE = AblationContent(
    ("fit", "columns", "agreement"),
    (("all groups", "5", "1.00"), ("without <b>Wert</b>", "4", "")),
    ("of goals, the area under the ROC curve",),
)


def test_it_is_read_as_it_was_written() -> None:
    assert ablation_from_json(TABLE.to_json().encode()) == TABLE


@pytest.mark.parametrize(
    "stored", [b"", b"[]", b'{"headings": ["a"]}', b'{"headings":["a"],"rows":[["1","2"]],"notes":[]}']
)
def test_what_is_no_table_is_refused(stored: bytes) -> None:
    with pytest.raises(ArtefactError, match=r"ablation\.json of the ablation's run"):
        ablation_from_json(stored)


def test_the_page_shows_it_only_where_it_was_made(make_content: Callable[..., DiscoveryContent]) -> None:
    content = ReportContent("t", make_content())
    assert 'id="ablation"' not in html_report(content)
    page = html_report(ReportContent("t", content.discovery, ablation=TABLE))
    assert 'id="ablation"' in page
    assert "without &lt;b&gt;Wert&lt;/b&gt;" in page
    assert "Of goals, the area under the ROC curve." in page
