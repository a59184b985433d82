"""The YAML of MLflow's ``meta.yaml``: flat mappings of scalars, and mappings of texts in them.

That is what PyYAML's ``safe_dump`` makes of such data (https://yaml.org/spec/1.1/, chapters 5.7
and 9): one key a line, a scalar plain, in single or in double quotes, long ones folded over
several lines. Whatever else YAML has is refused, never guessed at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from whence.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Mapping", "Scalar", "parse"]

Scalar: TypeAlias = str | int | bool | None
Mapping: TypeAlias = dict[str, "Scalar | dict[str, Scalar] | list[Scalar]"]

_KEY = re.compile(
    r"""(?P<indent>\ *)
    (?P<key>'(?:[^']|'')*' | "(?:[^"\\]|\\.)*" | [^\s'"\#\-?:,\[\]{}&*!|>%@`](?:[^:\#]|:(?!\ |$))*?)
    :(?:\ +(?P<value>.*))?$""",
    re.VERBOSE,
)
_WHOLE = {
    "'": re.compile(r"'(?:[^']|'')*'", re.DOTALL),
    '"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL),
}
_EMPTY: dict[str, type[dict[str, Scalar] | list[Scalar]]] = {"{}": dict, "[]": list}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_WORDS: dict[str, Scalar] = {"null": None, "": None, "true": True, "false": False}
_FIRST_OF_OTHERS = "-?:,[]{}#&*!|>%@`"
"""What a plain scalar cannot begin with, unless it is a number."""

_BREAK = re.compile(r" *\n(?: *\n)* *")
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\n *|.))|" + _BREAK.pattern
)
_ESCAPED = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0",
    "L": "\u2028", "P": "\u2029",
}  # fmt: skip


def parse(text: str, where: str) -> Mapping:
    """Read a mapping.

    Parameters
    ----------
    where
        What the error calls it, such as the file's path.

    Raises
    ------
    BadInput
        If it is more than, or other than, such a mapping.
    """
    try:
        return _mapping(text)
    except ValueError as error:
        raise BadInput(
            f"{where} is no file of MLflow as it writes them: {error}; "
            "restore it, or take it out of the folder"
        ) from error


def _mapping(text: str) -> Mapping:
    if re.search("[\x85\u2028\u2029]", text):
        raise ValueError("it has line ends that YAML 1.1 knows and 1.2 does not")
    found: Mapping = {}
    inner: dict[str, Scalar] = {}
    for indent, key, value in _entries(text):
        into: dict[str, Scalar] | Mapping = inner if indent else found
        if not found and indent:
            raise ValueError(f"{key!r} is indented")
        if key in into:
            raise ValueError(f"{key!r} stands there twice")
        if indent:
            last = next(reversed(found))
            if found[last] is None:
                found[last] = inner
            if found[last] is not inner:
                raise ValueError(f"{key!r} is indented")
            inner[key] = _scalar(value)
        else:
            inner = {}
            found[key] = _EMPTY[value]() if value in _EMPTY else _scalar(value)
    return found


def _entries(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield (indent, key, value as it is written) of each entry."""
    lines = text.removesuffix("\n").split("\n")
    at = 0
    while at < len(lines):
        found = _KEY.fullmatch(lines[at])
        if found is None:
            raise ValueError(f"line {at + 1} is no entry: {lines[at]!r:.80}")
        at += 1
        value, indent = found["value"] or "", len(found["indent"])
        quote = value[:1]
        if quote in _WHOLE:
            while not _WHOLE[quote].fullmatch(value):
                if at == len(lines):
                    raise ValueError(f"the quotes of {found['key']} are not closed")
                value += "\n" + lines[at]
                at += 1
        elif value:
            while at < len(lines) and lines[at].startswith(" " * (indent + 1)):
                value += " " + lines[at].strip()
                at += 1
        yield indent, str(_scalar(found["key"], is_key=True)), value


def _scalar(text: str, *, is_key: bool = False) -> Scalar:
    if text[:1] == "'":
        return _BREAK.sub(_fold, text[1:-1]).replace("''", "'")
    if text[:1] == '"':
        return _ESCAPE.sub(_unescape, text[1:-1])
    if _INTEGER.fullmatch(text) and not is_key:
        return int(text)
    if text in _WORDS and not is_key:
        return _WORDS[text]
    if text[:1] in _FIRST_OF_OTHERS and not re.match(r"[-?:][^ ]", text):
        raise ValueError(f"{text!r:.80} is no plain text")
    return text


def _fold(found: re.Match[str]) -> str:
    """Return what a break between lines means: a space, or a line feed for each empty line."""
    return "\n" * (found[0].count("\n") - 1) or " "


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        return chr(int(code, 16))
    if found[4] is None:
        return _fold(found)
    if found[4][0] == "\n":  # the end of the line itself is escaped
        return ""
    try:
        return _ESCAPED[found[4]]
    except KeyError:
        raise ValueError(f"{found[0]!r} is no escape") from None
