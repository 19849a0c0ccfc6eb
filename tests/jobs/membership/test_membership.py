"""Who was where at each month end: what the model says of vectors as of then, and nothing that came later.

Sixty customers of a small shop in 2026: some buy often, some seldom; ten begin to buy often in April; five have their
first order in March, and until then only an event, so that no model can read them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.history import NOT_ASSIGNABLE
from analytics.month_ends import MonthEnds
from features.as_of import AsOf
from features.conditions.on_vectors.vector_figures import FrameFigures
from features.history.table_history import TableHistory, open_history
from features.vector_file import write_vectors
from features.vector_table import IdType
from jobs.customer_vectors import learned_by, vectors_of
from jobs.membership.compared_columns import compared_columns
from jobs.membership.membership import Membership, compute_members, membership_of
from jobs.membership.membership_file import MOST_FILES, membership_file, read_members, write_members
from jobs.membership.met_conditions import conditions_of
from jobs.membership.month_members import assigned
from jobs.run_content.provenance import provenance
from jobs.segment_table.destination import SegmentTable
from jobs.segment_table.write import Stamp, write_segments
from segment_model.errors import SettingsError, SourceError
from segment_model.model import SegmentModel
from training.discovery.discovery import discover
from training.settings import Settings, parse_settings

AS_OF = date(2026, 7, 1)
AT_END = AsOf.at(AS_OF, "UTC")
ENDS = MonthEnds.before(AsOf.at(AS_OF, "UTC").local, 6)
OFTEN, RISING, LATE = range(20), range(45, 55), range(55, 60)
SETTINGS = {
    "as_of": "2026-07-01",
    "sources": {
        "orders": {"file": "orders.parquet"},
        "events": {"file": "events.parquet"},
        "customers": {
            "file": "customers.parquet",
            "attributes": {
                "faith": {"kind": "category", "sensitive": True},
                "size": {"kind": "category"},
                "city": {"kind": "category"},
                "third": {"kind": "category"},
                "vip": {"kind": "flag"},
            },
        },
    },
    "features": {"rfm": {"window_days": 60, "scores": False}},
    "discovery": {"algorithms": [{"algorithm": "kmeans", "segments": 2, "starts": 1}], "force": True},
}


@dataclass(frozen=True)
class Shop:
    """Its folder, its settings and the model that they made."""

    folder: Path
    settings: Settings
    model: SegmentModel

    @contextmanager
    def history(self) -> Iterator[TableHistory]:
        until, learned = AsOf.at(AS_OF, "UTC"), learned_by(self.model)
        with open_history(self.settings.sources, self.settings.features, until, self.folder, learned) as history:
            yield history

    def members(self, announce: Callable[[str], None] = lambda _: None) -> Membership:
        with self.history() as history:
            return membership_of(self.settings, self.folder, self.model, history, ENDS, AT_END, announce)


def order_days(number: int) -> list[date]:
    first = date(2026, 1, 1) + timedelta(days=number % 5)
    days = [first + timedelta(days=3 * n) for n in range(61)]
    if number in RISING:
        days = [day for n, day in enumerate(days) if day.month > 3 or n % 10 == 0]
    elif number not in OFTEN:
        days = days[::10]
    return [day for day in days if day < AS_OF and not (number in LATE and day.month < 3)]


def write_shop(folder: Path) -> None:
    everyone = [f"c{number:02d}" for number in range(60)]
    orders = [(everyone[n], pd.Timestamp(day), 10.0 + n) for n in range(60) for day in order_days(n)]
    columns = ["customer_id", "ordered_at", "amount"]
    pd.DataFrame(orders, columns=columns).to_parquet(folder / "orders.parquet", index=False)
    events = pd.DataFrame({"customer_id": everyone, "occurred_at": pd.Timestamp("2026-01-05")})
    events.to_parquet(folder / "events.parquet", index=False)
    plain = {"size": "small", "city": "Zoë's", "third": "x", "faith": "y", "vip": False}
    first = pd.DataFrame({"customer_id": everyone, "known_at": pd.Timestamp("2026-01-01"), **plain})
    later = first.assign(known_at=pd.Timestamp("2026-05-15"), size="large", vip=True).iloc[:30]
    pd.concat([first, later], ignore_index=True).to_parquet(folder / "customers.parquet", index=False)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder)
    settings = parse_settings(SETTINGS)
    vectors = vectors_of(settings, folder)
    made = discover(vectors.frame, vectors.contract, settings.discovery, provenance(settings, vectors))
    return Shop(folder, settings, made.model)


def at(membership: Membership, position: int) -> pd.DataFrame:
    members = membership.members
    return members[members.position == position].set_index("customer_id")


def test_each_month_is_what_the_model_says_of_vectors_as_of_then_told_the_month_before(shop: Shop) -> None:
    membership = shop.members()
    previous: pd.Series[str] | None = None
    for position, day in enumerate(ENDS.dates):
        settings = shop.settings.model_copy(update={"as_of": day})
        if day > date(2026, 1, 1):
            frame = vectors_of(settings, shop.folder, learned_by(shop.model)).frame
            alone = assigned(shop.model, frame, None if day == AS_OF else previous)  # the cards' own moment
            assert at(membership, position).segment.to_dict() == alone.to_dict()
            previous = None if position in membership.short_history else alone
    assert at(membership, 0).empty, "nobody is a customer before the first day"


def test_the_first_month_end_with_customers_is_what_assign_says(shop: Shop, tmp_path: Path) -> None:
    february = shop.settings.model_copy(update={"as_of": date(2026, 2, 1)})
    vectors = vectors_of(february, shop.folder, learned_by(shop.model))
    write_vectors(vectors, tmp_path / "vectors.parquet")
    readable = vectors.frame[vectors.frame.recency_days.notna()]
    answers = shop.model.assign(readable).segment_id
    members = at(shop.members(), 1).segment
    assert members[members != NOT_ASSIGNABLE].to_dict() == answers.to_dict()


def test_whoever_lacks_what_no_training_customer_lacked_is_not_assignable_and_told(shop: Shop) -> None:
    membership = shop.members()
    for position in (1, 2):
        segments = at(membership, position).segment
        assert set(segments.index[segments == NOT_ASSIGNABLE]) == {f"c{number}" for number in LATE}
    assert NOT_ASSIGNABLE not in set(at(membership, 3).segment), "their first order is in March"
    assert any("at the end of 2026-01: 5 customers" in note for note in membership.notes)


def test_whoever_begins_to_buy_often_moves_and_no_one_else(shop: Shop) -> None:
    membership = shop.members()
    march, july = at(membership, 2).segment, at(membership, 6).segment
    both = march.index[(march != NOT_ASSIGNABLE)]
    moved = {customer for customer in both if march[customer] != july[customer]}
    assert moved == {f"c{number}" for number in RISING}


def test_a_customer_on_a_border_stays_where_the_month_before_was(shop: Shop) -> None:
    frame = vectors_of(shop.settings, shop.folder, learned_by(shop.model)).frame
    basis = [column.name for column in shop.model.contract.basis]
    seldom, often = (frame.loc[[customer], basis].to_numpy(dtype=float) for customer in ("c30", "c00"))
    steps = frame.loc[["c00"] * 401].set_axis([f"p{n}" for n in range(401)])
    steps[basis] = seldom + (often - seldom) * np.linspace(0, 1, 401)[:, None]
    alone = assigned(shop.model, steps)
    first, other = alone.iloc[0], alone.iloc[-1]
    assert first != other
    after_first = assigned(shop.model, steps, pd.Series(first, steps.index))
    after_other = assigned(shop.model, steps, pd.Series(other, steps.index))
    assert (after_first != after_other).sum() > 0, "near the border both stay"
    assert after_first.iloc[0] == after_other.iloc[0] == first
    assert after_first.iloc[-1] == after_other.iloc[-1] == other


def test_nobody_stays_in_the_segment_of_a_month_end_of_short_history(shop: Shop) -> None:
    with shop.history() as history:
        whole = compute_members(shop.model, history, ENDS, (), frozenset(range(len(ENDS.dates))))
        frame = history.vectors(AsOf.at(AS_OF, "UTC")).frame
    last = whole[whole.position == len(ENDS.dates) - 1].set_index("customer_id").segment
    assert last.to_dict() == assigned(shop.model, frame).to_dict()


def test_attributes_are_those_of_then(shop: Shop) -> None:
    settings = shop.settings.model_copy(
        update={"analytics": shop.settings.analytics.model_copy(update={"compare": ("size", "vip")})}
    )
    with shop.history() as history:
        membership = membership_of(settings, shop.folder, shop.model, history, ENDS, AT_END, lambda _: None)
    april, june = at(membership, 4), at(membership, 5)
    assert ENDS.dates[4:6] == (date(2026, 5, 1), date(2026, 6, 1))
    assert set(april["size"]) == {"small"}, "15 May is not known on 1 May"
    assert set(april.vip) == {"no"}
    assert june["size"].value_counts().to_dict() == {"small": 30, "large": 30}
    assert june.vip.value_counts().to_dict() == {"no": 30, "yes": 30}


def test_attributes_without_a_date_are_named_in_one_sentence(shop: Shop, tmp_path: Path) -> None:
    write_shop(tmp_path)
    listed = pd.read_parquet(tmp_path / "customers.parquet").drop_duplicates("customer_id", keep="last")
    listed.drop(columns="known_at").to_parquet(tmp_path / "customers.parquet", index=False)
    own = Shop(tmp_path, shop.settings, shop.model)
    undated = [note for note in own.members().notes if "what is true today" in note]
    assert undated == ["size, city: no known_at says since when, so past months have what is true today"]
    assert not any("what is true today" in note for note in shop.members().notes)


def test_the_usual_comparison_leaves_out_what_is_sensitive(shop: Shop) -> None:
    with shop.history() as history:
        assert compared_columns(shop.settings, history.contract) == ("size", "city")
        for column, match in (
            ("faith", "is sensitive"),
            ("frequency", "is a count, and groups are made of text or flags"),
            ("sise", "no column 'sise' in the vector. Did you mean 'size'"),
        ):
            analytics = shop.settings.analytics.model_copy(update={"compare": (column,)})
            with pytest.raises(SettingsError, match=match):
                compared_columns(shop.settings.model_copy(update={"analytics": analytics}), history.contract)


def test_it_is_computed_once_and_again_when_a_file_changes(shop: Shop, tmp_path: Path) -> None:
    write_shop(tmp_path)
    own = Shop(tmp_path, shop.settings, shop.model)
    messages: list[str] = []
    first = own.members(messages.append)
    again = own.members(messages.append)
    assert messages == ["assigning customers at 7 month ends"]
    pd.testing.assert_frame_equal(again.members, first.members)
    assert again.notes == first.notes
    orders = pd.read_parquet(tmp_path / "orders.parquet")
    orders[orders.customer_id != "c00"].to_parquet(tmp_path / "orders.parquet", index=False)
    changed = own.members(messages.append)
    assert len(messages) == 2
    assert at(changed, 6).segment["c00"] == NOT_ASSIGNABLE, "without orders there is no recency"


def test_a_file_that_is_broken_is_computed_anew_and_a_folder_that_cannot_be_written_is_told(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shop(tmp_path)
    own = Shop(tmp_path, shop.settings, shop.model)
    first = own.members()
    (kept,) = (tmp_path / ".segments").glob("*.parquet")
    kept.write_bytes(b"PAR1 and no more")
    pd.testing.assert_frame_equal(own.members().members, first.members)
    assert read_members(kept) is not None
    kept.unlink()

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    messages: list[str] = []
    monkeypatch.setattr("jobs.membership.membership.write_members", refuse)
    pd.testing.assert_frame_equal(own.members(messages.append).members, first.members)
    assert "is not kept for the next time" in messages[-1]


def test_few_files_are_kept(tmp_path: Path) -> None:
    members = pd.DataFrame({"customer_id": ["a"], "position": [0], "segment": ["s"]})
    files = [membership_file(tmp_path, {"number": number}) for number in range(MOST_FILES + 2)]
    for second, file in enumerate(files):
        write_members(members, file)
        os.utime(file, (second, second))
    assert {path for path in files if path.exists()} == set(files[2:])
    assert (tmp_path / ".segments" / ".gitignore").read_text() == "*\n"


def test_nobody_at_all_is_an_empty_table(shop: Shop) -> None:
    before = MonthEnds((date(2025, 1, 1), date(2025, 2, 1)), AsOf.at(AS_OF, "UTC").local)
    with shop.history() as history:
        members = compute_members(shop.model, history, before, ("size",))
    assert members.empty
    assert list(members.columns) == ["customer_id", "position", "segment", "size"]


def test_conditions_are_those_of_then_and_part_of_what_the_file_was_made_from(shop: Shop, tmp_path: Path) -> None:
    write_shop(tmp_path)
    asked = shop.settings.model_copy(update={"conditions": {"large": "size = 'large'", "often": "frequency >= 10"}})
    own = Shop(tmp_path, asked, shop.model)
    with own.history() as history:
        vectors = {day: history.vectors(AsOf.at(day, "UTC")).frame for day in ENDS.dates}
        conditions = conditions_of(asked, history.contract, FrameFigures(vectors[AS_OF]))
        ask = (asked, tmp_path, shop.model, history, ENDS, AT_END)
        membership = membership_of(*ask, lambda _: None, conditions)
        without = membership_of(*ask, lambda _: None)
    for position, day in enumerate(ENDS.dates):
        members, frame = at(membership, position), vectors[day]
        for name, met in (("large", frame["size"] == "large"), ("often", frame["frequency"] >= 10)):
            texts = members[f"meets {name}"]
            assert texts.to_dict() == {customer: "meets" if met[customer] else "rest" for customer in members.index}
    assert at(membership, 4)["meets large"].eq("rest").all(), "15 May is not known on 1 May"
    assert at(membership, 5)["meets large"].value_counts().to_dict() == {"meets": 30, "rest": 30}
    assert "meets large" not in without.members.columns, "another file"
    assert len(list((tmp_path / ".segments").glob("*.parquet"))) == 2


def test_a_condition_on_a_sensitive_column_is_refused_unless_it_is_allowed(shop: Shop) -> None:
    asked = shop.settings.model_copy(update={"conditions": {"believers": "faith = 'y'"}})
    with shop.history() as history:
        frame = history.vectors(AT_END).frame
        with pytest.raises(SettingsError, match=r"conditions\.believers: 'faith' is sensitive: leave it out, or set"):
            conditions_of(asked, history.contract, FrameFigures(frame))
        allowed = asked.model_copy(update={"discovery": asked.discovery.model_copy(update={"allow_sensitive": True})})
        assert conditions_of(allowed, history.contract, FrameFigures(frame))["believers"].meets(frame).all()


def test_where_a_job_wrote_who_was_where_that_counts_and_is_told(
    shop: Shop, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end of April all sixty were the other way round, but c01, whom the job left out; the rows of a version
    whose segment ended, of another model and of a day that ends no month do not count."""
    monkeypatch.setenv("WRITTEN_URL", postgres_url)
    write_shop(tmp_path)
    table = SegmentTable("WRITTEN_URL", "written_segments")
    computed = Shop(tmp_path, shop.settings, shop.model).members()
    first, second = shop.model.ids
    turned = at(computed, 4).segment.map({first: second, second: first}).drop("c01")
    ended = at(computed, 3).segment.where(lambda segments: segments != second, "seg-ended")
    write_to(table, turned, datetime(2026, 5, 1), version=1)
    write_to(table, ended, datetime(2026, 4, 1), version=1)
    write_to(table, turned, datetime(2026, 6, 1), version=1, model_name="another")
    write_to(table, turned, datetime(2026, 6, 2), version=1)
    analytics = {"written": {"postgres": "WRITTEN_URL", "table": "written_segments"}}
    asked = Shop(tmp_path, parse_settings({**SETTINGS, "analytics": analytics}), shop.model)
    membership = asked.members()
    assert at(membership, 4).segment.to_dict() == {**turned.to_dict(), "c01": NOT_ASSIGNABLE}
    for position in (1, 2, 3, 6):
        assert at(membership, position).segment.to_dict() == at(computed, position).segment.to_dict()
    about_the_table = [note for note in membership.notes if "written_segments" in note]
    assert about_the_table == [
        "at 1 month end, the segments are those that jobs wrote into written_segments, not those of today's model: "
        "2026-05-01",
        "today's model computes the month ends at which written_segments names segments that the champion no longer "
        "has: 2026-04-01 (version 1: seg-ended)",
    ]
    write_to(table, at(computed, 4).segment, datetime(2026, 5, 1), version=2)
    assert at(asked.members(), 4).segment.to_dict() == at(computed, 4).segment.to_dict(), "the version written last"


def test_a_table_that_cannot_be_read_is_one_line(
    shop: Shop, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRITTEN_URL", postgres_url)
    analytics = {"written": {"postgres": "WRITTEN_URL", "table": "not_there"}}
    asked = Shop(shop.folder, parse_settings({**SETTINGS, "analytics": analytics}), shop.model)
    with pytest.raises(SourceError, match='the segments cannot be read: relation "not_there" does not exist'):
        asked.members()


def write_to(
    table: SegmentTable, segments: pd.Series[str], as_of: datetime, version: int, model_name: str = "customer-segments"
) -> None:
    """What `segments assign --to` writes of these segments."""
    answer = {"segment_name": "n", "strength": 0.5, "runner_up_id": "r", "unassigned": False, "novel": False}
    assigned_rows = segments.rename("segment_id").to_frame().assign(**answer)
    write_segments([assigned_rows], IdType.TEXT, Stamp(as_of, model_name, version), table)
