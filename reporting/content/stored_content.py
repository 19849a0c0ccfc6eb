"""The content of a discovery as a JSON file, from which a later page is made without discovering again."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reporting.content.report_content import DiscoveryContent
from segment_model.errors import ArtefactError

FORMAT = 1
FILE_NAME = "evidence.json"


def content_to_json(content: DiscoveryContent) -> str:
    """The content as JSON text; `content_from_json` reads it."""
    document = {"format": FORMAT, "content": asdict(content)}
    return json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n"


def content_from_json(text: str | bytes) -> DiscoveryContent:
    """The content that `content_to_json` wrote.

    Raises
    ------
    ArtefactError
        If it is not such a text, or a newer version wrote it.
    """
    try:
        document = json.loads(text)
        number = document["format"]
        if number != FORMAT:
            raise ArtefactError(f"{FILE_NAME} has format {number!r}, this version reads {FORMAT}: discover again")
        return _adapter().validate_python(document["content"])
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        raise ArtefactError(f"{FILE_NAME} cannot be read ({_first_line(error)}): discover again") from error


@cache
def _adapter() -> TypeAdapter[DiscoveryContent]:
    return TypeAdapter(DiscoveryContent)


def _first_line(error: Any) -> str:
    return str(error).partition("\n")[0]
