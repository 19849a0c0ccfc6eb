"""The tables add up to the customers' own numbers, and the page tells everything without trusting any text."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from reporting.page import HOW_TO_READ, html_report
from reporting.pictures.all_pictures import PICTURES
from reporting.tables import candidate_table, money_columns, segment_table, titled
from segment_model.cards import SegmentLabel
from segment_model.rules import OneOf, Rule
from segments import Column, Kind, Role, VectorContract
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.profiling.rule_learning import learn_rules
from training.settings import DiscoverySettings
from training.succession.succession import succeed

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
MARKUP = "<script>alert('x')</script>"


class Page(HTMLParser):
    """The elements and the words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(params=["kmeans", "hdbscan"])
def discovery(request: pytest.FixtureRequest) -> Discovery:
    discovery: Discovery = request.getfixturevalue(f"{request.param}_discovery")
    return discovery


@pytest.fixture(scope="module")
def hostile() -> Discovery:
    """Two groups in a table whose names and levels are markup, with unicode, one sensitive column and money."""
    generator = np.random.default_rng(5)
    group = np.repeat([0, 1], 40)
    frame = pd.DataFrame(
        {
            "<b>visits</b>": generator.poisson(np.array([3.0, 60.0])[group]).astype(float),
            "mrr": np.array([10.0, 500.0])[group] * generator.uniform(0.9, 1.1, 80),
            "mrr_change": generator.uniform(0, 1, 80),
            "plan": pd.array(np.array([MARKUP, "größer & 日本"], dtype=object)[group], dtype="str"),
            "religion": pd.array(np.array(["secret-a", "secret-b"], dtype=object)[group], dtype="str"),
        },
        index=pd.Index([f"c{i}" for i in range(80)], name="customer_id", dtype="str"),
    )
    frame.loc["c0", "mrr"] = np.nan
    contract = VectorContract(
        (
            Column("<b>visits</b>", Kind.COUNT, unit="visits & views", low="<i>rare</i>"),
            Column("mrr", Kind.NUMBER, unit="EUR a month", nullable=True),
            Column("mrr_change", Kind.NUMBER, Role.DESCRIPTOR, unit="EUR a month"),
            Column("plan", Kind.CATEGORY),
            Column("religion", Kind.CATEGORY, Role.DESCRIPTOR, sensitive=True),
        )
    )
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=2), HdbscanSettings(min_cluster_sizes=(60,))))
    facts = {"as_of": "2026-01-01", "data_digest": "sha256:abc", "settings": {"title": MARKUP}}
    return discover(frame, contract, settings, facts)


def test_one_row_a_segment_whose_numbers_are_the_frames(discovery: Discovery) -> None:
    table = segment_table(discovery)
    assert table["segment_id"].tolist() == list(discovery.model.ids)
    assert table["name"].tolist() == list(discovery.model.names)
    unassigned = np.mean(discovery.labels < 0)
    assert table["share"].sum() == pytest.approx(1 - unassigned)
    assert table["size"].sum() == len(discovery.frame) - np.sum(discovery.labels < 0)
    for position, row in table.iterrows():
        members = discovery.frame[discovery.labels == position]
        assert row["size"] == len(members)
        assert row["total monetary_value (USD)"] == pytest.approx(members["monetary_value"].sum())
        assert row["median recency_days (days)"] == np.median(members["recency_days"])
        assert row["commonest plan"] == members["plan"].mode()[0]
        assert row["distinguished_by"].startswith(discovery.model.cards[position].differences[0].words)


def test_money_of_the_segments_and_the_unassigned_is_everyones(discovery: Discovery) -> None:
    table = segment_table(discovery)
    everyone = discovery.frame["monetary_value"].sum()
    nobody = discovery.frame["monetary_value"][discovery.labels < 0].sum()
    assert table["total monetary_value (USD)"].sum() + nobody == pytest.approx(everyone)
    assert table["share of monetary_value"].sum() == pytest.approx(1 - nobody / everyone)


def test_only_amounts_that_add_up_are_shared_out(hostile: Discovery) -> None:
    assert [column.name for column in money_columns(hostile)] == ["mrr"]  # not its change
    assert segment_table(hostile)["share of mrr"].sum() == pytest.approx(1)
    for unit in ("EUR an order", "USD a year", "points", ""):
        columns = [replace(c, unit=unit) if c.name == "mrr" else c for c in hostile.contract.columns]
        assert not money_columns(replace(hostile, contract=VectorContract(tuple(columns))))
    refunds = hostile.frame.assign(mrr=-hostile.frame["mrr"])
    assert not money_columns(replace(hostile, frame=refunds))


def test_every_candidate_has_a_row_with_its_scores_or_its_refusal(hostile: Discovery) -> None:
    table = candidate_table(hostile)
    assert table["candidate"].tolist() == [candidate.spec.name for candidate in hostile.candidates]
    assert table["chosen"].tolist() == [True, False, False]
    judgement = hostile.chosen.judgement
    assert judgement is not None
    assert table.loc[0, "silhouette"] == judgement.silhouette
    assert np.isnan(table.loc[2, "silhouette"])
    assert table.loc[2, "remark"] == "refused: fewer than two segments"
    assert "min_cluster_size=60" in str(table.loc[2, "parameters"])
    assert list(table.columns[-2:]) == ["chosen", "remark"]


def test_the_page_is_whole_and_needs_nothing_from_outside(discovery: Discovery) -> None:
    text = html_report(
        discovery, "Planted", {"customer_map": PIXEL, "my_own": PIXEL}, raw_tables={"orders": {"rows": 7}}
    )
    page = Page(text)
    assert page.open == []
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text.split("<body>")[0] + "".join(page.words))
    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "a"} == set()
    images = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    assert images == [f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"] * 2
    words = " ".join(page.words)
    assert HOW_TO_READ["customer_map"] in words
    assert discovery.choice.reason in words
    assert discovery.model.digest in words
    assert "7 rows" in words
    for card in discovery.model.cards:
        assert card.name in words
        assert card.sentence in words
        assert f"{card.size:,} customers" in words
    assert ("and so unassigned" in words) == bool((discovery.labels < 0).any())


def test_text_of_customers_is_never_markup(hostile: Discovery) -> None:
    model = hostile.model
    renamed = replace(
        hostile, model=model.with_overlay({model.ids[0]: SegmentLabel('<img src="http://evil">', "<b>notes</b>")})
    )
    text = html_report(renamed, MARKUP, {MARKUP: PIXEL}, {MARKUP: {MARKUP: 1}})
    page = Page(text)
    tags = [tag for tag, _ in page.tags]
    assert "script" not in tags
    assert tags.count("img") == 1
    words = " ".join(page.words)
    assert MARKUP in words
    assert '<img src="http://evil">' in words
    assert "<b>notes</b>" in words
    assert "größer & 日本" in words
    assert "<b>visits</b>" in words


def test_sensitive_columns_are_in_no_table_and_on_no_page(hostile: Discovery) -> None:
    assert "religion" not in " ".join(segment_table(hostile).columns)
    text = html_report(hostile, "t", {}).split("</details></section>")[0]
    assert "religion" not in text
    assert "secret-" not in text


def test_a_picture_that_could_not_be_drawn_is_named_on_the_page(hostile: Discovery) -> None:
    text = html_report(hostile, "t", {}, failed_pictures={"customer_map": "ValueError: <b>no ink</b>"})
    assert "The picture “customer map” could not be drawn: ValueError: <b>no ink</b>." in " ".join(Page(text).words)
    assert "could not be drawn" not in html_report(hostile, "t", {})


def test_the_numbers_of_the_page(hostile: Discovery) -> None:
    words = " ".join(Page(html_report(hostile, "t", {})).words)
    assert "Customer segments as of 2026-01-01" in words
    assert "50.0 %" in words
    share = hostile.frame["mrr"][hostile.labels == 0].sum() / hostile.frame["mrr"].sum()
    assert f"{100 * share:.1f} %" in words


def test_every_picture_has_a_sentence_on_how_to_read_it() -> None:
    assert set(HOW_TO_READ) == {picture.name for picture in PICTURES}
    assert all(HOW_TO_READ.values())


def test_a_title_says_the_unit_once() -> None:
    assert titled(Column("frequency", Kind.COUNT, unit="orders")) == "frequency (orders)"
    assert titled(Column("features_used", Kind.COUNT, unit="features")) == "features used"
    assert titled(Column("discount", Kind.SHARE, unit="of the price")) == "discount"
    assert titled(Column("plan", Kind.CATEGORY)) == "plan"


def test_each_card_shows_its_rule_with_figures(hostile: Discovery) -> None:
    plain = learn_rules(hostile.frame, hostile.contract, hostile.labels, hostile.model.cards)
    rules = [replace(rule, rules=(Rule((OneOf(hostile.contract.basis[0].name, (MARKUP,)),)),)) for rule in plain]
    text = html_report(hostile, "t", {}, rules=rules)
    page = Page(text)
    words = " ".join(page.words)
    assert "script" not in {tag for tag, _ in page.tags}
    assert words.count("as a rule") == len(hostile.model.cards)
    for rule in rules:
        assert f"WHERE {rule.sql()}" in words
        assert rule.precision is not None
        assert f"{100 * rule.precision:.1f} % of whom it matches are in the segment" in words


def test_a_retrain_says_what_became_of_the_champions_segments(discovery: Discovery) -> None:
    assert "Of the champion's segments" not in html_report(discovery, "t", {})
    model, lineage = succeed(discovery.model, discovery.model, discovery.frame)
    words = " ".join(Page(html_report(replace(discovery, model=model), "t", {})).words)
    assert "; ".join(lineage.sentences) in words
    assert f"reassigned: 0 of {len(discovery.frame)} customers" in words
