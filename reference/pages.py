"""The places of generated blocks in a page, between `<!-- generated: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from segment_model.errors import SettingsError, nearest_word

BLOCK = re.compile(r"^<!-- generated: (?P<name>.+?) -->\n(?P<content>.*?)^<!-- end -->$", re.S | re.M)


def names_in(page: str) -> list[str]:
    """The names of the blocks that a page has a place for."""
    return [block["name"] for block in BLOCK.finditer(page)]


def filled(page: str, blocks: Mapping[str, str]) -> str:
    """The page with the given content in each of its blocks.

    Raises
    ------
    SettingsError
        If the page has a place for a block that does not exist, or a marker without its counterpart.
    """
    markers = len(re.findall(r"^<!-- (?:generated: .+|end) -->$", page, re.M))
    if markers != 2 * len(names_in(page)):
        raise SettingsError("a marker `<!-- generated: NAME -->` or `<!-- end -->` lacks its counterpart")

    def write(block: re.Match[str]) -> str:
        name = block["name"]
        if name not in blocks:
            raise SettingsError(f"no block {name!r} is generated.{nearest_word(name, blocks)}")
        return f"<!-- generated: {name} -->\n\n{blocks[name]}\n\n<!-- end -->"

    return BLOCK.sub(write, page)
