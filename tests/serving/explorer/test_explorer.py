"""The page at `/`, in a real browser against the real service; and the map that it draws."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import itertools
import json
import os
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.load.service_process import free_port
from segment_model.encoding.reader import CustomerReader
from segment_model.explanation.name_misfits import NAME_WORDS, Claim
from segment_model.language.reasons import unlike_most
from segment_model.model import SegmentModel
from serving.contracts import responses
from serving.endpoints.pages.explorer import FILES
from serving.launcher import running_service
from serving.model.segment_plane import SegmentPlane
from serving.settings import ServiceSettings

SPEC = importlib.util.spec_from_file_location("browser", Path(__file__).with_name("browser.py"))
assert SPEC is not None
assert SPEC.loader is not None
browser = importlib.util.module_from_spec(SPEC)
sys.modules["browser"] = browser
SPEC.loader.exec_module(browser)

START_SECONDS = 120.0
SETTLED = "document.body?.dataset.settled === 'true'"
SEGMENT = "document.getElementById('segment').dataset.id"
KEY = "s3gm-ents"


# -- the map --------------------------------------------------------------------------------------------------------


def places(call: Any, customers: list[dict[str, Any]]) -> Any:
    sent = [{"id": f"C{i}", "features": features} for i, features in enumerate(customers)]
    return call("POST", "/locate", json.dumps({"customers": sent}).encode())


def test_the_plane_is_that_of_the_principal_components(kmeans: SegmentModel) -> None:
    plane = SegmentPlane.of(kmeans)
    centres = kmeans.assigner.centroids  # type: ignore[union-attr]
    covariance = np.cov(centres.T, bias=True)  # the segments are of one size
    values, vectors = np.linalg.eigh(covariance)
    for direction, vector in zip(plane.directions, vectors.T[::-1], strict=False):
        assert abs(direction @ vector) == pytest.approx(1, abs=1e-9)
    assert plane.kept == pytest.approx(values[-2:].sum() / values.sum())
    assert plane.places == pytest.approx((centres - centres.mean(axis=0)) @ plane.directions.T)


def test_customers_lie_where_their_encoded_points_project_to(
    call: Any, model: SegmentModel, many_customers: list[dict[str, Any]]
) -> None:
    picture = responses.MapResponse.model_validate(call("GET", "/map").json)
    assert [place.id for place in picture.segments] == list(model.ids)
    reply = responses.PlacesResponse.model_validate(places(call, many_customers[:50]).json)
    raw = CustomerReader(model.contract, model.encoder).records(many_customers[:50])
    expected = SegmentPlane.of(model).place(model.encoder.encode(raw))
    assert [[place.x, place.y] for place in reply.customers] == expected.tolist()
    assert [place.id for place in reply.customers] == [f"C{i}" for i in range(50)]


def test_a_value_that_cannot_be_used_is_refused_on_the_map_too(call: Any, good: dict[str, Any]) -> None:
    for wrong in ({"frequency": -1}, {"employees": "many"}):  # the second is a descriptor
        reply = places(call, [{**good, **wrong}])
        assert (reply.status, reply.error["code"]) == (422, "invalid_features")
        (detail,) = reply.error["details"]
        assert detail == {**call.assign_one({**good, **wrong}).error["details"][0], "customer": "C0"}


# -- the files ------------------------------------------------------------------------------------------------------


def test_the_page_names_no_outside_address_and_its_policy_allows_none(call_kmeans: Any) -> None:
    for path, (_, media_type) in FILES.items():
        reply = call_kmeans("GET", path)
        assert (reply.status, reply.headers["content-type"]) == (200, media_type)
        assert "default-src 'self'" in reply.headers["content-security-policy"]
        assert "unsafe" not in reply.headers["content-security-policy"]
        addresses = set(re.findall(r"https?://[^\s\"'`]+", reply.body.decode()))
        assert addresses <= {"http://www.w3.org/2000/svg"}, "a name, not an address"
        assert " on" not in re.sub(r">[^<]*<", "><", reply.body.decode()) or path != "/", "no script in attributes"


# -- in a browser ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def program(needed: Callable[..., Any]) -> str:
    return str(needed(browser.chromium(), "no Chromium is installed (apt-get install chromium)"))


@pytest.fixture(scope="module")
def saved(kmeans: SegmentModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explored")
    named(kmeans).save(folder / "tiny")
    return folder


def named(model: SegmentModel) -> SegmentModel:
    """The model, which knows what the names of two of its segments claim."""
    claims = {
        "s000": [Claim("frequent", "frequency", least=9.0)],
        "s002": [Claim("lapsed – weit fort", "recency_days", least=200.0)],
    }
    stored = {segment_id: [claim.to_json() for claim in own] for segment_id, own in claims.items()}
    return replace(model, provenance={**model.provenance, NAME_WORDS: stored})


@pytest.fixture(scope="module")
def url(saved: Path) -> Iterator[str]:
    with (saved / "log").open("wb") as log:
        settings = ServiceSettings(model_path=saved / "tiny")
        with running_service(settings, port=free_port(), log=log, timeout=START_SECONDS) as address:
            yield address


@pytest.fixture
def page(program: str, tmp_path: Path) -> Iterator[Any]:
    with browser.open_page(program, tmp_path) as opened:
        yield opened


def explored(page: Any) -> dict[str, Any]:
    """What the page shows, as numbers and ids."""
    shown: dict[str, Any] = page.js(
        """({
          segment: document.getElementById('segment').dataset.id,
          name: document.getElementById('segment').textContent,
          strength: Number(document.getElementById('strength').dataset.exact),
          x: Number(document.getElementById('you').dataset.x), y: Number(document.getElementById('you').dataset.y),
          by: Object.fromEntries([...document.querySelectorAll('#waterfall tr[data-feature]')]
            .map((row) => [row.dataset.feature, Number(row.dataset.by)])),
          misfits: document.getElementById('misfits').hidden ? '' : document.getElementById('misfits').textContent,
          values: JSON.parse(document.getElementById('typed').value),
        })"""
    )
    return shown


def check_shown(page: Any, model: SegmentModel) -> dict[str, Any]:
    """Everything on the page is the model's own answer for the values on the page."""
    shown = explored(page)
    assigned, why = model.explain_records([shown["values"]])
    assert shown["segment"] == model.ids[assigned.nearest[0]]
    assert shown["name"] == model.names[assigned.nearest[0]]
    assert shown["strength"] == pytest.approx(assigned.strength[0], abs=1e-12)
    assert shown["by"] == pytest.approx(dict(zip(why.columns, why.contributions[0].tolist(), strict=True)), abs=1e-12)
    untrue = named(model).name_misfits(shown["values"], shown["segment"])
    assert shown["misfits"] == unlike_most(untrue).strip()
    raw = CustomerReader(model.contract, model.encoder).records([shown["values"]])
    (place,) = SegmentPlane.of(model).place(model.encoder.encode(raw)).tolist()
    assert [shown["x"], shown["y"]] == pytest.approx(place, abs=1e-12)
    return shown


def test_a_value_is_changed_and_the_segment_changes(page: Any, url: str, kmeans: SegmentModel) -> None:
    page.size(1280, 900)
    page.open(f"{url}/")
    page.wait(SETTLED)
    assert check_shown(page, kmeans)["segment"] == "s000"
    page.js("document.getElementById('value-recency_days').focus()")
    page.js("document.getElementById('value-recency_days').select()")
    page.type("190")
    page.js("document.getElementById('value-frequency').select()")
    page.type("1")
    page.js("document.getElementById('value-monetary_value').select()")
    page.type("21.5")
    page.wait(f"{SETTLED} && {SEGMENT} === 's002'")
    shown = check_shown(page, kmeans)
    assert shown["values"]["monetary_value"] == 21.5
    assert shown["misfits"] == (
        "Unlike most of its segment: recency: 190 days, where 'lapsed – weit fort' says at least 200 days."
    )
    here = page.js("[...document.querySelectorAll('.card.here')].map((card) => card.dataset.id)")
    assert here == ["s002"], "the card of the segment is marked"
    assert page.problems == [], "nothing was blocked or failed"
    assert all(address.startswith(url) for address in page.addresses), "no outside address"


def test_names_on_the_map_cover_neither_circles_nor_one_another(page: Any, url: str) -> None:
    """Circles as they lay where names once did; real names, and one that is too long."""
    named = [
        ("staying away, campaign fans", 285, 94, 18),
        ("campaign fans, seen recently", 385, 124, 23),
        ("low spend, staying away", 15, 97, 14),
        ("hardly reached by campaigns, staying away", 155, 138, 20),
        ("seen recently, hardly reached by campaigns", 250, 183, 19),
        ("x" * 22 + "🙂" * 20 + " " + "y" * 60, 95, 200, 10),
    ]
    circles = [{"id": name, "name": name, "x": x, "y": y, "r": r} for name, x, y, r in named]
    page.open(f"{url}/")
    page.wait(SETTLED)
    shown = page.js(
        f"""(() => {{
          cards = {json.dumps(circles)};
          document.getElementById('map').replaceChildren(...namesBeside(cards));
          return [...document.querySelectorAll('#map .name')].map((name) => {{
            const {{x, y, width, height}} = name.getBBox();
            return [name.dataset.id, [...name.children].map((line) => line.textContent), [x, y, x + width, y + height]];
          }});
        }})()"""
    )
    lines = {name: line for name, line, _ in shown}
    assert lines["low spend, staying away"] == ["low spend, staying away"]
    assert lines["staying away, campaign fans"] == ["staying away,", "campaign fans"]
    assert lines["hardly reached by campaigns, staying away"] == ["hardly reached by", "campaigns, staying away"]
    assert lines[named[-1][0]] == ["x" * 22 + "🙂…", "y" * 23 + "…"]
    names = [box for _, _, box in shown]
    round_ones = [
        (circle["x"] - circle["r"], circle["y"] - circle["r"], circle["x"] + circle["r"], circle["y"] + circle["r"])
        for circle in circles
    ]
    for box, other in itertools.chain(itertools.combinations(names, 2), itertools.product(names, round_ones)):
        apart = box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1]
        assert apart, f"{box} and {other}"
    assert all(left >= 0 and top >= 0 and right <= 400 and bottom <= 260 for left, top, right, bottom in names)


def answered(url: str, features: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the API answers for a customer: the assignment, and the place on the map."""

    def post(path: str, **more: Any) -> Any:
        body = json.dumps({"customers": [{"id": "C1", "features": features}], **more}).encode()
        request = urllib.request.Request(url + path, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as reply:
            return json.load(reply)

    return post("/assign", explain=True)["assignments"][0], post("/locate")["customers"][0]


def check_answered(page: Any, url: str) -> dict[str, Any]:
    """Everything on the page is what the API answers for the values on the page."""
    shown = explored(page)
    assignment, place = answered(url, shown["values"])
    by = {
        contribution["feature"]: contribution["contribution"]
        for contribution in assignment["explanation"]["contributions"]
    }
    assert (shown["segment"], shown["name"]) == (assignment["segment_id"], assignment["segment_name"])
    assert (shown["strength"], shown["by"]) == (assignment["strength"], by)
    assert (shown["x"], shown["y"]) == (place["x"], place["y"])
    return shown


def test_a_customer_is_picked_or_typed(page: Any, url: str, kmeans: SegmentModel, good: dict[str, Any]) -> None:
    page.open(f"{url}/")
    page.wait(SETTLED)
    for card in (*kmeans.cards[1:], kmeans.cards[0]):
        chosen = json.dumps(card.id)
        page.js(f"document.getElementById('start').value = {chosen}")
        page.js("document.getElementById('start').dispatchEvent(new Event('change'))")
        page.wait(f"{SETTLED} && {SEGMENT} === {chosen}")
        shown = check_answered(page, url)
        assert shown["segment"] == card.id
        assert shown["values"]["recency_days"] == pytest.approx(card.medians["recency_days"], rel=1e-3)

    def use(text: str) -> None:
        page.js("document.getElementById('typed').closest('details')?.setAttribute('open', '')")
        page.js("document.getElementById('typed').focus()")
        page.js("document.getElementById('typed').select()")
        page.type(text)
        page.js("document.getElementById('use-typed').click()")

    typed = {**good, "recency_days": 187.5, "frequency": 1, "monetary_value": None}
    use(json.dumps(typed))
    page.wait(f"{SETTLED} && JSON.parse(document.getElementById('typed').value).recency_days === 187.5")
    assert check_answered(page, url)["values"] == typed
    assert page.js("document.getElementById('value-recency_days').value") == "187.5", "the fields follow"
    for wrong, word in (('{"recency_days": ', "cannot be used"), (json.dumps({**good, "recncy": 1}), "recncy")):
        use(wrong)
        page.wait("!document.getElementById('alert').hidden")
        assert word in page.js("document.getElementById('alert').textContent")
        assert page.js(SEGMENT) == answered(url, typed)[0]["segment_id"], "what is shown is still of the last values"
    use(json.dumps(good))
    page.wait(f"{SETTLED} && {SEGMENT} === 's000'")
    assert check_answered(page, url)["values"] == good


def test_by_keyboard_alone(page: Any, url: str, kmeans: SegmentModel) -> None:
    page.open(f"{url}/")
    page.wait(SETTLED)
    focused = "document.activeElement.id"
    for _ in range(40):
        page.press("Tab")
        if page.js(focused) == "value-recency_days-slider":
            break
    assert page.js(focused) == "value-recency_days-slider", "every value is reached by Tab"
    before = explored(page)["values"]["recency_days"]
    page.press("ArrowRight", 3)
    page.wait(f"{SETTLED} && JSON.parse(document.getElementById('typed').value).recency_days > {before}")
    page.press("End")
    page.press("Tab", 2)
    page.press("ArrowLeft", 12)
    page.wait(f"{SETTLED} && {SEGMENT} !== 's000'")
    check_shown(page, kmeans)
    labels = page.js(
        "[...document.querySelectorAll('input, select, textarea')].filter((e) => !e.closest('[hidden]'))"
        ".map((e) => (e.labels.length > 0 || !!e.ariaLabel))"
    )
    assert all(labels), "every control has a name"


def tab_to(page: Any, which: str) -> None:
    """Press Tab until the selector's element has the focus."""
    for _ in range(80):
        page.press("Tab")
        if page.js(f"document.activeElement.matches({json.dumps(which)})"):
            return
    pytest.fail(f"{which} is not reached by Tab")


def test_choice_paste_and_cards_by_keyboard_alone(
    page: Any, url: str, kmeans: SegmentModel, good: dict[str, Any]
) -> None:
    page.size(1280, 900)
    page.open(f"{url}/")
    page.wait(SETTLED)

    tab_to(page, "#start")
    before = explored(page)["segment"]
    page.press("ArrowDown")
    page.wait(f"{SETTLED} && {SEGMENT} !== {json.dumps(before)}")
    assert check_shown(page, kmeans)["segment"] == page.js("document.getElementById('start').value")

    tab_to(page, "#customer summary")
    page.press("Enter")
    page.wait("document.getElementById('typed').closest('details').open")
    tab_to(page, "#typed")
    page.press_with_control("a", "selectAll")
    typed = {**good, "recency_days": 187.5, "frequency": 1, "monetary_value": 21.5}
    page.type(json.dumps(typed))
    tab_to(page, "#use-typed")
    page.press("Enter")
    page.wait(f"{SETTLED} && {SEGMENT} === 's002'")
    assert check_shown(page, kmeans)["values"] == typed

    tab_to(page, ".card[data-id=s001] button")
    page.press("Enter")
    page.wait("!!document.querySelector('.card[data-id=s001] .change button')")
    tab_to(page, ".card[data-id=s001] .change button")
    page.press("Enter")
    page.wait(f"{SETTLED} && {SEGMENT} === 's001'")
    check_shown(page, kmeans)


def test_against_any_segment_and_what_it_would_take(page: Any, url: str, kmeans: SegmentModel) -> None:
    page.open(f"{url}/")
    page.wait(SETTLED)
    page.js("{ const e = document.getElementById('against'); e.value = 's002'; e.dispatchEvent(new Event('change')); }")
    page.wait(SETTLED)
    shown = explored(page)
    _, why = kmeans.explain_records([shown["values"]], against="s002")
    assert shown["by"] == pytest.approx(dict(zip(why.columns, why.contributions[0].tolist(), strict=True)), abs=1e-12)
    page.js("document.querySelector('.card[data-id=s001] button').click()")
    page.wait("!!document.querySelector('.card[data-id=s001] .change button')")
    page.js("document.querySelector('.card[data-id=s001] .change button').click()")
    page.wait(f"{SETTLED} && {SEGMENT} === 's001'")


INSIGHT = {
    "money": [{"title": "MRR", "unit": "USD a month", "amount": 1_250_500.0, "share": 0.4}],
    "churn_rate": 0.021,
    "trend": [
        {"month": "2017-10", "customers": 900, "short_history": True},
        {"month": "2017-11", "customers": 40, "short_history": False},
        {"month": "2017-12", "customers": 42, "short_history": False},
    ],
    "examples": [
        {"customer": "<b>C1</b>", "why": "typical", "values": [{"title": "recency", "value": "5 days"}]},
        {"customer": "C2", "why": "border", "values": []},
    ],
}
WITH_INSIGHT = """
  const plainly = window.fetch;
  window.fetch = async (...all) => {
    const reply = await plainly(...all);
    if (!String(all[0]).endsWith('/segments')) return reply;
    const listed = await reply.json();
    listed.has_report = true;
    listed.segments[0].insight = %s;
    listed.segments[0].notes = 'call them first';
    return new Response(JSON.stringify(listed), { status: 200 });
  };
"""


def test_a_card_shows_money_trend_notes_and_customers_where_they_are_stored(page: Any, url: str) -> None:
    page.size(1440, 900)
    page.send("Page.addScriptToEvaluateOnNewDocument", source=WITH_INSIGHT % json.dumps(INSIGHT))
    page.open(f"{url}/")
    page.wait(SETTLED)
    if folder := os.environ.get("SEGMENTS_SCREENSHOTS"):
        page.picture(Path(folder) / "explorer.png")
    card, other = "document.querySelector('.card[data-id=s000]')", "document.querySelector('.card[data-id=s001]')"
    figures = page.js(f"[...{card}.querySelectorAll('dt, dd')].map((cell) => cell.textContent)")
    assert figures == ["MRR", "1.25 M USD a month (40 %)", "churn a month", "2.1 %"]
    assert page.js(f"{card}.querySelector('.notes').textContent") == "call them first"
    trend = page.js(f"{card}.querySelector('.trend').getAttribute('aria-label')")
    assert trend == "40 customers in 2017-11, 42 in 2017-12", "a month of short history is no part of the trend"
    examples = page.js(f"[...{card}.querySelectorAll('.examples li')].map((line) => line.textContent)")
    assert examples == ["<b>C1</b>: recency 5 days", "C2 (on the border): "]
    assert page.js(f"{other}.querySelector('dl, .trend, .examples')") is None
    assert not page.js("document.getElementById('report').hidden")
    left, right, wide = page.js(
        "(() => { const r = document.getElementById('cards').getBoundingClientRect();"
        " return [r.left, r.right, document.documentElement.clientWidth]; })()"
    )
    assert right - left > 0.9 * wide, "the cards take the whole width"


def test_only_what_is_ticked_may_change(page: Any, url: str) -> None:
    page.open(f"{url}/")
    page.wait(SETTLED)
    boxes = page.js("[...document.querySelectorAll('#changeable input')].map((box) => [box.value, box.checked])")
    assert len(boxes) > 2
    assert all(checked for _, checked in boxes)
    page.js("document.querySelectorAll('#changeable input').forEach((box) => { box.checked = false; })")
    button, answer = ".card[data-id=s001] button", "document.querySelector('.card[data-id=s001] .change')"
    page.js(f"document.querySelector('{button}').click()")
    page.wait(f"{answer}.textContent === 'Tick what may change first.'")
    page.js(
        """(() => {
          const real = window.fetch;
          window.fetch = (address, options) => {
            if (String(address).endsWith('/what_would_change')) window.asked = JSON.parse(options.body).changeable;
            return real(address, options);
          };
          document.querySelector('#changeable input[value=recency_days]').checked = true;
        })()"""
    )
    page.js(f"document.querySelector('{button}').click()")
    page.wait("Array.isArray(window.asked)")
    assert page.js("window.asked") == ["recency_days"]


@pytest.mark.parametrize("suffices", [True, False])
def test_one_to_three_changes_are_preferred(page: Any, url: str, suffices: bool) -> None:
    """The smallest change moves every feature; the three that move farthest are asked for alone."""
    page.open(f"{url}/")
    page.wait(SETTLED)
    page.js(
        """(() => {
          const real = window.fetch; window.asked = [];
          window.fetch = (address, options) => {
            if (!String(address).endsWith('/what_would_change')) return real(address, options);
            const { changeable } = JSON.parse(options.body);
            const changes = changeable.map((feature, place) =>
              ({ feature, before: place ? null : 1, after: 1, unit: '', words: feature, follows: false }));
            window.asked.push(changeable);
            const leads = changeable.length > 3 || SUFFICES;
            const answer = { found: leads, reason: 'no', changes: leads ? changes : [], features: {} };
            return new Response(JSON.stringify(answer));
          };
        })()""".replace("SUFFICES", str(suffices).lower())
    )
    page.js("document.querySelector('.card[data-id=s001] button').click()")
    page.wait("document.querySelectorAll('.card[data-id=s001] .change li').length > 0")
    smallest, few = page.js("window.asked")
    assert len(smallest) > 3
    assert few == smallest[1:4], "all but the first move their slider to the end"
    shown = page.js("[...document.querySelectorAll('.card[data-id=s001] .change li')].map((item) => item.textContent)")
    assert shown == (few if suffices else smallest)


def test_only_the_newest_answer_is_shown(page: Any, url: str, kmeans: SegmentModel) -> None:
    """The first answers are held back until the last one was shown."""
    page.open(f"{url}/")
    page.wait(SETTLED)
    page.js(
        """(() => {
          const real = window.fetch; let held = 0;
          window.fetch = async (...all) => {
            const late = held < 4 && held++ >= 0;
            const reply = await real(...all);
            if (late) await new Promise((done) => setTimeout(done, 900));
            return reply;
          };
        })()"""
    )
    for value in (60, 190):
        page.js("document.getElementById('value-recency_days').select()")
        page.type(str(value))
        page.js("new Promise((done) => setTimeout(done, 250))")
    page.js("document.getElementById('value-recency_days').select()")
    page.type("7")
    page.wait(SETTLED)
    page.js("new Promise((done) => setTimeout(done, 1200))")
    assert check_shown(page, kmeans)["values"]["recency_days"] == 7


def test_on_a_phone_nothing_scrolls_sideways_and_the_verdict_stays_in_sight(page: Any, url: str) -> None:
    page.size(390, 844, phone=True)
    page.open(f"{url}/")
    page.wait(SETTLED)
    assert page.js("document.documentElement.scrollWidth") <= 390
    page.js("document.getElementById('value-monetary_value-slider').scrollIntoView({block: 'center'})")
    top, bottom = page.js(
        "(() => { const r = document.getElementById('segment').getBoundingClientRect(); return [r.top, r.bottom]; })()"
    )
    assert 0 <= top < bottom <= 844
    small = page.js(
        "[...document.querySelectorAll('main button')].filter((b) => b.offsetParent && b.offsetHeight < 36).length"
    )
    assert small == 0, "buttons are large enough for a finger"


@pytest.mark.parametrize("dark", [False, True])
def test_text_has_enough_contrast(page: Any, url: str, dark: bool) -> None:
    """Contrast of at least 4.5 (WCAG 2.2, level AA) for the colours of text."""
    page.dark(dark)
    page.open(f"{url}/")
    page.wait(SETTLED)
    colours = page.js(
        """(() => {
          const seen = (e, name) => getComputedStyle(e)[name].match(/[\\d.]+/g).slice(0, 3).map(Number);
          const panel = seen(document.querySelector('.panel'), 'backgroundColor');
          return ['#segment', '.faint', '.panel label', 'a', '.card button', 'td'].map((one) =>
            [one, seen(document.querySelector(one), 'color'), panel]);
        })()"""
    )
    for what, ink, paper in colours:
        assert contrast(ink, paper) >= 4.5, what


def contrast(colour: list[float], other: list[float]) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: list[float]) -> float:
        linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    light, dark = sorted([luminance(colour), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module")
def keyed_url(saved: Path) -> Iterator[str]:
    keys = saved / "keys.json"
    keys.write_text(json.dumps({"web": f"sha256:{hashlib.sha256(KEY.encode()).hexdigest()}"}))
    settings = ServiceSettings(model_path=saved / "tiny", api_keys_file=keys)
    with (
        (saved / "keyed-log").open("wb") as log,
        running_service(settings, port=free_port(), log=log, timeout=START_SECONDS) as url,
    ):
        yield url
    assert KEY not in (saved / "keyed-log").read_text()


def test_where_keys_are_asked_for_the_browser_asks_its_user(page: Any, keyed_url: str, kmeans: SegmentModel) -> None:
    """Once: it sends what it was told with all that the page, and the documentation beside it, ask for."""
    page.type_passwords("wrong", KEY)
    page.open(f"{keyed_url}/")
    page.wait(SETTLED)
    check_shown(page, kmeans)
    assert page.passwords == []
    kept = page.js("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert KEY not in kept
    assert KEY not in page.js("document.documentElement.outerHTML")
    page.open(f"{keyed_url}/docs")
    page.wait("document.querySelectorAll('.opblock').length > 8")
    assert f"{keyed_url}/docs" in page.addresses
    outside = [address for address in page.addresses if not address.startswith((f"{keyed_url}/", "data:"))]
    assert outside == [], "neither page asks an outside address"


def test_a_page_opened_with_the_key_in_its_address_works(page: Any, keyed_url: str, kmeans: SegmentModel) -> None:
    page.open(keyed_url.replace("://", f"://anyone:{KEY}@") + "/")
    page.wait(SETTLED)
    check_shown(page, kmeans)
    page.js("document.querySelector('.card[data-id=s001] button').click()")
    page.wait("!!document.querySelector('.card[data-id=s001] .change button')")


def test_who_knows_no_key_sees_nothing_of_the_page(page: Any, keyed_url: str) -> None:
    page.type_passwords("wrong")
    page.open(f"{keyed_url}/")
    page.wait("document.body?.innerText.includes('unauthorized')")
    assert page.js("document.getElementById('explorer')") is None


def test_another_site_cannot_use_the_key_that_the_browser_keeps(
    page: Any, keyed_url: str, good: dict[str, Any], kmeans: SegmentModel
) -> None:
    """`localhost` is another origin than `127.0.0.1`, and a page of it sends the browser's password along."""
    page.type_passwords(KEY)
    page.open(f"{keyed_url}/")
    page.wait(SETTLED)
    other = keyed_url.replace("127.0.0.1", "localhost")
    page.open(f"{other}/livez")
    page.wait("location.hostname === 'localhost' && document.body.innerText.includes('alive')")
    address, body = json.dumps(f"{keyed_url}/assign"), json.dumps(json.dumps({"customers": []}))

    def posted(**more: Any) -> Any:
        options = json.dumps({"method": "POST", "credentials": "include", **more})
        return page.js(f"fetch({address}, {{...{options}, body: {body}}}).then((r) => r.type, (e) => e.name)")

    assert posted(headers={"Content-Type": "application/json"}) == "TypeError", "not without a preflight"
    assert posted() == "TypeError", "the answer cannot be read"
    assert posted(mode="no-cors") == "opaque", "it can be sent"


@pytest.mark.parametrize(
    "content_type", ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_what_another_site_s_page_may_send_is_refused_unread(
    make_caller: Any, kmeans: SegmentModel, saved: Path, good: dict[str, Any], content_type: str
) -> None:
    """A page may make a browser POST these without asking us first, with the password that it keeps."""
    keys = saved / "csrf.json"
    keys.write_text(json.dumps({"web": f"sha256:{hashlib.sha256(KEY.encode()).hexdigest()}"}))
    call = make_caller(kmeans, ServiceSettings(api_keys_file=keys))
    password = base64.b64encode(f"anyone:{KEY}".encode()).decode()
    body = json.dumps({"customers": [{"id": "C1", "features": good}]}).encode()
    headers = {"authorization": f"Basic {password}", "origin": "https://elsewhere.example"}
    for path in ("/assign", "/contrast", "/locate", "/what_would_change", "/assign_records"):
        reply = call("POST", path, body, {**headers, "content-type": content_type})
        assert (reply.status, reply.error["code"]) == (415, "unsupported_media_type")
        assert call("POST", path, body, headers).status == 415, "nor without a type"
    assert call("POST", "/assign", body, {**headers, "content-type": "application/json"}).status == 200
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    reply = call("OPTIONS", "/assign", b"", {**headers, **asked})
    assert not [name for name in reply.headers if name.startswith("access-control-")]
