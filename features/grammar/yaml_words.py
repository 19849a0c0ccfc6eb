"""Words in a list of a YAML file, which reads some of them as other things."""

from __future__ import annotations

WRITTEN = {True: ("true", "yes"), False: ("false", "no"), None: ("NULL", "null")}


def yaml_words(words: object) -> object:
    """The list with numbers, booleans and nulls as the words that YAML had read; anything else as it is."""
    if not isinstance(words, list):
        return words
    texts: list[object] = []
    for word in words:
        if word is None or isinstance(word, bool):
            texts += WRITTEN[word]
        else:
            texts.append(str(word) if isinstance(word, int | float) else word)
    return texts
