"""A person names a segment by its id or by what it is called; a name that two segments have is refused."""

from __future__ import annotations

import pytest

from segment_model.cards import SegmentLabel
from segment_model.errors import ContractError
from segment_model.language.segment_lookup import find_segment, listed_segments, nearest_segment
from segment_model.model import SegmentModel

PRESENT = {"seg-a": "champions", "seg-b": "Treue Kunden ✓", "seg-c": "new"}
FORMER = {"seg-a": "loyal", "seg-b": "champions", "seg-c": "new", "seg-gone": "lapsed"}


@pytest.mark.parametrize(
    ("wanted", "segment_id"),
    [
        ("seg-a", "seg-a"),
        ("seg-gone", "seg-gone"),
        ("champions", "seg-a"),  # the present name wins over seg-b's former one
        (" CHAMPIONS ", "seg-a"),
        ("treue kunden ✓", "seg-b"),
        ("loyal", "seg-a"),
        ("lapsed", "seg-gone"),
        ("nobody", None),
        ("", None),
    ],
)
def test_ids_then_present_names_then_former_ones(wanted: str, segment_id: str | None) -> None:
    assert find_segment(wanted, PRESENT, FORMER) == segment_id


def test_an_id_wins_over_another_segments_name() -> None:
    assert find_segment("seg-a", {"seg-a": "b", "seg-b": "seg-a"}, {}) == "seg-a"


def test_a_name_of_several_segments_is_refused_with_their_ids() -> None:
    with pytest.raises(
        ContractError, match="'new' is the name of seg-a and of seg-b: write the id of the one you mean"
    ):
        find_segment("new", {"seg-b": "new", "seg-a": "New"}, {})
    with pytest.raises(ContractError, match="seg-a and of seg-b"):
        find_segment("old", {"seg-a": "x", "seg-b": "y"}, {"seg-a": "old", "seg-b": "old"})


def test_segments_are_listed_with_both_and_the_nearest_is_proposed() -> None:
    assert listed_segments({"seg-a": "champions", "seg-c": "new"}) == "seg-a ('champions'), seg-c ('new')"
    assert nearest_segment("champoins", PRESENT) == " Did you mean 'champions'?"
    assert nearest_segment("seg-aa", PRESENT) == " Did you mean 'seg-a'?"


def test_a_model_knows_its_segments_by_the_names_of_people_and_of_the_discovery(kmeans_model: SegmentModel) -> None:
    found_as = kmeans_model.names[0]
    renamed = kmeans_model.with_overlay({kmeans_model.ids[0]: SegmentLabel("Our darlings")})
    assert renamed.id_of("our darlings") == renamed.id_of(found_as) == renamed.id_of(renamed.ids[0]) == renamed.ids[0]
    with pytest.raises(
        ContractError, match=r"no segment 'Our darling'; the model has seg-.* Did you mean 'Our darlings'"
    ):
        renamed.id_of("Our darling")
    with pytest.raises(ContractError, match="no segment 'Our darlings'"):
        renamed.position("Our darlings")  # programs name a segment by its id
