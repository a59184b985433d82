"""A week's review of a store whose truth is known."""

import datetime as dt
import html
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import whence

START = dt.datetime(2023, 9, 4, tzinfo=dt.UTC)
"""A Monday."""
HEALTHY, BAD, DAYS, A_DAY = 21, 28, 39, 120
MODEL = "team/<script>alert(1)</script>|**fraud**"
COLUMN = "shop <b>|`x`"
NEW = "Lumen <6>"
"""A device of the last days, without labels."""
NEW_DAY = 35
WEEK = ("--week", "2023-10-11")
"""In the sixth week, which begins on day 35."""


def rows():
    """Rows wrong in 10 %; from a day on in 80 % of one shop's; a device appears later."""
    random = np.random.default_rng(1)
    for day in range(DAYS):
        for i in range(A_DAY):
            failing = day >= BAD and i % 3 == 2
            fresh = day >= NEW_DAY and i % 10 == 0
            wrong = random.random() < (0.8 if failing else 0.1)
            x = float(random.normal())
            row = {
                "id": f"{day}-{i}",
                "ts": START + dt.timedelta(days=day, minutes=10 * i),
                "x": x,
                COLUMN: "abc"[i % 3],
                "device": NEW if fresh else "old",
                "pred": int(x > 0),
            }
            row["y"] = None if fresh else int((x > 0) != wrong)
            yield row


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with an incident in one shop and a verdict on it, and a model never watched."""
    path = tmp_path_factory.mktemp("review") / "store"
    model = whence.model(MODEL, store=path)
    made, turn = [*rows()], BAD * A_DAY
    for version, part in (("one", made[:turn]), ("two", made[turn:])):
        model.log(part, id="id", time="ts", prediction="pred", label="y", version=version)
    model.reference(START, START + dt.timedelta(days=HEALTHY))
    whence.event("till <i>& co", at=START + dt.timedelta(days=NEW_DAY), store=path)
    report = model.why()
    assert report.incident is not None
    fresh = whence.model("fresh", store=path)
    fresh.log([{"ts": START, "x": 1.0, "pred": 1}], time="ts", prediction="pred")
    return path


@pytest.fixture
def review(whence, store):
    """Ask for a review and return what is printed."""

    def ask(*arguments, status=0):
        done = whence("review", *arguments, "--store", store, status=status)
        return done.stdout if status == 0 else done.stderr

    return ask


def sections(markdown):
    """The text under each heading of the second level."""
    parts = re.split(r"^## (.*)$", markdown, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_a_week_tells_what_changed_and_was_found_and_is_to_label(review):
    told = sections(review(MODEL, *WEEK))
    assert "2023-10-09 00:00 external: till \\<i>\\& co" in told["What changed"]
    assert "10.0% of 'device' has values that the reference has never seen" in told["What changed"]
    assert "Rows a day: 69; 120 in the week before" in told["What changed"]  # 4 days of 7
    assert "shop" in told["What was found"]
    assert "'c'" in told["What was found"]
    assert "Incident of 2023-10-0" in told["What was found"]
    (line,) = [one for one in told["What to label"].splitlines() if "Lumen" in one]
    new = (DAYS - NEW_DAY) * A_DAY // 10
    needed = math.ceil(1.96**2 * 0.25 / 0.05**2)
    assert cells(line)[1:5] == [f"{new}", "0", f"{needed}", f"all {new} left"]


def test_the_week_that_a_version_began_in_names_it(review):
    assert "2023-10-02 00:00 version: two" in review(MODEL, "--week", "2023-10-08")
    assert "version: two" not in review(MODEL, *WEEK)


def test_a_calm_week_says_that_nothing_is_to_be_found_or_labelled(review):
    told = sections(review(MODEL, "--week", "2023-09-20"))
    assert "No incident was open in this week." in told["What was found"]
    assert "Nothing: no slice" in told["What to label"]


def test_a_week_without_rows_says_when_the_last_came(review):
    assert "the last came in the week of 2023-10-09" in review(MODEL)


class Tags(HTMLParser):
    """The tags of a page, and the text of its first heading."""

    def __init__(self):
        super().__init__()
        self.seen, self.heading, self._inside = [], "", False

    def handle_starttag(self, tag, _):
        self.seen.append(tag)
        self._inside = tag == "h1"

    def handle_endtag(self, _):
        self._inside = False

    def handle_data(self, data):
        self.heading += data if self._inside else ""


def test_names_that_are_markup_are_shown_as_they_are(review):
    page = review(MODEL, *WEEK, "--format", "html")
    tags = Tags()
    tags.feed(page)
    assert tags.heading == MODEL
    assert tags.seen.count("style") == 1
    assert not {"script", "b", "i", "link", "img"} & {*tags.seen}
    assert html.escape(NEW) in page
    assert "prefers-color-scheme: dark" in page
    table = re.findall(r"^\|.*$", sections(review(MODEL, *WEEK))["What to label"], re.MULTILINE)
    assert len({len(cells(line)) for line in table}) == 1


def test_both_forms_of_every_model_are_written(review, tmp_path):
    said = review("--out", tmp_path / "out").splitlines()
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(said) == len(written) == 4
    assert {"fresh.md", "fresh.html"} <= {*written}
    assert all(re.fullmatch(r"[a-z0-9-]+\.(md|html)", name) for name in written)
    for form, text in (("md", "# fresh\n"), ("html", "<h1>fresh</h1>")):
        page = (tmp_path / "out" / f"fresh.{form}").read_text("utf-8")
        assert text in page
        assert "It was never watched" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody",), "no predictions of model 'nobody'"),
        (("--week", "soon"), "'soon' is not a time"),
        (("--format", "both"), "add --out"),
    ],
)
def test_what_cannot_be_is_refused_with_the_fix(review, arguments, said):
    assert said in review(*arguments, status=2)
