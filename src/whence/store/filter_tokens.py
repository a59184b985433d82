"""The pieces of a filter: words, texts in quotes, numbers, operators."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Token", "cut", "is_in", "key_of", "number_of", "plain", "quoted", "tokens", "unquoted"]

_MOST_SHOWN = 60
"""Characters of a filter in an error."""

_LARGEST = 2**63 - 1
"""SQLite's largest integer."""

_MOST_DIGITS = len(str(-_LARGEST))
"""Of a text that may be one: Python refuses to read those of thousands of digits."""

_SINGLE, _DOUBLE, _BACK = r"'(?:[^']|'')*+'", r'"(?:[^"]|"")*+"', r"`(?:[^`]|``)*+`"
_WORD = r"[^\W\d]\w*"
_PLAIN = r"[\w./:-]+"
"""Of a key that needs no quotes."""

_TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<string>{_SINGLE})
    |(?P<name>(?:{_WORD}|{_DOUBLE}|{_BACK})(?:\.(?:{_SINGLE}|{_DOUBLE}|{_BACK}|{_PLAIN}))?)
    |(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
    |(?P<operator><=|>=|!=|==|<>|~=|[<>=~])
    |(?P<mark>[(),;])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_BEFORE_THE_DOT = re.compile(rf"({_WORD}|{_BACK})\.(.*)", re.DOTALL)
_INTEGER = re.compile(r"[-+]?\d+")


class Token(NamedTuple):
    """One piece of a filter.

    Attributes
    ----------
    sort
        ``"string"``, ``"name"``, ``"number"``, ``"operator"``, ``"mark"``, ``"other"``, ``"end"``.
    text
        As it is written.
    at
        Where, from 0.
    """

    sort: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """The word in capitals, if it may be one of the language."""
        return self.text.upper() if self.sort == "name" and "." not in self.text else ""


def tokens(text: str) -> list[Token]:
    """Return the pieces of a filter without the spaces, and its end."""
    found = [
        Token(str(match.lastgroup), match.group(), match.start()) for match in _TOKEN.finditer(text)
    ]
    return [one for one in found if one.sort != "space"] + [Token("end", "", len(text))]


def key_of(name: str) -> tuple[str | None, str]:
    """Return the word before the dot of a name, if there is one, and the key."""
    match = _BEFORE_THE_DOT.fullmatch(name)
    word, key = (None, name) if match is None else match.groups()
    if word is not None and word.startswith("`"):
        word = unquoted(word)
    return word, unquoted(key) if key[0] in "'\"`" else key


def number_of(text: str) -> int | float:
    """Return a number; one that fits in no 64-bit integer as a float."""
    if _INTEGER.fullmatch(text) and len(text) <= _MOST_DIGITS and abs(int(text)) <= _LARGEST:
        return int(text)
    return float(text)


def plain(key: str) -> bool:
    """Return whether a key needs no quotes."""
    return re.fullmatch(_PLAIN, key) is not None


def quoted(text: str, quote: str = "'") -> str:
    """Return a text in quotes."""
    return quote + text.replace(quote, 2 * quote) + quote


def unquoted(text: str) -> str:
    """Return a text without the quotes around it."""
    return text[1:-1].replace(2 * text[0], text[0])


def is_in(text: str, quote: str) -> bool:
    """Return whether a text stands in these quotes."""
    return len(text) > 1 and text[0] == text[-1] == quote


def cut(text: str) -> str:
    """Return a text, or its beginning if it is long, for an error."""
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 3] + "..."
