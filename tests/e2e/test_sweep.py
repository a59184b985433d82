"""A sweep as a person looks at it: parallel coordinates, and what is held of their axes."""

import json
import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

import whence
from whence.journal import uuid7
from whence.store import runs
from whence.store.folder import StoreFolder
from whence.types.records import RunFacts, RunStart

TRIED = 60
MANY = 2_040
"""More runs than are drawn."""

RATES = [10.0 ** -(1 + number % 4) for number in range(TRIED)]
OPTIMIZERS = [("adam", "sgd", "lion")[number % 3] for number in range(TRIED)]
LOSSES = [0.01 * 1.1**number for number in range(TRIED)]


def fill(path, params, metrics, *, project="digits"):
    """Keep runs as a fold keeps them: a sweep of thousands, in a moment."""
    store = StoreFolder(path)
    with store.metadata.transaction():
        for number, (given, values) in enumerate(zip(params, metrics, strict=True)):
            run = uuid7()
            begun = RunStart(run, 1_700_000_000_000_000 + number, project, f"try {number}")
            runs.start(store.metadata, begun, "journal")
            runs.facts(store.metadata, RunFacts(run, 1, given, {}))
            runs.latest(store.metadata, [(run, key, value, 1, 1) for key, value in values.items()])
    store.metadata.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory, serving):
    """Serve a sweep: a rate over four decades, an optimizer, momentum of one of them only."""
    path = tmp_path_factory.mktemp("sweep") / "store"
    params = [
        {
            "lr": rate,
            "optimizer": name,
            "epochs": 10,
            **({"momentum": 0.9} if name == "sgd" else {}),
        }
        for rate, name in zip(RATES, OPTIMIZERS, strict=True)
    ]
    fill(path, params, [{"loss": loss, "accuracy": 1 - loss / 4} for loss in LOSSES])
    with serving(path, "--every", "0") as (found, _):
        yield found


def fits(page):
    """Return whether no part of the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def drag(page, axis, start, end):
    """Drag along an axis, from one part of its height to another; 0 is its foot."""
    grip = page.locator(f'.grip[data-axis="{axis}"]')
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    inside = box["height"] - 14  # the axis itself ends so far from the ends of its grip

    def y(part):
        return box["y"] + 7 + (1 - part) * inside

    x = box["x"] + box["width"] / 2
    page.mouse.move(x, y(start))
    page.mouse.down()
    page.mouse.move(x, y((start + end) / 2))
    page.mouse.move(x, y(end))
    page.mouse.up()


def total(page):
    """Return a locator of the table when it has so many rows."""
    return lambda rows: expect(page.locator(".sheet table")).to_have_attribute(
        "aria-rowcount", str(rows + 1)
    )


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_runs_of_the_table_are_drawn_by_what_varies(address, opened, scheme, width):
    page = opened(address, scheme, width)
    page.goto("/runs")
    page.get_by_role("button", name="Parallel coordinates").click()
    picture = page.get_by_role(
        "img", name=f"lr, momentum, optimizer, loss, accuracy of {TRIED} runs"
    )
    expect(picture).to_be_visible()
    expect(page.get_by_text(f"All {TRIED} runs are drawn.")).to_be_visible()
    expect(picture.get_by_text("log", exact=True)).to_have_count(2)  # lr and loss; not accuracy
    expect(picture.get_by_text("none", exact=True)).to_have_count(1)  # momentum
    expect(picture.locator(".lines path").first).to_be_attached()
    assert fits(page)
    more = page.locator(".sweep").get_by_role("button", name="More to the right")
    if width < 700:
        more.click()
        expect(
            page.locator(".sweep").get_by_role("button", name="More to the left")
        ).to_be_visible()
    else:
        expect(more).to_have_count(0)
    page.get_by_role("button", name="Without the chart").click()
    expect(picture).to_have_count(0)


def test_dragging_along_an_axis_narrows_the_table(address, opened):
    page = opened(address)
    page.goto("/runs?parallel=1&sort=metrics.loss")
    rows = total(page)
    drag(page, "optimizer", 0.9, 1.1)  # texts stand from the top: adam
    kept = page.locator(".sweep .ways")
    expect(kept).to_contain_text(f"20 of {TRIED} lines kept")
    rows(20)
    drag(page, "loss", 0.5, -0.1)
    middle = (LOSSES[0] * LOSSES[-1]) ** 0.5  # the axis is logarithmic
    fitting = [number for number in range(0, TRIED, 3) if LOSSES[number] <= middle]
    expect(kept).to_contain_text(f"{len(fitting)} of {TRIED} lines kept")
    rows(len(fitting))
    expect(page.locator("tbody a").first).to_have_text("try 0")
    page.reload()  # it is in the address
    rows(len(fitting))
    expect(kept).to_contain_text("loss up to 0.1")
    page.get_by_role("button", name="Free optimizer").click()
    expect(kept).not_to_contain_text("optimizer")
    rows(sum(loss <= middle for loss in LOSSES))
    page.locator('.grip[data-axis="loss"]').click()
    expect(kept).to_have_count(0)
    rows(TRIED)


def test_what_is_drawn_is_what_the_filter_finds(address, opened):
    page = opened(address)
    page.goto("/runs?parallel=1&where=" + quote("params.optimizer = 'sgd'"))
    expect(page.get_by_text("All 20 runs are drawn.")).to_be_visible()
    expect(page.get_by_role("img", name="lr, loss, accuracy of 20 runs")).to_be_visible()
    page.goto("/runs?parallel=1&where=" + quote("metrics.loss < 0.0105"))
    expect(page.get_by_text("One run fits; parallel coordinates set two or more")).to_be_visible()
    page.goto("/runs?parallel=1&where=" + quote("metrics.loss < 0"))
    expect(page.get_by_text("No run fits.")).to_be_visible()
    expect(page.locator(".parallel")).to_have_count(0)


def test_axes_are_the_chosen_columns_and_a_metric_colours(address, opened):
    page = opened(address)
    page.goto("/runs?parallel=1&column=params.lr&column=metrics.loss")
    expect(page.get_by_role("img", name=f"lr, loss of {TRIED} runs")).to_be_visible()
    page.get_by_role("combobox", name="Colour by").click()
    page.get_by_role("option", name="colour by accuracy").click()
    expect(page).to_have_url(re.compile("colour=metrics.accuracy"))
    expect(page.get_by_role("img", name=f"lr, loss, accuracy of {TRIED} runs")).to_be_visible()
    strokes = page.locator(".lines path").evaluate_all("all => all.map(one => one.style.stroke)")
    assert len(set(strokes)) == len(strokes) > 5


def test_a_line_that_is_pointed_at_is_named_and_opens_its_run(address, opened):
    page = opened(address)
    page.goto("/runs?parallel=1&column=params.lr&column=metrics.loss")
    picture = page.locator(".parallel svg")
    box = picture.bounding_box()
    said = page.locator(".pointed")
    for top in range(40, 320, 2):
        page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + top)
        if "try" in said.inner_text():
            break
    expect(said).to_have_text(re.compile(r"^try \d+ loss .* · lr "))
    name = re.match(r"try \d+", said.inner_text())[0]
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + top)
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{name} ")


def test_of_too_many_runs_the_first_are_drawn_and_that_is_said(tmp_path, serving, opened):
    path = tmp_path / "store"
    numbers = [str(number / MANY) for number in range(MANY)]
    # As programs say them that have texts only; and one column with nothing but null.
    params = [{"lr": number, "kind": None} for number in numbers]
    fill(path, params, [{"loss": float(number)} for number in numbers])
    with serving(path, "--every", "0") as (address, _):
        page = opened(address)
        page.goto("/runs?parallel=1&sort=metrics.loss")
        expect(
            page.get_by_text("The first 2,000 of 2,040 runs are drawn, in the order of the table")
        ).to_be_visible()
        expect(page.get_by_role("img", name="lr, loss of 2,000 runs")).to_be_visible()
        drag(page, "lr", 0.5, -0.1)
        kept = page.locator(".sweep .ways")
        expect(kept).to_contain_text("of 2,000 lines kept")
        lines = int(re.match(r"([\d,]+) of", kept.inner_text())[1].replace(",", ""))
        assert 950 < lines < 1050
        total(page)(lines)  # the server counts the same runs as the page
        page.close()


def test_what_an_address_holds_that_cannot_be_read_holds_nothing(address, opened):
    page = opened(address)
    for text in ("oops", json.dumps(["params.lr"]), json.dumps([1, 2]), json.dumps(["a", 1])):
        page.goto("/runs?parallel=1&within=" + quote(text))
        expect(page.get_by_role("img", name=re.compile(f"of {TRIED} runs"))).to_be_visible()
        total(page)(TRIED)


def test_every_run_that_a_program_logs_comes_to_the_picture(tmp_path, serving, opened):
    path = tmp_path / "store"
    for rate in (0.1, 0.01):
        with whence.start_run(params={"lr": rate}, store=path, capture=False) as run:
            run.log({"loss": rate})
    with serving(path, "--every", "0.5") as (address, _):
        page = opened(address)
        page.goto("/runs?parallel=1")
        expect(page.get_by_text("All 2 runs are drawn.")).to_be_visible()
        with whence.start_run(params={"lr": 1.0}, store=path, capture=False) as run:
            run.log({"loss": 0.5})
        expect(page.get_by_text("All 3 runs are drawn.")).to_be_visible()
        page.close()
