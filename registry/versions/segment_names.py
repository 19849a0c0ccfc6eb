"""Names and notes that people give to segments: an overlay, kept as one tag a segment on the registered model.

So two people may rename two segments at once, a name survives a retrain, and the digest-checked model never changes.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, astuple
from datetime import UTC, datetime
from typing import Any

from registry.connection import Connection, RegistryLocation, connected
from registry.limits import TAG_LIMIT
from registry.versions.entities import CHAMPION, aliases_of, known_versions, load_version, segment_ids_of
from segment_model.cards import SegmentLabel
from segment_model.errors import ArtefactError, RegistryError, counted, nearest_word
from segment_model.language.segment_lookup import find_segment, listed_segments, nearest_segment

LABEL = "segment_label."
NO_TEXT = ("Cs",)  # half a character: what a terminal of another encoding sends
NO_LINE = ("Cc", "Zl", "Zp")  # ends of lines, and what a terminal obeys


def find_segment_id(location: RegistryLocation, segment: str) -> str:
    """The id of the segment that a person names by its id or by its name.

    Names are those of the champion, or without one of the newest version: the present ones, then those that its
    segments were discovered under. So are the names that people gave to segments of other versions.

    Raises
    ------
    RegistryError
        If no segment has the id or name.
    ContractError
        If several segments have the name.
    """
    with connected(location) as connection:
        versions = known_versions(connection)
        if any(segment in segment_ids_of(version) for version in versions):
            return segment
        present, former = _names_by_id(connection, versions)
    segment_id = find_segment(segment, present, former)
    if segment_id is None:
        raise RegistryError(
            f"no version of {location.model_name!r} has a segment {segment!r}.{nearest_segment(segment, present)}"
            f" Known: {listed_segments(present) or 'none'}"
        )
    return segment_id


def _names_by_id(connection: Connection, versions: Sequence[Any]) -> tuple[dict[str, str], dict[str, str]]:
    """The present names of the champion's segments, without one of the newest version's, and all former names."""
    aliases, chosen = aliases_of(connection), _chosen_names(connection)
    ours = [version for version in versions if segment_ids_of(version)]
    champion = [version for version in ours if CHAMPION in aliases.get(str(version.version), ())]
    discovered: dict[str, str] = {}
    for version in [*champion, *ours][:1]:
        with suppress(ArtefactError):  # a model that cannot be read has the names that people gave
            discovered = {card.id: card.name for card in load_version(connection, version).discovered_cards}
    present = {segment_id: chosen.get(segment_id, name) for segment_id, name in discovered.items()}
    return present or chosen, {**chosen, **discovered}


def _chosen_names(connection: Connection) -> dict[str, str]:
    """The names that people gave, by segment id; a label that cannot be read holds none."""
    names = {}
    for segment_id, text in _label_texts(connection).items():
        with suppress(ValueError, TypeError):
            names[segment_id] = _label(text).name
    return names


def rename_segment(
    location: RegistryLocation, segment_id: str, name: str, notes: str = "", *, by: str = "", at: datetime | None = None
) -> str:
    """Name a segment, in every past and future version that has it; a later name replaces an earlier one.

    by, at : who gives name and notes, and when (with a time zone); shown with them.

    Returns a remark, which is empty unless the model cannot be read (its files are lost or changed, or a newer version
    of the software wrote them), so that only names that people gave could be compared.

    Raises
    ------
    RegistryError
        If no version has the segment, another segment of the same model bears the name, the name is empty, name and
        notes are too long, or one of the texts has a character that cannot be shown or stored.
    """
    _check_letters("name", name.strip(), (*NO_TEXT, *NO_LINE))
    _check_letters("name of who gives it", by, (*NO_TEXT, *NO_LINE))
    _check_letters("notes", notes, NO_TEXT)
    if not name.strip():
        raise RegistryError(f"the name of the segment {segment_id} is empty: give it one")
    moment = "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds")
    label = json.dumps(asdict(SegmentLabel(name.strip(), notes, by, moment)), ensure_ascii=False)
    if len(label) > TAG_LIMIT:
        raise RegistryError(f"name and notes take {counted(len(label), 'character')}; the registry holds {TAG_LIMIT:,}")
    with connected(location) as connection:
        versions = known_versions(connection)
        known = {known_id for version in versions for known_id in segment_ids_of(version)}
        if segment_id not in known:
            raise RegistryError(
                f"no version of {location.model_name!r} has a segment {segment_id!r}.{nearest_word(segment_id, known)}"
                f" Known: {', '.join(sorted(known)) or 'none'}"
            )
        beside, remark = _names_beside(connection, versions, segment_id)
        for other, shown in beside.items():
            if shown.casefold() == name.strip().casefold():
                raise RegistryError(
                    f"{shown!r} is the name of the segment {other} already: give {segment_id} another, or rename that "
                    "one first"
                )
        connection.client.set_registered_model_tag(location.model_name, f"{LABEL}{segment_id}", label)
        return remark


def _check_letters(what: str, text: str, refused: Sequence[str]) -> None:
    """Refuse the Unicode categories that would break a line of the terminal, or that no database holds."""
    for letter in text:
        if unicodedata.category(letter) in refused:
            raise RegistryError(f"the {what} has the character U+{ord(letter):04X}, which no line shows: leave it out")


def _names_beside(connection: Connection, versions: Sequence[Any], segment_id: str) -> tuple[dict[str, str], str]:
    """The names of the other segments by id, and a remark.

    The names are those of the champion if it has the segment, else of the newest version that has it. If that model
    cannot be read, only the names that people gave are known, and the remark says why; else the remark is empty.
    """
    aliases = aliases_of(connection)
    bearing = [version for version in versions if segment_id in segment_ids_of(version)]
    champion = [version for version in bearing if CHAMPION in aliases.get(str(version.version), ())]
    version, remark = [*champion, *bearing][0], ""
    try:
        names = {card.id: card.name for card in load_version(connection, version).discovered_cards}
    except ArtefactError as error:
        names = {}
        remark = f"version {version.version} cannot be read, so only names that people gave were compared: {error}"
    own = segment_ids_of(version)
    names |= {segment: name for segment, name in _chosen_names(connection).items() if segment in own}
    names.pop(segment_id, None)
    return names, remark


def labels_of(connection: Connection) -> dict[str, SegmentLabel]:
    """The names and notes that people gave, by segment id, over an open connection.

    Raises
    ------
    RegistryError
        If a label cannot be read.
    """
    labels = {}
    for segment_id, text in _label_texts(connection).items():
        try:
            labels[segment_id] = _label(text)
        except (ValueError, TypeError) as error:
            raise RegistryError(
                f"the tag {LABEL}{segment_id} cannot be read: rename the segment to replace it ({error})"
            ) from error
    return labels


def _label_texts(connection: Connection) -> dict[str, str]:
    tags = connection.client.get_registered_model(connection.location.model_name).tags
    return {key.removeprefix(LABEL): text for key, text in tags.items() if key.startswith(LABEL)}


def _label(text: str) -> SegmentLabel:
    """The label that a tag holds; a ValueError or TypeError where it holds none."""
    try:
        label = SegmentLabel(**json.loads(text))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not all(isinstance(part, str) for part in astuple(label)):
        raise TypeError("name, notes, by and at are texts")
    "".join(astuple(label)).encode()  # half a character could not be served
    return label
