"""Everything the service must say no to, and how: one shape, a 4xx, the customer and the feature named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.settings import ServiceSettings
from serving.wire.refusals import LEAST_SECRET, LONGEST_TEXT, MOST_DETAILS, REDACTED, redacted, shortened
from serving.wire.strict_json import RepeatedKey, _unique

Features = dict[str, Any]


def without(name: str) -> Callable[[Features], Features]:
    return lambda features: {key: value for key, value in features.items() if key != name}


def setting(name: str, value: Any) -> Callable[[Features], Features]:
    return lambda features: {**features, name: value}


# change, feature named, what came, words that must be in what was expected
FEATURES: dict[str, tuple[Callable[[Features], Features], str, str, str]] = {
    "absent basis feature": (without("frequency"), "frequency", "nothing", "at least 0 (orders)"),
    "absent category": (without("industry"), "industry", "nothing", "text"),
    "unknown feature": (setting("recncy_days", 3), "recncy_days", "an unknown feature", "mean 'recency_days'?"),
    "text for a number": (setting("recency_days", "5"), "recency_days", "the text '5'", "a finite number (days)"),
    "true for a number": (setting("recency_days", True), "recency_days", "true", "a finite number"),
    "false for a count": (setting("frequency", False), "frequency", "false", "a finite number"),
    "list for a number": (setting("recency_days", [5]), "recency_days", "a list of 1", "a finite number"),
    "object for a number": (setting("recency_days", {"a": 1}), "recency_days", "an object", "a finite number"),
    "number for a category": (setting("industry", 5), "industry", "5", "text"),
    "negative count": (setting("frequency", -1), "frequency", "-1", "at least 0"),
    "null where training had none": (setting("recency_days", None), "recency_days", "null", "a finite number"),
    "null category": (setting("industry", None), "industry", "null", "text"),
    "NaN": (setting("recency_days", float("nan")), "recency_days", "NaN", "a finite number"),
    "NaN where null is welcome": (setting("monetary_value", float("nan")), "monetary_value", "NaN", "or null"),
    "infinity": (setting("recency_days", float("inf")), "recency_days", "Infinity", "a finite number"),
    "minus infinity": (setting("monetary_value", -float("inf")), "monetary_value", "-Infinity", "or null"),
    "integer beyond double": (setting("recency_days", 10**400), "recency_days", "a huge integer", "a finite number"),
    "wrong descriptor": (setting("employees", "many"), "employees", "the text 'many'", "(people) or null"),
    "NaN descriptor": (setting("employees", float("nan")), "employees", "NaN", "or null"),
    "list in a text descriptor": (setting("region", []), "region", "a list of 0", "text or null"),
}


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("case", FEATURES)
def test_a_bad_feature_names_customer_feature_and_what_was_expected(
    call: Any, good: Features, case: str, explain: bool
) -> None:
    change, feature, got, expected = FEATURES[case]
    customers = [{"id": "fine", "features": good}, {"id": "bad ü", "features": change(good)}]
    reply = call.assign(customers, explain=explain)
    assert reply.status == 422
    assert reply.error["code"] == "invalid_features"
    (detail,) = reply.error["details"]
    assert (detail["customer"], detail["feature"]) == ("bad ü", feature)
    assert detail["got"] == got
    assert expected in detail["expected"]
    assert feature in reply.error["message"], "the message alone tells what to mend"


def test_a_number_too_large_for_a_double_is_refused(call_kmeans: Any) -> None:
    body = (
        b'{"customers":[{"id":"C1","features":{"recency_days":1e999,"frequency":1,"monetary_value":1,"industry":"x"}}]}'
    )
    reply = call_kmeans("POST", "/assign", body)
    (detail,) = reply.error["details"]
    assert reply.status == 422
    assert (detail["customer"], detail["feature"]) == ("C1", "recency_days")
    assert detail["got"] == "a number beyond double precision"


def test_all_that_is_wrong_is_told_at_once_but_never_too_much(call_kmeans: Any, good: Features) -> None:
    reply = call_kmeans.assign([{"id": f"C{i}", "features": {**good, "recency_days": "5"}} for i in range(100)])
    assert reply.status == 422
    assert [d["customer"] for d in reply.error["details"]] == [f"C{i}" for i in range(20)]


POSTS = ("/assign", "/contrast", "/assign_records", "/what_would_change", "/locate")


def customers(*ids: Any) -> list[dict[str, Any]]:
    features = {"recency_days": 3, "frequency": 12, "monetary_value": 1, "industry": "retail"}
    return [{"id": name, "features": features} for name in ids]


# body, status, code, text that must be in a detail or the message
SHAPES: dict[str, tuple[bytes, int, str, str]] = {
    "empty body": (b"", 400, "malformed_json", "not JSON"),
    "broken": (b'{"customers": [', 400, "malformed_json", "line 1"),
    "trailing comma": (b'{"customers": [],}', 400, "malformed_json", "trailing comma"),
    "not UTF-8": (b'{"customers": "\xff"}', 400, "malformed_json", "unicode"),
    "lone surrogate": (b'{"customers": "\\ud800"}', 400, "malformed_json", "not JSON"),
    "surrogate in UTF-8": (b'{"customers": "\xed\xa0\x80"}', 400, "malformed_json", "unicode"),
    "byte order mark": (b'\xef\xbb\xbf{"customers": []}', 400, "malformed_json", "not JSON"),
    "UTF-16": ('{"customers": []}'.encode("utf-16"), 400, "malformed_json", "not JSON"),
    "two documents": (b"{}{}", 400, "malformed_json", "trailing"),
    "100,000 deep": (b"[" * 100_000, 400, "malformed_json", "recursion"),
    "300 deep and closed": (b"[" * 300 + b"]" * 300, 400, "malformed_json", "recursion"),
    "endless digits": (b'{"customers": ' + b"1" * 6000 + b"}", 400, "malformed_json", "out of range"),
    "NaN at the top": (b"NaN", 422, "invalid_request", "NaN"),
    "a list": (b"[]", 422, "invalid_request", "an object"),
    "null": (b"null", 422, "invalid_request", "null"),
    "no customers key": (b"{}", 422, "invalid_request", "nothing"),
    "customers is an object": (b'{"customers": {}}', 422, "invalid_request", "a list of 1 to 1000"),
    "empty list": (b'{"customers": []}', 422, "no_customers", "1 to 1000"),
    "a customer is a text": (b'{"customers": ["C1"]}', 422, "invalid_request", "the text 'C1'"),
    "no id": (b'{"customers": [{"features": {}}]}', 422, "invalid_request", "for 'id'"),
    "no features": (b'{"customers": [{"id": "C1"}]}', 422, "invalid_request", "for 'features'"),
    "features is a list": (b'{"customers": [{"id": "C1", "features": []}]}', 422, "invalid_request", "a list of 0"),
    "no feature at all": (b'{"customers": [{"id": "C1", "features": {}}]}', 422, "invalid_features", "nothing"),
    "key twice at the top": (b'{"customers": [], "customers": []}', 422, "invalid_request", "'customers' twice"),
    "key twice in a customer": (
        b'{"customers": [{"id": "C1", "id": "C2", "features": {}}]}',
        422,
        "invalid_request",
        "'id' twice",
    ),
    "feature twice": (
        b'{"customers": [{"id": "C1", "features": {"frequency": 1, "frequency": 2}}]}',
        422,
        "invalid_request",
        "'frequency' twice",
    ),
}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("case", [case for case, (_, status, _, _) in SHAPES.items() if status == 400])
def test_what_is_no_json_is_refused_on_every_route(call_kmeans: Any, path: str, case: str) -> None:
    body, status, code, text = SHAPES[case]
    reply = call_kmeans("POST", path, body)
    assert (reply.status, reply.error["code"]) == (status, code)
    assert text in json.dumps(reply.error, ensure_ascii=False)


@pytest.mark.parametrize(
    ("path", "body", "got"),
    [
        (
            "/assign_records",
            '{"as_of": "2026-07-01", "customers": [{"id": "C1", "orders": [{}, {"amount": 1, "amount": 2}]}]}',
            "an object that names 'amount' twice at orders[1]",
        ),
        (
            "/what_would_change",
            '{"customer": {"id": "C1", "features": {}}, "to": "s000", "changeable": ["frequency", 5]}',
            "5 at changeable[1]",
        ),
        ("/assign", '{"customers": [{"id": "C1", "features": {}}], "conditions": [null]}', "null at conditions[0]"),
    ],
)
def test_the_entry_of_a_list_that_is_wrong_is_named(call_kmeans: Any, path: str, body: str, got: str) -> None:
    reply = call_kmeans("POST", path, body.encode())
    assert (reply.status, reply.error["code"]) == (422, "invalid_request")
    assert reply.error["details"][0]["got"] == got


ONE: dict[str, Any] = {
    "id": "C1",
    "features": {"recency_days": 3, "frequency": 12, "monetary_value": 1, "industry": "retail"},
}
RAW: dict[str, Any] = {
    "id": "C1",
    "orders": [{"ordered_at": "2026-06-28", "amount": 3}],
    "attributes": {"industry": "retail"},
}
# by route, a body in which nothing is wrong, and what a customer is in it
WHOLE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "/assign": ({"customers": [ONE], "explain": True, "words": False, "policy": "nearest"}, ONE),
    "/contrast": ({"customers": [ONE], "against": "s001"}, ONE),
    "/assign_records": ({"as_of": "2026-07-01", "customers": [RAW], "explain": True}, RAW),
    "/what_would_change": ({"customer": ONE, "to": "s001", "changeable": ["frequency"]}, ONE),
    "/locate": ({"customers": [ONE]}, ONE),
}
REFUSED = {(400, "malformed_json"), (422, "invalid_request")}


def doubled(text: str, part: dict[str, Any], name: str) -> str:
    """The document with a key of one of its objects twice."""
    inner = json.dumps(part)
    return text.replace(inner, f"{inner[:-1]}, {json.dumps(name)}: {json.dumps(part[name])}}}")


@pytest.mark.parametrize("path", WHOLE)
def test_a_key_twice_anywhere_is_refused_on_every_route(call_kmeans: Any, path: str) -> None:
    whole, customer = WHOLE[path]
    for part in (whole, customer, *([ONE["features"]] if customer is ONE else [])):
        for name in part:
            reply = call_kmeans("POST", path, doubled(json.dumps(whole), part, name).encode())
            assert (reply.status, reply.error["code"]) == (422, "invalid_request"), name
            assert f"{name!r} twice" in json.dumps(reply.error), name


def test_among_very_many_keys_the_one_twice_is_found_at_once() -> None:
    """By looks at each key, not of each at all others: a body of 4 MB holds half a million."""
    looks = []

    class Key(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            looks.append(1)
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    pairs: list[tuple[str, Any]] = [(Key(f"k{number}"), 0) for number in range(2000)]
    assert _unique([*pairs, (Key("k1999"), 1)]) == RepeatedKey("k1999")
    assert len(looks) < 3 * len(pairs)


def test_a_key_twice_in_a_raw_row_is_refused(call_kmeans: Any) -> None:
    text = json.dumps(WHOLE["/assign_records"][0])
    for row in (RAW["orders"][0], RAW["attributes"]):
        for name in row:
            reply = call_kmeans("POST", "/assign_records", doubled(text, row, name).encode())
            assert (reply.status, reply.error["code"]) == (422, "invalid_request"), name


WRONG = (
    '"\\ud800"',
    '"\\udfff\\ud800"',
    "[" * 100_000,
    "[" * 300 + "]" * 300,
    "[[[]]]",
    "NaN",
    "-Infinity",
)


@pytest.mark.parametrize("path", WHOLE)
@pytest.mark.parametrize("wrong", WRONG, ids=lambda text: text[:12])
def test_lone_surrogates_depth_and_no_numbers_are_refused_anywhere(call_kmeans: Any, path: str, wrong: str) -> None:
    """In the place of every value of the document, as far as customers' ids."""
    whole, customer = WHOLE[path]
    text = json.dumps(whole)
    placed = [json.dumps({**whole, name: "HERE"}) for name in whole]
    placed += [text.replace(json.dumps(customer), json.dumps({**customer, name: "HERE"})) for name in customer]
    for sent in placed:
        reply = call_kmeans("POST", path, sent.replace('"HERE"', wrong).encode())
        assert (reply.status, reply.error["code"]) in REFUSED, sent


@pytest.mark.parametrize("path", WHOLE)
def test_a_key_that_is_absent_or_unknown_is_named_on_every_route(call_kmeans: Any, path: str) -> None:
    whole, _ = WHOLE[path]
    for name in ("customers", "customer", "to", "changeable", "against", "as_of"):
        if name in whole:
            less = {key: value for key, value in whole.items() if key != name}
            reply = call_kmeans("POST", path, json.dumps(less).encode())
            assert (reply.status, reply.error["code"]) == (422, "invalid_request"), name
            assert name in json.dumps(reply.error)
    reply = call_kmeans("POST", path, json.dumps({**whole, "unheard": 1}).encode())
    assert (reply.status, reply.error["code"]) == (422, "invalid_request")
    assert "unheard" in json.dumps(reply.error)


@pytest.mark.parametrize("case", SHAPES)
def test_a_body_of_the_wrong_shape_is_refused(call_kmeans: Any, case: str) -> None:
    body, status, code, text = SHAPES[case]
    reply = call_kmeans("POST", "/assign", body)
    assert (reply.status, reply.error["code"]) == (status, code)
    assert text in json.dumps(reply.error, ensure_ascii=False)


REQUESTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "number as id": ({"customers": customers(5)}, "invalid_request", "5"),
    "null as id": ({"customers": customers(None)}, "invalid_request", "null"),
    "empty id": ({"customers": customers("")}, "invalid_request", "1 to 256 characters"),
    "endless id": ({"customers": customers("x" * 257)}, "invalid_request", "1 to 256 characters"),
    "ids twice": ({"customers": customers("C1", "C2", "C1")}, "duplicate_ids", "C1"),
    "explain is a number": ({"customers": customers("C1"), "explain": 1}, "invalid_request", "'explain'"),
    "explain is a text": ({"customers": customers("C1"), "explain": "yes"}, "invalid_request", "'explain'"),
    "unknown policy": ({"customers": customers("C1"), "policy": "guess"}, "invalid_request", "'policy'"),
    "policy is a list": ({"customers": customers("C1"), "policy": []}, "invalid_request", "'policy'"),
    "unknown key": ({"customers": customers("C1"), "explian": True}, "invalid_request", "mean 'explain'?"),
    "unknown key of a customer": (
        {"customers": [{**customers("C1")[0], "segment": "s000"}]},
        "invalid_request",
        "the keys id, features",
    ),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_a_request_that_is_not_as_published_is_refused(call_kmeans: Any, case: str) -> None:
    request, code, text = REQUESTS[case]
    reply = call_kmeans("POST", "/assign", json.dumps(request).encode())
    assert (reply.status, reply.error["code"]) == (422, code)
    assert text in json.dumps(reply.error, ensure_ascii=False)


def test_1001_customers_are_too_many(call_kmeans: Any, good: Features) -> None:
    reply = call_kmeans.assign([{"id": str(i), "features": good} for i in range(1001)])
    assert (reply.status, reply.error["code"]) == (422, "too_many_customers")
    assert "1001" in reply.error["message"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=latin-1", ""],
)
def test_another_content_type_is_refused(call_kmeans: Any, content_type: str) -> None:
    reply = call_kmeans("POST", "/assign", b"{}", {"content-type": content_type} if content_type else {})
    assert (reply.status, reply.error["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["Application/JSON", 'application/json; charset="UTF-8"', "application/json;"])
def test_json_may_be_named_in_any_usual_way(call_kmeans: Any, content_type: str) -> None:
    assert call_kmeans("POST", "/assign", b"[]", {"content-type": content_type}).status == 422


def test_an_encoded_body_is_refused(call_kmeans: Any) -> None:
    reply = call_kmeans("POST", "/assign", b"", {"content-type": "application/json", "content-encoding": "gzip"})
    assert (reply.status, reply.error["code"]) == (415, "unsupported_encoding")


LIMIT = ServiceSettings().max_body_bytes


def test_a_body_that_announces_too_much_is_refused_unread(call_kmeans: Any) -> None:
    headers = {"content-type": "application/json", "content-length": str(LIMIT + 1)}
    assert call_kmeans("POST", "/assign", b"", headers).error["code"] == "body_too_large"


@pytest.mark.parametrize("pieces", [1, 5])
def test_a_body_too_large_is_refused_however_it_comes(call_kmeans: Any, pieces: int) -> None:
    body = b" " * (LIMIT + pieces)
    size = len(body) // pieces
    reply = call_kmeans("POST", "/assign", [body[i : i + size] for i in range(0, len(body), size)])
    assert (reply.status, reply.error["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        *(("GET", "/assign", "POST"), ("HEAD", "/assign", "POST"), ("POST", "/segments", "GET, HEAD")),
        *(("DELETE", "/model", "GET, HEAD"), ("OPTIONS", "/", "GET, HEAD")),
    ],
)
def test_another_method_is_refused_with_those_allowed(call_kmeans: Any, method: str, path: str, allowed: str) -> None:
    reply = call_kmeans(method, path)
    assert (reply.status, reply.headers["allow"]) == (405, allowed)
    if method != "HEAD":
        assert reply.error["code"] == "method_not_allowed"
    for each in allowed.split(", "):
        assert call_kmeans(each, path).status != 405


@pytest.mark.parametrize(
    "path", ["/nope", "/assign/", "/ASSIGN", "//assign", "/../etc/passwd", "/static_content/x", "/ü"]
)
def test_another_path_is_not_found(call_kmeans: Any, path: str) -> None:
    reply = call_kmeans("GET", path)
    assert (reply.status, reply.error["code"]) == (404, "not_found")


def test_a_near_path_is_named(call_kmeans: Any) -> None:
    assert "'/segments'" in call_kmeans("GET", "/segment").error["message"]


# as few as are told, twice over for those that are looked for among what is absent first and then among all
MOST_SEARCHES = 2 * MOST_DETAILS
UNHEARD = {f"unheard{number}": 1 for number in range(100_000)}


def unheard_bodies() -> dict[str, tuple[str, dict[str, Any], str]]:
    """By case: route, a body of 100,000 unknown names somewhere, and the code of its refusal."""
    cases: dict[str, tuple[str, dict[str, Any], str]] = {}
    for path, (whole, customer) in WHOLE.items():
        text = json.dumps(whole)

        def with_customer(changed: dict[str, Any], text: str = text, customer: dict[str, Any] = customer) -> Any:
            return json.loads(text.replace(json.dumps(customer), json.dumps(changed)))

        cases[f"{path}, keys"] = (path, {**whole, **UNHEARD}, "invalid_request")
        cases[f"{path}, a customer's keys"] = (path, with_customer({**customer, **UNHEARD}), "invalid_request")
        if customer is ONE:
            features = {**UNHEARD, **ONE["features"]}
            cases[f"{path}, features"] = (path, with_customer({**ONE, "features": features}), "invalid_features")
    whole, _ = WHOLE["/what_would_change"]
    changeable = {**whole, "changeable": list(UNHEARD)}
    cases["/what_would_change, changeable"] = ("/what_would_change", changeable, "not_changeable")
    names = [list(UNHEARD)[i : i + 100] for i in range(0, len(UNHEARD), 100)]
    spread = [
        {"id": f"C{i}", "features": {**ONE["features"], **dict.fromkeys(part, 1)}} for i, part in enumerate(names)
    ]
    for path in ("/assign", "/contrast", "/locate"):
        body = {**WHOLE[path][0], "customers": spread}
        cases[f"{path}, features of 1000 customers"] = (path, body, "invalid_features")
    crowd = [{"id": f"C{i}", "features": {}, **dict.fromkeys(part, 1)} for i, part in enumerate(names)]
    cases["/assign, keys of 1000 customers"] = ("/assign", {"customers": crowd}, "invalid_request")
    return cases


UNHEARD_BODIES = unheard_bodies()


@pytest.mark.parametrize("case", UNHEARD_BODIES)
def test_of_100_000_unknown_names_only_those_that_are_told_are_looked_up(
    call_kmeans: Any, searches: list[str], case: str
) -> None:
    path, body, code = UNHEARD_BODIES[case]
    sent = json.dumps(body, separators=(",", ":")).encode()
    assert len(sent) <= LIMIT
    reply = call_kmeans("POST", path, sent)
    assert (reply.status, reply.error["code"]) == (422, code)
    names_of_details = [detail["feature"] or detail["got"] for detail in reply.error["details"]]
    assert len(names_of_details) == MOST_DETAILS
    assert [name.removeprefix("the text ").strip("'") for name in (names_of_details[0], names_of_details[-1])] == [
        "unheard0",
        "unheard19",
    ]
    assert 0 < len(searches) <= MOST_SEARCHES


def test_a_name_of_a_megabyte_is_not_looked_up(call_kmeans: Any, searches: list[str], good: Features) -> None:
    long = "frequency" * 120_000
    change = {"customer": ONE, "to": "s001", "changeable": [long]}
    for path, body in (
        ("/assign", {"customers": [{"id": "C1", "features": {**good, long: 1}}]}),
        ("/assign", {"customers": [{"id": "C1", "features": good}], long: 1}),
        ("/contrast", {"customers": [{"id": "C1", "features": good}], "against": long}),
        ("/what_would_change", change),
    ):
        reply = call_kmeans("POST", path, json.dumps(body).encode())
        assert reply.status == 422
        assert "frequencyfrequency" in json.dumps(reply.error["details"])
        assert len(reply.body) < 2000
    assert searches == []


KEY_LETTERS = "ab-_"  # of few kinds, so that beginnings repeat and overlap


@settings(max_examples=300, deadline=None)
@given(
    secret=st.text(KEY_LETTERS, min_size=LEAST_SECRET, max_size=60),
    around=st.lists(st.text(KEY_LETTERS + " '", max_size=20), min_size=2, max_size=4),
)
def test_a_secret_is_hidden_wherever_it_stands_and_nothing_else_is(secret: str, around: list[str]) -> None:
    text = secret.join(around)
    shown = redacted(text, secret)
    assert secret[:LEAST_SECRET] not in shown
    assert REDACTED in shown
    assert redacted(shortened(text), secret).count(secret[:LEAST_SECRET]) == 0, "cut short it shows its beginning"
    apart = text.replace(secret[:LEAST_SECRET], "")
    if secret[:LEAST_SECRET] not in apart:
        assert redacted(apart, secret) == apart


@pytest.mark.parametrize("place", [3, 7, 8, 20])
@pytest.mark.parametrize("odd", ["\n", "\\", "'", "ü", "\x7f"])
def test_a_secret_that_repr_writes_otherwise_is_hidden_in_both_writings(place: int, odd: str) -> None:
    """As far as its end, wherever the two writings part: nothing of it is left behind the stars."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    secret = letters[:place] + odd + letters[place:]
    assert redacted(f"got {secret}, and {secret!r}.", secret) == "got ***, and '***'.".replace("'", repr(secret)[0])


@pytest.mark.parametrize("secret", ["", "e", "key", "service", "API key"])
def test_what_is_too_short_for_a_key_puts_no_stars_into_words(secret: str) -> None:
    message = "this service asks for an API key: send the header 'Authorization: Bearer <key>'"
    assert redacted(message, secret) == message


class Counted(str):
    """A text that counts how many of its characters were copied out of it."""

    copied = 0

    def __getitem__(self, part: Any) -> str:
        copy = super().__getitem__(part)
        Counted.copied += len(copy)
        return copy


def test_a_long_key_costs_no_more_than_the_text_that_could_show_it() -> None:
    """It comes before anybody was let in: 32 kB of a key, and a message that shows its beginning."""
    secret = Counted("0123456789abcdef" * 2048)
    text = f"there is no {shortened('/' + str(secret))!r} here."
    assert len(text) < LONGEST_TEXT + 30
    Counted.copied = 0
    assert redacted(text, secret) == "there is no '/***...' here."
    assert Counted.copied <= 2 * len(text)
    long = "0123456 " * 10_000 + secret + " 01234567" * 10_000
    assert redacted(long, secret) == "0123456 " * 10_000 + REDACTED + f" {REDACTED}" * 10_000
