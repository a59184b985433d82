"""Every example in the documentation runs, and prints what the page says it prints."""

import doctest
import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from whence.record import writers

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WITH_COMMANDS = ROOT / "docs/start.md"
DOCUMENTED = [
    "whence",
    *(f"whence.api.{path.stem}" for path in sorted((ROOT / "src/whence/api").glob("[!_]*.py"))),
]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language, its text, and the line of the page it begins on."""

    language: str
    text: str
    line: int


class Command(NamedTuple):
    """A line after ``$`` and the lines the page shows of its output; ``...`` is any text."""

    line: str
    shown: list[str]


def blocks(page):
    text = page.read_text("utf-8")
    wanted = {"python", "console", "sh"} if page == WITH_COMMANDS else {"python"}
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start(2)))
        for found in FENCE.finditer(text)
        if found[1] in wanted
    ]


def commands(text):
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(Command(line.removeprefix("$ "), []))
        elif line:
            found[-1].shown.append(line)
    return found


def run_python(block, names, page):
    """Run a block in the names of its page; one that begins with ``>>>`` shows its output too."""
    if not block.text.startswith(">>>"):
        # Empty lines in front, so that a traceback names the line of the page.
        code = compile("\n" * block.line + block.text, str(page), "exec")
        exec(code, names)  # noqa: S102 - running what the page says is the test
        return
    parser = doctest.DocTestParser()
    check(parser.get_doctest(block.text, names, page.name, str(page), block.line), names)


def check(example, names):
    """Run what doctest found, keep the names it made, and fail with what it complains of."""
    complaints = []
    doctest.DocTestRunner(verbose=False).run(example, out=complaints.append, clear_globs=False)
    names.update(example.globs)
    assert not complaints, "".join(complaints)


def run_command(command):
    """Run a ``whence`` command as a reader would, and look for the lines the page shows."""
    name, *arguments = shlex.split(command.line)
    assert name == "whence", f"the page runs {name!r}; only whence is run here"
    done = subprocess.run(
        [sys.executable, "-m", "whence.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{command.line}\n{done.stdout}{done.stderr}"
    told = done.stdout.splitlines()
    for shown in command.shown:
        pattern = ".*".join(map(re.escape, shown.split("...")))
        assert any(re.fullmatch(pattern, line.rstrip()) for line in told), (
            f"{command.line}\nshows: {shown}\nbut it printed:\n{done.stdout}"
        )


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """A reader in an empty folder, in a process that has recorded nothing yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WHENCE_STORE", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
    monkeypatch.setattr(writers, "_writers", {})
    return tmp_path


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda p: p.name)
def test_the_examples_of_a_page_run_in_order(page):
    names = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language == "python":
            run_python(block, names, page)
        else:
            for command in commands(block.text):
                run_command(command)


def test_the_first_page_is_about_the_whole_way():
    languages = [block.language for block in blocks(WITH_COMMANDS)]
    said = [
        one.line
        for block in blocks(WITH_COMMANDS)
        if block.language == "console"
        for one in commands(block.text)
    ]
    assert {"python", "console"} <= set(languages)
    for name in ("import", "reference", "event", "watch", "why"):
        assert any(line.startswith(f"whence {name} ") for line in said), f"no whence {name}"


def docstrings():
    """Every docstring with examples, found as doctest finds them, in the place it is written."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    return [
        test
        for name in DOCUMENTED
        for test in finder.find(importlib.import_module(name), name)
        if test.examples
    ]


@pytest.mark.parametrize("example", docstrings(), ids=lambda test: test.name)
def test_the_example_of_a_docstring_runs(example, reader, monkeypatch):
    monkeypatch.setenv("WHENCE_STORE", str(reader / "store"))
    check(example, {})
