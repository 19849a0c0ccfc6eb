"""Paging: MLflow answers a search page by page, and `every_page` yields the entities of all pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def every_page(search: Callable[..., Any], *arguments: Any, **options: Any) -> Iterator[Any]:
    """Every entity of a search; `search` is a method of the MLflow client that takes `page_token`."""
    token = None
    while True:
        page = search(*arguments, page_token=token, **options)
        yield from page
        token = page.token
        if not token:
            return
