"""The words of a segment's name that do not hold for a customer are named, with the value that contradicts them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_model.errors import ArtefactError, ContractError
from segment_model.explanation.name_misfits import LEAST_ABOVE_ZERO, NAME_WORDS, Claim, ColumnClaim, misfits
from segments import Column, Kind, SegmentLabel, SegmentModel

DATA = Path(__file__).parents[2] / "data"
DAYS = Column("recency_days", Kind.COUNT, unit="days", label="time since the last order")
SPEND = Column("spend", Kind.NUMBER, unit="EUR")
SHARE = Column("discount_share", Kind.SHARE)
COUNTRY = Column("country", Kind.CATEGORY)
ONLINE = Column("online", Kind.FLAG)
JOINED = Column("joined", Kind.NUMBER, unit="year")
LAPSED = ColumnClaim(Claim("lapsed", "recency_days", least=180.0), DAYS)


def with_claims(model: SegmentModel, claims: list[Claim]) -> SegmentModel:
    """The model, whose every segment's name claims the same."""
    stored = {segment_id: [claim.to_json() for claim in claims] for segment_id in model.ids}
    return replace(model, provenance={**model.provenance, NAME_WORDS: stored})


@pytest.mark.parametrize(
    ("claim", "column", "known", "words"),
    [
        (Claim("lapsed", "recency_days", least=180.0), DAYS, 1,
         "time since the last order: 1 day, where 'lapsed' says at least 180 days"),
        (Claim("bought recently", "recency_days", most=30.0), DAYS, 31.0,
         "time since the last order: 31 days, where 'bought recently' says at most 30 days"),
        (Claim("spend 80 to 300 EUR", "spend", 80.0, 300.0), SPEND, 1234.5,
         "spend: 1,234.5 EUR, not 'spend 80 to 300 EUR'"),
        (Claim("growing", "spend", least=LEAST_ABOVE_ZERO), SPEND, 0.0, "spend: 0 EUR, where 'growing' says above 0"),
        (Claim("shrinking", "spend", most=-LEAST_ABOVE_ZERO), SPEND, 2, "spend: 2 EUR, where 'shrinking' says below 0"),
        (Claim("low", "spend", LEAST_ABOVE_ZERO, 9.0), SPEND, -1,
         "spend: -1 EUR, where 'low' says above 0 and at most 9 EUR"),
        (Claim("no upgrades", "recency_days", 0.0, 0.0), DAYS, 2,
         "time since the last order: 2 days, where 'no upgrades' says 0 days"),
        (Claim("discount seeker", "discount_share", least=0.2), SHARE, 0.05,
         "discount share: 5 %, where 'discount seeker' says at least 20 %"),
        (Claim("half", "discount_share", 0.4, 0.6), SHARE, 0.7, "discount share: 70 %, where 'half' says 40 % to 60 %"),
        (Claim("mostly Österreich (country)", "country", level="Österreich"), COUNTRY, "日本",
         "country: 日本, not 'mostly Österreich (country)'"),
        (Claim("online: yes", "online", 1.0, 1.0), ONLINE, False, "online: no, not 'online: yes'"),
        (Claim("joined 2010 to 2015", "joined", 2010.0, 2015.0), JOINED, 1999,
         "joined: 1999, not 'joined 2010 to 2015'"),
        (Claim("no order yet", "recency_days", unknown=True), DAYS, 4,
         "time since the last order: 4 days, where 'no order yet' says unknown"),
        # the value and the bound are written with the digits that part them
        (Claim("high spend", "spend", least=21.3837), SPEND, 21.3836,
         "spend: 21.3836 EUR, where 'high spend' says at least 21.3837 EUR"),
        (Claim("high spend", "spend", least=21.383712345678), SPEND, 21.383712345677,
         "spend: 21.383712345677, where 'high spend' says at least 21.383712345678"),
    ],
)  # fmt: skip
def test_a_misfit_in_words(claim: Claim, column: Column, known: Any, words: str) -> None:
    misfit = ColumnClaim(claim, column).misfit({column.name: known})
    assert misfit is not None
    assert (misfit.word, misfit.column, misfit.value) == (claim.word, column.name, known)
    assert misfit.words == words
    assert misfit.claims in words


@pytest.mark.parametrize("missing", [None, math.nan, np.nan, pd.NA, pd.NaT, float("nan")])
def test_a_missing_value_contradicts_nothing(missing: Any) -> None:
    level = ColumnClaim(Claim("mostly FR (country)", "country", level="FR"), COUNTRY)
    nobody = ColumnClaim(Claim("no order yet", "recency_days", unknown=True), DAYS)
    assert LAPSED.misfit({"recency_days": missing}) is LAPSED.misfit({}) is None
    assert level.misfit({"country": missing}) is nobody.misfit({"recency_days": missing}) is None


@pytest.mark.parametrize("strange", ["1", b"1", [1], True, 10**400, object()])
def test_what_is_no_value_of_the_column_contradicts_nothing(strange: Any) -> None:
    """A model does not read descriptors, so that it cannot refuse them."""
    assert LAPSED.misfit({"recency_days": strange}) is None
    assert ColumnClaim(Claim("mostly 1", "country", level="1"), COUNTRY).misfit({"country": 1.0}) is None


@given(st.floats(allow_nan=False), st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_number_fits_between_the_bounds_and_nowhere_else(known: float, first: float, second: float) -> None:
    least, most = min(first, second), max(first, second)
    misfit = ColumnClaim(Claim("w", "spend", least, most), SPEND).misfit({"spend": known})
    assert (misfit is None) == (least <= known <= most)
    if misfit is not None and math.isfinite(known):
        assert repr(misfit) == misfit.words
        assert "inf" not in misfit.claims


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([SPEND, SHARE, DAYS]))
def test_no_value_is_written_as_the_bound_that_it_misses(bound: float, column: Column) -> None:
    known = math.nextafter(bound, -math.inf)
    misfit = ColumnClaim(Claim("w", column.name, least=bound), column).misfit({column.name: known})
    assert misfit is not None
    if math.isfinite(known) and bound != LEAST_ABOVE_ZERO:
        shown, claimed = misfit.words.split(", where 'w' says at least ")
        assert shown != f"{column.title}: {claimed}"


@pytest.mark.parametrize(
    "claim",
    [
        Claim("lapsed", "recency_days", least=180.0),
        Claim("low 日本", "spend", -1.5, LEAST_ABOVE_ZERO),
        Claim("mostly Österreich, Süd (country)", "country", level="Österreich, Süd"),
        Claim("no order yet", "recency_days", unknown=True),
    ],
)
def test_a_claim_comes_back_from_json(claim: Claim) -> None:
    assert Claim.from_json(json.loads(json.dumps(claim.to_json(), allow_nan=False))) == claim


def test_an_explanation_says_which_words_do_not_hold(model: SegmentModel, planted: Any, tmp_path: Path) -> None:
    claims = [Claim("lapsed", "recency_days", least=1e6), Claim("thrifty", "monetary_value", most=1e9)]
    claiming = with_claims(model, claims)
    claiming.save(tmp_path / "model")
    loaded = SegmentModel.load(tmp_path / "model")
    assert loaded.digest == claiming.digest
    for _, row in planted.frame.iloc[:30].iterrows():
        customer = {name: None if pd.isna(own) else own for name, own in row.items()}
        assignment, why = loaded.explain_record(customer)
        untrue = why.name_misfits
        assert untrue is not None
        assert [(own.word, own.column, own.value) for own in untrue] == [
            ("lapsed", "recency_days", customer["recency_days"])
        ]
        assert untrue == loaded.name_misfits(customer, why.toward)
        against = loaded.explain_record(customer, against=assignment.runner_up_id)[1]
        assert against.name_misfits == untrue, "the general path says the same"
        assert f"unlike most of its segment: {untrue[0].words}" in repr(why)
        assert "unlike most of its segment" in why._repr_html_()


def test_a_model_without_stored_words_answers_as_before(model: SegmentModel, planted: Any) -> None:
    customer = {name: None if pd.isna(own) else own for name, own in planted.frame.iloc[0].items()}
    plain = {name: part for name, part in model.provenance.items() if name != NAME_WORDS}
    older = replace(model, provenance=plain)
    (assignment, why), (same, before) = model.explain_record(customer), older.explain_record(customer)
    assert assignment == same
    assert why[:5] == before[:5]
    assert before.name_misfits is older.name_misfits(customer, why.toward) is None


@pytest.mark.parametrize("algorithm", ["kmeans", "hdbscan"])
def test_a_golden_model_knows_nothing_of_words(algorithm: str) -> None:
    old = SegmentModel.load(DATA / f"model-v1-{algorithm}")
    assert old.name_claims == (None,) * len(old.ids)
    customer = json.loads((DATA / "answers-v1.json").read_text(encoding="utf-8"))["customers"][0]
    assert old.explain_record(customer)[1].name_misfits is None


def test_a_name_that_people_gave_claims_nothing_known(kmeans_model: SegmentModel, planted: Any) -> None:
    claims = with_claims(kmeans_model, [Claim("lapsed", "recency_days", least=1e6)])
    first, second = claims.ids[:2]
    customer = {"recency_days": 3.0}
    renamed = claims.with_overlay({first: SegmentLabel("Our darlings"), second: SegmentLabel(claims.names[1], "note")})
    assert renamed.name_misfits(customer, first) is None
    assert renamed.name_misfits(customer, second) == claims.name_misfits(customer, second) != ()
    with pytest.raises(ContractError, match="no segment 'seg-none'"):
        claims.name_misfits(customer, "seg-none")


@pytest.mark.parametrize("document", [{"word": "w", "column": "no_column"}, {"word": "w"}, {"claim": 1}])
def test_a_claim_of_another_form_is_refused_on_loading(
    kmeans_model: SegmentModel, document: dict[str, Any], tmp_path: Path
) -> None:
    stored = {kmeans_model.ids[0]: [document]}
    replace(kmeans_model, provenance={**kmeans_model.provenance, NAME_WORDS: stored}).save(tmp_path / "model")
    with pytest.raises(ArtefactError, match="words of a segment's name cannot be read"):
        SegmentModel.load(tmp_path / "model")


def test_no_known_claims_are_no_answer() -> None:
    assert misfits(None, {"spend": 1.0}) is None
    assert misfits((), {"spend": 1.0}) == ()
