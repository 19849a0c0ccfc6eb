"""What a discovery leaves for later reports: it comes back from JSON as it was, under today's names."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from reporting.content.changes import what_changed
from reporting.content.of_discovery import content_of_discovery
from reporting.content.report_content import BORDER, TYPICAL, DiscoveryContent
from reporting.content.stored_content import content_from_json, content_to_json
from segment_model.cards import SegmentLabel
from segment_model.errors import ArtefactError
from training.discovery.discovery import Discovery
from training.profiling.rule_learning import learn_rules
from training.succession.succession import succeed


@pytest.fixture(scope="module", params=["kmeans", "hdbscan"])
def discovery(request: pytest.FixtureRequest) -> Discovery:
    discovery: Discovery = request.getfixturevalue(f"{request.param}_discovery")
    return discovery


@pytest.fixture(scope="module")
def content(discovery: Discovery) -> DiscoveryContent:
    rules = learn_rules(discovery.frame, discovery.contract, discovery.labels, discovery.model.cards)
    return content_of_discovery(discovery, rules, {"orders": {"rows": 7}})


def test_it_comes_back_as_it_was(content: DiscoveryContent) -> None:
    assert content_from_json(content_to_json(content)) == content


def test_its_numbers_are_the_frames(discovery: Discovery, content: DiscoveryContent) -> None:
    assert content.customers == len(discovery.frame)
    assert content.unassigned == int((discovery.labels < 0).sum())
    everyone = discovery.frame["monetary_value"].sum()
    for position, segment in enumerate(content.segments):
        members = discovery.frame[discovery.labels == position]
        assert segment.size == len(members)
        assert segment.money[0].total == pytest.approx(members["monetary_value"].sum())
        assert segment.money[0].share == pytest.approx(members["monetary_value"].sum() / everyone)
    assert len(content.map.across) == len(content.map.up) == len(content.map.segment) <= 3_000
    assert {min(content.map.across), max(content.map.across)} == {0, 1_000}
    assert dict(content.facts)["table orders"] == "7 rows"


def test_examples_are_customers_of_the_segment_none_twice_and_a_border_case(
    discovery: Discovery, content: DiscoveryContent
) -> None:
    for position, segment in enumerate(content.segments):
        members = set(discovery.frame.index[discovery.labels == position])
        customers = [example.customer for example in segment.examples]
        assert set(customers) <= members
        assert len(set(customers)) == len(customers)
        assert [example.why for example in segment.examples] == [TYPICAL] * 3 + [BORDER]
        border = segment.examples[-1]
        assert border.strength <= min(example.strength for example in segment.examples)
        assert border.beside in {other.id for other in content.segments} - {segment.id}
        assert all(len(example.values) == len(segment.columns) for example in segment.examples)


def test_typical_customers_can_be_left_out(discovery: Discovery) -> None:
    bare = content_of_discovery(discovery, representatives=False)
    assert all(segment.examples == () for segment in bare.segments)


def test_today_s_names_replace_the_stored_ones(content: DiscoveryContent) -> None:
    first, second = content.segments[0], content.segments[1]
    named = content.labelled({first.id: SegmentLabel("größer & <b>", "a note"), "seg-else": SegmentLabel("x")})
    assert (named.segments[0].name, named.segments[0].notes) == ("größer & <b>", "a note")
    assert named.segments[1] == second
    assert replace(named, segments=content.segments) == content


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "content": {"as_of": 3}}', "\x00"])
def test_what_is_no_content_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(ArtefactError, match=r"evidence.json cannot be read .*: discover again"):
        content_from_json(text)


def test_a_newer_format_is_refused(content: DiscoveryContent) -> None:
    document = json.loads(content_to_json(content))
    with pytest.raises(ArtefactError, match="has format 2, this version reads 1"):
        content_from_json(json.dumps({**document, "format": 2}))


def test_keys_that_an_earlier_version_wrote_are_left_out(content: DiscoveryContent, discovery: Discovery) -> None:
    model, _ = succeed(discovery.model, discovery.model, discovery.frame)
    retrained = replace(content, what_changed=what_changed(discovery.model, model, discovery.frame))
    document = json.loads(content_to_json(retrained))
    document["content"]["what_changed"] |= {"previous_version": "", "previous_day": "", "moved": None}
    assert content_from_json(json.dumps(document)) == retrained


def test_a_model_that_continues_itself_changes_nothing(discovery: Discovery) -> None:
    model, _ = succeed(discovery.model, discovery.model, discovery.frame)
    changed = what_changed(discovery.model, model, discovery.frame)
    assert {segment.fate for segment in changed.segments} == {"kept"}
    assert (changed.compared, changed.reassigned, changed.notes) == (len(discovery.frame), 0, ())
    total = sum(segment.money_old or 0 for segment in changed.segments)
    assigned = discovery.model.assign(discovery.frame)["segment_id"].notna().to_numpy()
    assert total == pytest.approx(discovery.frame["monetary_value"][assigned].sum())
    for segment in changed.segments:
        assert segment.size_old == segment.size_new
        assert segment.money_old == segment.money_new
        assert segment.arrivals == ()


def test_segments_of_a_champion_that_cannot_read_today_s_customers_ended(
    kmeans_discovery: Discovery, hdbscan_discovery: Discovery
) -> None:
    short = pd.DataFrame(kmeans_discovery.frame.drop(columns="plan"))
    changed = what_changed(hdbscan_discovery.model, kmeans_discovery.model, short)
    assert changed.reassigned is None
    assert "the vectors lack plan" in changed.notes[0]
    fates = {segment.id: segment.fate for segment in changed.segments}
    assert {fates[own] for own in kmeans_discovery.model.ids} == {"new"}
    assert {fates[own] for own in hdbscan_discovery.model.ids} == {"ended"}
    assert all(segment.size_then for segment in changed.segments if segment.fate == "ended")
