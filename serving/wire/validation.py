"""Validate a parsed body by the published model of its request; one refusal describes all problems.

pydantic validates. Its errors name neither the customer nor what a field must be, so each problem is described here, by
the words that the field carries (`features.settings_words.Expected`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, NotRequired, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from typing_extensions import get_type_hints

from features.settings_words import Expected
from segment_model.errors import nearest_word
from serving.wire.refusals import MISSING, MOST_DETAILS, RefusalDetail, RequestProblems, describe_value

# pydantic reports each unknown key, which takes half a microsecond and blocks other threads. An object with more keys
# than this has unknown ones, so pydantic does not get it.
MOST_KEYS = 32
NESTED = ("customers", "customer")  # the fields that hold customers, whose problems are described one by one

Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], body: Any) -> Model:
    """The request that a parsed body holds.

    Raises
    ------
    Refusal
        422, with all problems (up to the limit of details), if the body is not as the model publishes it.
    """
    if not _has_many_keys(body):
        try:
            return model.model_validate(body)
        except ValidationError:
            pass  # described below
    problems = RequestProblems()
    problems.take(_problems(model, body))
    problems.raise_malformed()
    raise AssertionError(f"{model.__name__} refuses a body without a problem that can be described")


def _has_many_keys(body: Any) -> bool:
    if type(body) is not dict:
        return False
    customers = body.get("customers")
    objects = [body, body.get("customer"), *(customers if type(customers) is list else ())]
    return max([len(sent) for sent in objects if type(sent) is dict]) > MOST_KEYS


def _problems(model: type[BaseModel], body: Any) -> Iterator[RefusalDetail]:
    """What is wrong with a body: its own fields first, then customer by customer."""
    yield from _object_problems(model, body, None, f"an object of the keys {', '.join(field_words(model))}")
    if type(body) is not dict:
        return
    for name in NESTED:
        if name not in model.model_fields:
            continue
        annotation, sent = model.model_fields[name].annotation, body.get(name, MISSING)
        if name == "customer":
            yield from _customer_problems(annotation, sent, name)
        elif type(sent) is list:
            for position, customer in enumerate(sent):
                yield from _customer_problems(get_args(annotation)[0], customer, f"#{position}")
        else:
            yield RefusalDetail(None, None, describe_value(sent), f"{field_words(model)[name]} under {name!r}")


def _customer_problems(model: Any, sent: Any, place: str) -> Iterator[RefusalDetail]:
    """What is wrong with one customer, named by the id, or by the place where the id cannot be used."""
    usable = type(sent) is dict and "id" not in _wrong_fields(model, _known_fields(model, sent))
    keys = " and ".join(repr(name) for name in islice(field_words(model), 2))
    yield from _object_problems(model, sent, sent["id"] if usable else place, f"an object with the keys {keys}")


def _object_problems(model: Any, sent: Any, customer: str | None, expected: str) -> Iterator[RefusalDetail]:
    """What is wrong with the fields of an object, except with those that hold customers."""
    if type(sent) is not dict:
        yield RefusalDetail(customer, None, describe_value(sent), expected)
        return
    known = _known_fields(model, sent)
    for name, entry in _wrong_fields(model, known).items():
        words = f"{field_words(model)[name]} for {name!r}"
        field_sent = known.get(name, MISSING)
        got = describe_value(field_sent) if entry is None else f"{describe_value(field_sent[entry])} at {name}[{entry}]"
        yield RefusalDetail(customer, None, got, words)
    keys = tuple(field_words(model))
    for name in islice((name for name in sent if name not in keys), MOST_DETAILS):
        yield RefusalDetail(
            customer, None, describe_value(name), f"only the keys {', '.join(keys)}.{nearest_word(name, keys)}"
        )


def _known_fields(model: Any, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an object that its model knows, except those that hold customers."""
    return {name: sent[name] for name in field_words(model) if name in sent and name not in NESTED}


def _wrong_fields(model: Any, fields: Mapping[str, Any]) -> dict[str, int | None]:
    """The fields that the model refuses, in its order; and the first entry that is wrong, where it is of a list."""
    wrong: dict[str, int | None] = {}
    try:
        _adapter(model).validate_python(fields)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_context=False):
            name, entry = str(problem["loc"][0]), problem["loc"][1] if len(problem["loc"]) > 1 else None
            if name not in NESTED:
                wrong.setdefault(name, entry if isinstance(entry, int) else None)
    return wrong


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


@cache
def field_words(model: Any) -> dict[str, str]:
    """What each field of a model or typed dictionary must be, as a refusal says it; empty for one customer."""
    if issubclass(model, BaseModel):
        annotations = {name: field.metadata for name, field in model.model_fields.items()}
    else:
        annotations = {name: _annotations(hint) for name, hint in get_type_hints(model, include_extras=True).items()}
    return {
        name: next((mark.words for mark in marks if isinstance(mark, Expected)), "")
        for name, marks in annotations.items()
    }


def _annotations(hint: Any) -> list[Any]:
    """What `Annotated` says of a key of a typed dictionary, required or not."""
    annotated = get_args(hint)[0] if get_origin(hint) is NotRequired else hint
    return list(annotated.__metadata__)
