from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry.connection import RegistryLocation, connected
from registry.runs.discovery_runs import log_discovery
from registry.runs.records import DiscoveryRecord
from registry.versions import segment_names
from registry.versions.promotions import promote
from registry.versions.registration import register
from registry.versions.segment_names import find_segment_id, rename_segment
from registry.versions.versions import alias_state, fetch, list_versions
from segment_model.cards import SegmentLabel
from segment_model.errors import ArtefactError, NewerFormatError, RegistryError
from segments import SegmentModel
from tests.registries import registry_in

pytestmark = [
    # mlflow 3.17 compares column labels with a range, which pandas 3.1 is about to change
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated:DeprecationWarning"),
    # mlflow 3.17 maps a table by a loader strategy that sqlalchemy is about to remove
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"),
]


@pytest.fixture
def registered(tmp_path: Path, logged: tuple[RegistryLocation, str]) -> tuple[RegistryLocation, str]:
    """A copy of the logged registry that a test may change; stored paths still point to the shared artifacts."""
    location, run_id = logged
    assert location.database is not None
    shutil.copyfile(location.database, tmp_path / "mlflow.db")
    return registry_in(tmp_path), run_id


def stored_model(location: RegistryLocation, record: DiscoveryRecord) -> Path:
    """Where a freshly registered champion's saved model lies, for a test to damage."""
    promote(location, register(location, log_discovery(location, record)))
    assert location.database is not None
    (manifest,) = (location.database.parent / "artifacts").rglob("manifest.json")
    return manifest.parent


def test_what_is_fetched_is_what_was_logged(
    logged: tuple[RegistryLocation, str], kmeans_model: SegmentModel, planted: Any
) -> None:
    location, run_id = logged
    fetched = fetch(location)
    assert (fetched.version, fetched.run_id) == ("1", run_id)
    assert fetched.model.digest == kmeans_model.digest
    pd.testing.assert_frame_equal(fetched.model.assign(planted.frame), kmeans_model.assign(planted.frame))


def test_alias_and_version_name_the_same_model(logged: tuple[RegistryLocation, str]) -> None:
    location, run_id = logged
    assert fetch(location, "1").model.digest == fetch(location, "champion").model.digest
    assert alias_state(location, "1") == alias_state(location, "champion")
    version = list_versions(location)[0]
    assert (alias_state(location).version, alias_state(location).digest) == (version.version, version.digest)
    assert (version.version, version.run_id, version.aliases) == ("1", run_id, ("champion",))
    assert version.digest == fetch(location).model.digest
    assert version.segment_ids == fetch(location).model.ids
    assert version.created.year >= 2026


def test_registering_a_run_twice_makes_one_version(registered: tuple[RegistryLocation, str]) -> None:
    location, run_id = registered
    assert register(location, run_id) == register(location, run_id) == "1"
    assert len(list_versions(location)) == 1


def test_the_newest_version_comes_first_and_the_alias_moves(
    registered: tuple[RegistryLocation, str], record: DiscoveryRecord, hdbscan_model: SegmentModel
) -> None:
    location, _ = registered
    second = register(location, log_discovery(location, replace(record, model=hdbscan_model)))
    assert second == "2"
    assert [(version.version, version.aliases) for version in list_versions(location)] == [
        ("2", ()),
        ("1", ("champion",)),
    ]
    assert promote(location, "2").aliases == ("champion",)
    assert promote(location, "1", "challenger").aliases == ("challenger",)
    assert [(version.version, version.aliases) for version in list_versions(location)] == [
        ("2", ("champion",)),
        ("1", ("challenger",)),
    ]
    assert fetch(location).model.digest == hdbscan_model.digest
    assert promote(location, "challenger").aliases == ("challenger", "champion")  # rolling back by name


def test_what_is_not_there_is_answered_with_what_is(logged: tuple[RegistryLocation, str]) -> None:
    location, _ = logged
    for which in ("7", "chalenger", "not an alias!", ""):
        with pytest.raises(RegistryError, match=r"no version or alias .*Versions: 1; aliases: champion"):
            fetch(location, which)
    with pytest.raises(RegistryError, match="no version or alias '7'"):
        promote(location, "7")
    elsewhere = replace(location, model_name="another-model")
    with pytest.raises(RegistryError, match=r"holds no model 'another-model': run `segments discover` first"):
        fetch(elsewhere)
    for act in (find_segment_id, lambda *of: rename_segment(*of, "Loyal")):
        with pytest.raises(RegistryError, match=r"holds no model 'another-model': run `segments discover` first"):
            act(elsewhere, "seg-1")
    assert list_versions(elsewhere) == []


def test_an_alias_that_mlflow_does_not_allow_is_refused(registered: tuple[RegistryLocation, str]) -> None:
    with pytest.raises(RegistryError, match="'v1' is no alias"):
        promote(registered[0], "1", "v1")


def test_a_damaged_model_is_never_served_nor_promoted(location: RegistryLocation, record: DiscoveryRecord) -> None:
    saved = stored_model(location, record)
    array = saved / "arrays" / "assigner_centroids.npy"
    content = bytearray(array.read_bytes())
    content[-1] ^= 1
    array.write_bytes(content)
    with pytest.raises(ArtefactError):
        fetch(location)
    with pytest.raises(ArtefactError):
        promote(location, "1", "challenger")
    assert list_versions(location)[0].aliases == ("champion",)


def test_a_model_exchanged_for_another_is_noticed(
    location: RegistryLocation, record: DiscoveryRecord, hdbscan_model: SegmentModel
) -> None:
    """Complete in itself, so that only the digest in the registry tells."""
    saved = stored_model(location, record)
    hdbscan_model.save(saved)
    with pytest.raises(ArtefactError, match=rf"{hdbscan_model.digest}, but .* was registered"):
        fetch(location)


def test_a_model_that_is_gone_is_a_clear_error(location: RegistryLocation, record: DiscoveryRecord) -> None:
    shutil.rmtree(stored_model(location, record))
    with pytest.raises(ArtefactError, match=r"the files of the model are not in .*: restore them or discover again"):
        fetch(location)


def test_a_damaged_model_is_not_registered(location: RegistryLocation, record: DiscoveryRecord) -> None:
    run_id = log_discovery(location, record)
    assert location.database is not None
    (document,) = (location.database.parent / "artifacts").rglob("model.json")
    document.write_text("{}")
    with pytest.raises(ArtefactError):
        register(location, run_id)
    assert list_versions(location) == []


def test_a_rename_is_seen_and_touches_no_byte_of_the_model(registered: tuple[RegistryLocation, str]) -> None:
    location, _ = registered
    before = fetch(location).model
    rename_segment(location, before.ids[0], "  Stammkunden – größte  ", 'call "first"\nthen write')
    after = fetch(location).model
    assert after.names[0] == "Stammkunden – größte"
    assert after.names[1:] == before.names[1:]
    assert after.digest == before.digest
    assert alias_state(location).labels == {
        before.ids[0]: SegmentLabel("Stammkunden – größte", 'call "first"\nthen write')
    }


def test_who_gave_a_name_and_when_stays_with_it(registered: tuple[RegistryLocation, str]) -> None:
    location, _ = registered
    first, second = fetch(location).model.ids[:2]
    at = datetime(2026, 7, 1, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    rename_segment(location, first, "Stammkunden", by="maria@example.com", at=at)
    with connected(location) as connection:  # as an older version of the software wrote it
        text = '{"name": "Neulinge", "notes": "new in June"}'
        connection.client.set_registered_model_tag(location.model_name, f"segment_label.{second}", text)
    labels = fetch(location).model.overlay
    assert labels[first] == SegmentLabel("Stammkunden", by="maria@example.com", at="2026-07-02T01:30:00+00:00")
    assert labels[first].signature == "maria@example.com, 2026-07-02"
    assert labels[second].signature == ""


def test_a_name_outlives_its_version(
    registered: tuple[RegistryLocation, str], record: DiscoveryRecord, kmeans_model: SegmentModel
) -> None:
    location, _ = registered
    rename_segment(location, kmeans_model.ids[0], "first name")
    rename_segment(location, kmeans_model.ids[0], "Loyal")
    rename_segment(location, kmeans_model.ids[1], "New")
    retrained = replace(kmeans_model, provenance={**kmeans_model.provenance, "retrained": True})
    promote(location, register(location, log_discovery(location, replace(record, model=retrained))))
    fetched = fetch(location)
    assert fetched.version == "2"
    assert fetched.model.names[:2] == ("Loyal", "New")


def test_bad_names_are_refused(registered: tuple[RegistryLocation, str], kmeans_model: SegmentModel) -> None:
    location, _ = registered
    known = kmeans_model.ids[0]
    with pytest.raises(RegistryError, match=rf"no version .* has a segment '{known[:-1]}'.*{known}"):
        rename_segment(location, known[:-1], "Loyal")
    with pytest.raises(RegistryError, match="is empty"):
        rename_segment(location, known, "   ")
    with pytest.raises(RegistryError, match=r"the registry holds 5,000"):
        rename_segment(location, known, "Loyal", "é" * 5000)
    for letter, texts in {
        "U+001B": {"name": "\x1b[2JLoyal"},
        "U+000A": {"name": "Loyal\nto us"},
        "U+DCFF": {"name": "Loyal", "notes": "\udcff"},  # a byte that is no UTF-8, on the command line
        "U+2028": {"name": "Loyal", "by": "ma\u2028ria"},
    }.items():
        with pytest.raises(RegistryError, match=f"has the character {re.escape(letter)}, which no line shows"):
            rename_segment(location, known, **texts)
    assert alias_state(location).labels == {}
    rename_segment(location, known, "Loyal", "é" * 4900)
    assert alias_state(location).labels[known].notes == "é" * 4900


def test_half_a_character_in_a_stored_name_is_not_served(
    registered: tuple[RegistryLocation, str], kmeans_model: SegmentModel
) -> None:
    location, _ = registered
    tag = f"segment_label.{kmeans_model.ids[0]}"
    with connected(location) as connection:
        connection.client.set_registered_model_tag(location.model_name, tag, '{"name": "\\ud800"}')
    with pytest.raises(RegistryError, match=f"the tag {tag} cannot be read: rename the segment to replace it"):
        fetch(location)
    rename_segment(location, kmeans_model.ids[0], "Loyal")
    assert fetch(location).model.names[0] == "Loyal"


def test_two_segments_never_bear_one_name(registered: tuple[RegistryLocation, str], kmeans_model: SegmentModel) -> None:
    location, _ = registered
    (first, second), shown = kmeans_model.ids[:2], kmeans_model.names[1]
    with pytest.raises(RegistryError, match=rf"{re.escape(repr(shown))} is the name of the segment {second} already"):
        rename_segment(location, first, f" {shown.upper()} ")
    assert alias_state(location).labels == {}
    rename_segment(location, second, "Loyal")
    with pytest.raises(RegistryError, match=rf"'Loyal' is the name of the segment {second} already"):
        rename_segment(location, first, "loyal")
    rename_segment(location, first, shown)  # which nobody bears any more
    rename_segment(location, second, "Loyal", "the same name again, with notes")
    assert fetch(location).model.names[:2] == (shown, "Loyal")


def test_a_segment_is_found_by_what_people_or_the_discovery_call_it(
    registered: tuple[RegistryLocation, str], kmeans_model: SegmentModel
) -> None:
    location, _ = registered
    (first, second), names = kmeans_model.ids[:2], kmeans_model.names
    assert find_segment_id(location, first) == find_segment_id(location, f" {names[0].upper()} ") == first
    rename_segment(location, first, "Loyal")
    assert find_segment_id(location, "loyal") == find_segment_id(location, names[0]) == first
    rename_segment(location, second, names[0])  # the present name of one wins over the former name of the other
    assert find_segment_id(location, names[0]) == second
    with pytest.raises(
        RegistryError, match=rf"has a segment 'Loyale'. Did you mean 'Loyal'\? Known: .*{first} \('Loyal'\)"
    ):
        find_segment_id(location, "Loyale")


def test_a_segment_of_a_lost_model_is_found_by_the_name_that_people_gave(
    location: RegistryLocation, record: DiscoveryRecord, kmeans_model: SegmentModel
) -> None:
    saved = stored_model(location, record)
    rename_segment(location, kmeans_model.ids[0], "Loyal")
    shutil.rmtree(saved)
    assert find_segment_id(location, "loyal") == kmeans_model.ids[0]
    with pytest.raises(RegistryError, match="has a segment 'champions'"):
        find_segment_id(location, "champions")


MORE_NONSENSE = ("[" * 5000, '{"name": 5}', '{"name": "Loyal", "notes": null}', '{"name": ["Loyal"]}', "null", "{}")


def test_a_segment_of_a_lost_model_can_be_renamed_and_what_was_not_compared_is_told(
    location: RegistryLocation, record: DiscoveryRecord, kmeans_model: SegmentModel
) -> None:
    saved = stored_model(location, record)
    first, second, third = kmeans_model.ids[:3]
    assert rename_segment(location, first, "Loyal") == ""
    shutil.rmtree(saved)
    with pytest.raises(RegistryError, match=f"'Loyal' is the name of the segment {first} already"):
        rename_segment(location, second, "loyal")
    with connected(location) as connection:
        connection.client.set_registered_model_tag(location.model_name, f"segment_label.{third}", '{"name": 5}')
    remark = rename_segment(location, second, "New")
    assert re.match("version 1 cannot be read, so only names that people gave were compared: the files of", remark)
    rename_segment(location, third, "Others")
    assert {segment_id: label.name for segment_id, label in alias_state(location).labels.items()} == {
        first: "Loyal",
        second: "New",
        third: "Others",
    }


def test_a_segment_of_a_model_of_a_newer_format_can_be_renamed_too(
    registered: tuple[RegistryLocation, str], kmeans_model: SegmentModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    location, _ = registered

    def newer(*_: Any) -> None:
        raise NewerFormatError("the model has format 99; this version reads up to 1: update it")

    monkeypatch.setattr(segment_names, "load_version", newer)
    remark = rename_segment(location, kmeans_model.ids[0], "Loyal")
    assert remark == (
        "version 1 cannot be read, so only names that people gave were compared: "
        "the model has format 99; this version reads up to 1: update it"
    )
    assert alias_state(location).labels[kmeans_model.ids[0]].name == "Loyal"


def test_a_label_edited_by_hand_into_nonsense_is_named(
    registered: tuple[RegistryLocation, str], kmeans_model: SegmentModel
) -> None:
    location, _ = registered
    key = f"segment_label.{kmeans_model.ids[0]}"
    for nonsense in ("Loyal", json.dumps({"nmae": "Loyal"}), json.dumps(["Loyal"]), *MORE_NONSENSE):
        with connected(location) as connection:
            connection.client.set_registered_model_tag(location.model_name, key, nonsense)
        with pytest.raises(RegistryError, match=rf"the tag {key} cannot be read: rename the segment to replace it"):
            fetch(location)
    rename_segment(location, kmeans_model.ids[0], "Loyal")
    assert fetch(location).model.names[0] == "Loyal"


def test_a_version_that_is_not_ours_is_named(registered: tuple[RegistryLocation, str]) -> None:
    location, run_id = registered
    with connected(location) as connection:
        connection.client.create_model_version(location.model_name, source="s3://elsewhere/model", run_id=run_id)
    with pytest.raises(
        RegistryError, match=r"version 2 .* has no tag 'digest': `segments discover` did not register it"
    ):
        fetch(location, "2")


def test_a_name_that_breaks_queries_is_refused(location: RegistryLocation) -> None:
    with pytest.raises(RegistryError, match="quotation mark"):
        list_versions(replace(location, model_name="o'hara"))


def test_many_threads_fetch_at_once(logged: tuple[RegistryLocation, str], planted: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    location, _ = logged
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: fetch(location).model, range(8)))
    assert len({model.digest for model in models}) == 1
    strengths = [model.assign(planted.frame.head(5))["strength"] for model in models]
    assert all(np.array_equal(strength, strengths[0]) for strength in strengths)
