"""MLflow answers a search in pages; this walks through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def every_page(search: Callable[..., Any], *arguments: Any, **options: Any) -> Iterator[Any]:
    """Every entity of a search, page after page; `search` is one of the client's methods that take `page_token`."""
    token = None
    while True:
        page = search(*arguments, page_token=token, **options)
        yield from page
        token = page.token
        if not token:
            return
