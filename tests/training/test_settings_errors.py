"""Every key of the settings answers a wrong value in our words: the key, what it takes, and what came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, get_args, get_origin

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, Tag

from features.settings_words import Expected, alternatives, bare, is_block
from segment_model.errors import SettingsError, shown
from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.all_candidates import registered_algorithms
from training.settings import Settings, parse_settings

Path = tuple[str | int, ...]

FORBIDDEN = (
    *("Input should", "should be", "should match", "valid string", "valid integer", "valid number", "valid boolean"),
    *("valid dictionary", "valid tuple", "valid list", "union_tag", "discriminator", "pydantic", "pattern", "regex"),
    *("Value error", "type=", "input_value", "[key]", "tuple[", "function-", "np.", "Timestamp", "datetime.", "<class"),
    *("greater than or equal", "unable to parse", "Extra inputs", "NoneType", "Enum", "^["),
)
WRONG: tuple[Any, ...] = (
    *("", "a lot", "2026-13-01", "a b", "x" * 500, 5, -1, 0, 1.5, 10**400, float("nan"), float("inf"), True, None),
    *([], ["a", 1], [5, 2], [[1]], {}, {"a": 1}, {"a b": {"c": "d"}}, {1: 2}, date(2026, 7, 1), datetime(2026, 7, 1)),
    *(np.float64(45.0), np.bool_(True), pd.Timestamp("2026-07-01"), {"low": "a"}, {"algorithm": "kmeens"}),
)
# what a block needs besides the key that is tried
NEEDED: dict[str, dict[str, Any]] = {
    "TableSource": {"file": "orders.csv"},
    "CustomersSource": {"file": "customers.csv", "attributes": {"size": {"kind": "number"}}},
    "Attribute": {"kind": "number"},
    "GoalSettings": {"outcome": "churned"},
    "SweepSettings": {"space": {"discovery.seed": [1, 2]}},
    "SweepRange": {"low": 1, "high": 2},
    "Settings": {"as_of": "2026-07-01", "sources": {"orders": {"file": "orders.csv"}}},
}


def keys_in(annotation: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every key below a type, with its own type; a name stands for all names, the first entry for all."""
    annotation, _ = bare(annotation)
    if annotation is AlgorithmSettings:
        for algorithm in registered_algorithms().values():
            yield from keys_in(algorithm, path)
    elif is_block(annotation):
        for name, field in annotation.model_fields.items():
            yield (*path, name), field.annotation
            yield from keys_in(field.annotation, (*path, name))
    elif union := alternatives(annotation):
        for choice in union:
            yield from keys_in(choice, path)
    elif get_origin(annotation) is dict:
        yield (*path, "weekend"), get_args(annotation)[1]
        yield from keys_in(get_args(annotation)[1], (*path, "weekend"))
    elif get_origin(annotation) is tuple:
        yield (*path, 0), get_args(annotation)[0]
        yield from keys_in(get_args(annotation)[0], (*path, 0))


def whole(annotation: Any, path: Path, wrong: Any) -> Any:
    """Settings that are valid but for the wrong value at a path; an algorithm's entry gets its name."""
    if not path:
        return wrong
    annotation, _ = bare(annotation)
    first, *rest = path
    if annotation is AlgorithmSettings:
        algorithm = next(a for a in registered_algorithms().values() if first in a.model_fields)
        return {"algorithm": algorithm.algorithm_name(), **whole(algorithm, path, wrong)}
    if is_block(annotation):
        inner = whole(annotation.model_fields[str(first)].annotation, tuple(rest), wrong)
        return {**NEEDED.get(annotation.__name__, {}), str(first): inner}
    if union := alternatives(annotation):
        fits = [choice for choice in union if any(key[0] == first for key, _ in keys_in(choice))]
        return whole(fits[0], path, wrong)
    inner = whole(get_args(annotation)[-1 if get_origin(annotation) is dict else 0], tuple(rest), wrong)
    return [inner] if isinstance(first, int) else {first: inner}


PATHS = list(dict.fromkeys(path for path, _ in keys_in(Settings)))


def refusal(content: Any) -> str | None:
    try:
        parse_settings(content)
    except SettingsError as error:
        return str(error)
    return None


def test_the_walk_reaches_blocks_lists_names_and_algorithms() -> None:
    assert ("discovery", "algorithms", 0, "min_cluster_sizes", 0) in PATHS
    assert ("sources", "customers", "attributes", "weekend", "kind") in PATHS
    assert ("sweep", "space", "weekend", "step") in PATHS
    assert len(PATHS) > 80


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_a_wrong_value_of_any_kind_is_answered_in_our_words(path: Path) -> None:
    refusals = {shown(wrong): refusal(whole(Settings, path, wrong)) for wrong in WRONG}
    messages = {wrong: message for wrong, message in refusals.items() if message is not None}
    names = [str(part) for part in path if isinstance(part, str)]
    for wrong, message in messages.items():
        assert "\n" not in message
        assert [fragment for fragment in FORBIDDEN if fragment in message.replace(wrong, "")] == [], message
        assert any(name in message for name in names), message


@pytest.mark.parametrize(
    ("path", "wrong", "sentence"),
    [
        (("sources", "orders", "date_format"), {1: 2}, "date_format' must be text or a block of names, each with text"),
        (("title",), 2026, "'title' must be text (found 2026). Put it in quotes"),
        (("sources", "orders"), "orders.csv", "'sources.orders' must be a block of keys (file, "),
        (("discovery", "min_share"), "a lot", "must be a number of at least 0 and below 0.5 (found 'a lot')"),
        (("discovery", "min_share"), np.float64(45.0), "must be a number of at least 0 and below 0.5 (found 45.0)"),
        (
            ("discovery", "seed"),
            True,
            "seed' must be a whole number of at least 0 and of at most 4000000000 (found true)",
        ),
        (
            ("discovery", "seed"),
            False,
            "seed' must be a whole number of at least 0 and of at most 4000000000 (found false)",
        ),
        (
            ("discovery", "encoding", "weights"),
            {"mrr": True},
            "'discovery.encoding.weights.mrr' must be a number above 0 (found true)",
        ),
        (("sources", "orders", "exchange_rates"), {"EUR": True}, "exchange_rates.EUR' must be a number above 0"),
        (
            ("discovery", "algorithms"),
            [{"algorithm": "hdbscan", "min_cluster_sizes": [True]}],
            "must be a whole number of at least 2 (found true)",
        ),
        (
            ("discovery", "seed"),
            1.5,
            "seed' must be a whole number of at least 0 and of at most 4000000000 (found 1.5)",
        ),
        (("discovery", "force"), "perhaps", "'discovery.force' must be true or false (found 'perhaps')"),
        (
            ("discovery", "encoding", "transform"),
            "log2p",
            "must be one of auto, none, log1p, yeo-johnson, quantile (found 'log2p'). Did you mean 'log1p'?",
        ),
        (("discovery", "encoding", "weights"), {"mrr": 0}, "weights.mrr' must be a number above 0 (found 0)"),
        (
            ("discovery", "encoding", "weights"),
            {"mrr": float("inf")},
            "must be a finite number above 0 (found Infinity)",
        ),
        (("discovery", "algorithms"), [], "must be a list, each entry a block such as {algorithm: kmeans}, at least"),
        (("discovery", "algorithms"), ["kmeans"], "must be a block such as {algorithm: kmeans} (found 'kmeans')"),
        (("discovery", "algorithms"), [{"starts": 3}], "'discovery.algorithms.0' needs the key 'algorithm': one of"),
        (
            ("discovery", "algorithms"),
            [{"algorithm": "kmeens"}],
            "unknown algorithm 'kmeens'. Did you mean 'kmeans'? Known here: kmeans, hdbscan, gaussian_mixture",
        ),
        (
            ("discovery", "algorithms"),
            [{"algorithm": "kmeans", "segments": ["a", 3]}],
            "segments' must be a number of segments such as 5, or the least and the most such as [2, 10]",
        ),
        (
            ("registry", "tracking_uri"),
            " ",
            "must be an address such as sqlite:///mlflow.db or http://mlflow:5000 (found ' ')",
        ),
        (("registry", "model_name"), "a/b", "must be a name without any of / : . % and quotation marks (found 'a/b')"),
        (("registry", "experiment"), "", "'registry.experiment' must be text that is not empty (found '')"),
        (
            ("sources", "customers", "attributes"),
            {"a b": {"kind": "number"}},
            "the name 'a b' in 'sources.customers.attributes' must be letters of a to z, digits and _",
        ),
        (("sources", "customers", "attributes"), {"size": {}}, "attributes.size.kind' is needed: one of number, count"),
        (("sweep", "space"), {"discovery.seed": 3}, "must be a list of choices, or a range such as {low: 2, high: 8}"),
        (("sweep", "space"), {"discovery.seed": {"low": "a", "high": 2}}, "low' must be a number (found 'a')"),
        (("sweep", "objective"), "best", "must be one of trust, silhouette, recovered, stability, gap_share"),
        (("features", "time_zone"), "Mars", "'Mars' is not a time zone; write for example UTC or Europe/Berlin"),
    ],
)
def test_the_sentence_of_a_wrong_value(path: Path, wrong: Any, sentence: str) -> None:
    message = refusal(whole(Settings, path, wrong))
    assert message is not None
    assert sentence in message


def test_a_list_of_wrong_entries_is_not_called_too_short() -> None:
    message = refusal(whole(Settings, ("discovery", "algorithms"), [{"algorithm": "kmeans", "starts": "a"}]))
    must = "must be a whole number of at least 1 (found 'a')"
    assert message == f"settings: 'discovery.algorithms.0.kmeans.starts' {must}"


def test_one_key_has_one_sentence_where_several_types_were_tried() -> None:
    message = refusal(whole(Settings, ("discovery", "algorithms"), [{"algorithm": "kmeans", "segments": {"a": 1}}]))
    assert message is not None
    assert message.count("segments' must be") == 1


def test_a_pattern_has_words_beside_it() -> None:
    """The words of a message cannot be read off a regular expression."""
    silent = []
    for path, annotation in keys_in(Settings):
        inner, marks = bare(annotation)
        names = get_args(inner)[0] if get_origin(inner) is dict else str
        every = [*marks, *bare(names)[1]]
        if any(getattr(mark, "pattern", None) for mark in every):
            silent += [path] if not any(isinstance(mark, Expected) for mark in every) else []
    for block in blocks_in(Settings):
        for name, field in block.model_fields.items():
            marks = bare(field.annotation, field.metadata)[1]
            if any(getattr(mark, "pattern", None) for mark in marks):
                silent += [(name,)] if not any(isinstance(mark, Expected) for mark in marks) else []
    assert silent == []


def blocks_in(annotation: Any) -> Iterator[type[BaseModel]]:
    annotation, _ = bare(annotation)
    if is_block(annotation):
        yield annotation
        for field in annotation.model_fields.values():
            yield from blocks_in(field.annotation)
    else:
        for part in get_args(annotation):
            yield from blocks_in(part) if not isinstance(part, Tag) else ()
