"""A small document: blocks of plain text, written as Markdown or as one page of HTML.

Texts may hold anything that people name columns and models: both forms show it as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Block", "Heading", "Items", "Paragraph", "Table", "as_html", "as_markdown"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the page's."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; a strong one is what a hurried reader reads."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list without an order."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its header, and rows of as many cells."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Items | Table

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1a; --paper: #fdfdfb; --soft: #5c5c57;
  --line: #d9d9d3; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9e9e4; --paper: #161614; --soft: #a6a69f; --line: #3a3a36; }
}
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem 3rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p, ul { margin: .5rem 0; }
ul { padding-left: 1.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: normal; }
th { color: var(--soft); font-weight: 500; }
"""

_ALWAYS = re.compile(r"[\\`*\[\]<|~&]")
_UNDERLINE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""Inside a word an underline is a letter."""
_AT_START = re.compile(r">|#+(?=\s|$)|[+-](?=\s|$)|[-=]+$")
"""What would begin a quotation, a heading, a list, or underline one."""
_NUMBERED = re.compile(r"(\d+)([.)])(?=\s|$)")


def as_markdown(blocks: list[Block]) -> str:
    """Return a document as Markdown, with tables as GitHub writes them."""
    return "\n\n".join("\n".join(_markdown(block)) for block in blocks) + "\n"


def as_html(title: str, blocks: list[Block]) -> str:
    """Return a document as one page that loads nothing and runs nothing."""
    body = "\n".join(line for block in blocks for line in _html(block))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_safe(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n"
        "</body>\n</html>\n"
    )


def _markdown(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"{'#' * block.level} {_plain(block.text)}"
    elif isinstance(block, Paragraph):
        yield f"**{_plain(block.text)}**" if block.strong else _plain(block.text)
    elif isinstance(block, Items):
        yield from (f"- {_plain(item)}" for item in block.items)
    else:
        yield f"| {' | '.join(map(_plain, block.head))} |"
        yield f"|{'---|' * len(block.head)}"
        yield from (f"| {' | '.join(map(_plain, row))} |" for row in block.rows)


def _html(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"<h{block.level}>{_safe(block.text)}</h{block.level}>"
    elif isinstance(block, Paragraph):
        text = _safe(block.text)
        yield f"<p><strong>{text}</strong></p>" if block.strong else f"<p>{text}</p>"
    elif isinstance(block, Items):
        yield from ("<ul>", *(f"<li>{_safe(item)}</li>" for item in block.items), "</ul>")
    else:
        yield '<div class="wide"><table>'
        yield f"<tr>{''.join(f'<th>{_safe(cell)}</th>' for cell in block.head)}</tr>"
        for row in block.rows:
            yield f"<tr>{''.join(f'<td>{_safe(cell)}</td>' for cell in row)}</tr>"
        yield "</table></div>"


def _safe(text: str) -> str:
    return escape(_one_line(text))


def _plain(text: str) -> str:
    """Return a text that Markdown takes as it is."""
    kept = _ALWAYS.sub(r"\\\g<0>", _one_line(text))
    kept = _UNDERLINE.sub(r"\\_", kept)
    if kept.endswith("#"):  # a heading loses those
        kept = f"{kept[:-1]}\\#"
    if _AT_START.match(kept):
        return f"\\{kept}"
    return _NUMBERED.sub(r"\1\\\2", kept, count=1) if _NUMBERED.match(kept) else kept


def _one_line(text: str) -> str:
    """Return a text in one line, without signs that cannot be seen or written to a file."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
