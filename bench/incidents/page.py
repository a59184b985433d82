"""The sections of docs/benchmarks.md that the benchmarks write."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

__all__ = ["replace_section"]

PAGE = Path(__file__).resolve().parents[2] / "docs/benchmarks.md"


def replace_section(name: str, lines: list[str]) -> None:
    """Put lines between a section's two markers, with when and on what they were measured."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    page = PAGE.read_text("utf-8")
    head, rest = page.split(begin)
    tail = rest.split(end)[1]
    made = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, numpy {version('numpy')}, "
        f"scikit-learn {version('scikit-learn')}."
    )
    PAGE.write_text("\n".join([head + begin, *lines, made, end]) + tail, "utf-8")
