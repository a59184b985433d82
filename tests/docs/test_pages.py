"""The documentation is whole: every page listed, every link good, every public name explained."""

import inspect
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

import whence
from whence.causes.catalogue import CATALOGUE
from whence.types import reports
from whence.why.verdict import UNEXPLAINED, State

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
ELSEWHERE = re.compile(r"[a-z]+:")


def prose(page):
    """A page without its examples, where brackets mean other things."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def relative_links(page):
    return [link for link in LINK.findall(prose(page)) if not ELSEWHERE.match(link)]


def anchors(page):
    """The fragments that the headings of a page answer to."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def name(page):
    return str(page.relative_to(ROOT))


def test_the_index_lists_every_page():
    index = DOCS / "README.md"
    listed = {(DOCS / link).resolve() for link in relative_links(index)}
    missing = [name(page) for page in sorted(DOCS.rglob("*.md")) if page not in {*listed, index}]
    assert not missing, f"docs/README.md does not list {missing}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_relative_links_lead_somewhere(page):
    for link in relative_links(page):
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {link}"
        if fragment:
            assert fragment in anchors(target), f"{name(page)} links to {link}"


@pytest.mark.parametrize("public", whence.__all__)
def test_every_public_name_is_explained(public):
    found = getattr(whence, public)
    told = inspect.getdoc(found)
    assert told, f"whence.{public} has no docstring"
    if not (isinstance(found, type) and issubclass(found, whence.WhenceError)):
        assert "\nExamples\n--------\n" in told, f"whence.{public} shows no example"


def section(heading):
    """The text of docs/json.md under a heading, up to the next one."""
    text = (DOCS / "json.md").read_text("utf-8")
    return re.search(
        rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL
    )[1]


@pytest.mark.parametrize(
    ("struct", "heading"),
    [
        (reports.WatchReport, "`watch`"),
        (reports.WindowReport, "Window report"),
        (reports.Alert, "Alert"),
        (reports.Incident, "Incident"),
        (reports.WhyReport, "`why`"),
        (reports.Verdict, "Verdict"),
        (reports.Trigger, "Trigger"),
        (reports.Finding, "Finding"),
        (reports.Checked, "Checked"),
    ],
)
def test_the_json_page_has_every_field(struct, heading):
    rows = re.findall(r"^\| (`.*?) \|", section(heading), re.MULTILINE)
    told = [field for row in rows for field in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(field.name for field in msgspec.structs.fields(struct))


def test_the_json_page_has_every_answer():
    (row,) = re.findall(r"^\| `cause` \|.*$", section("Verdict"), re.MULTILINE)
    told = set(re.findall(r"`([a-z-]+)`", row)) - {"cause"}
    causes = {cause.NAME for cause in CATALOGUE}
    honest = {"cannot-know", UNEXPLAINED, *get_args(State)} - {"worse"}
    assert told == causes | honest


def test_every_cause_has_a_page():
    assert {path.stem for path in (DOCS / "causes").glob("*.md")} == {
        cause.NAME for cause in CATALOGUE
    }
