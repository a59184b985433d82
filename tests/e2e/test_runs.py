"""Runs as a person walks them: the list, one run's curve, several over one another."""

import re

import pytest
from playwright.sync_api import expect

import whence

RUNS, POINTS = 3, 40
LONG = 5000
"""Points of the first run: more than a curve has buckets."""


def record(store):
    """Record runs of one project that differ in `lr`, and one of another that fails."""
    for at in range(RUNS):
        params = {"lr": 10.0 ** -(at + 1), "optimizer": "adamw"}
        tags = {"by": "Ada"}
        with whence.start_run(
            project="digits", name=f"try {at}", params=params, tags=tags, store=store
        ) as run:
            for step in range(LONG if at == 0 else POINTS):
                run.log({"loss": 1 / (step + 1 + at), "steps/s": 100 + at})
    broken = whence.start_run(project="verifier", name="broken", store=store)
    broken.finish("failed")
    assert len(whence.open(store).runs()) == RUNS + 1  # taken in, so that the first page shows them


@pytest.fixture(scope="module")
def address(tmp_path_factory, serving):
    store = tmp_path_factory.mktemp("runs") / "store"
    record(store)
    with serving(store, "--every", "1") as (found, _):
        yield found


def fits(page):
    """Return whether no part of the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_the_list_to_the_curve_of_one_run(address, opened, scheme, width):
    page = opened(address, scheme, width)
    page.goto("/")
    page.get_by_role("link", name="Runs", exact=True).click()
    headline = page.get_by_role("heading", level=1)
    expect(headline).to_have_text("4 runs of 2 projects; 1 failed.")
    assert fits(page)
    page.get_by_role("link", name="try 0").click()
    expect(headline).to_contain_text("try 0 finished")
    expect(page.get_by_text("adamw")).to_be_visible()
    expect(page.get_by_text("Ada", exact=True)).to_be_visible()
    curve = page.get_by_role("article", name="loss")
    curve.scroll_into_view_if_needed()
    expect(curve.locator("canvas")).to_be_visible()
    expect(curve).to_contain_text("5,000 points")
    expect(curve).to_contain_text("last, at step 4,999")
    assert fits(page)


def names(page):
    """Return the runs of the list, from the top."""
    return page.get_by_role("region", name="Runs").last.locator("tbody a").all_inner_texts()


def test_a_project_a_sorting_and_columns_are_in_the_address(address, opened):
    page = opened(address)
    page.goto("/runs")
    page.get_by_role("combobox", name="Project").click()
    page.get_by_role("option", name="digits").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("3 runs of digits.")
    page.get_by_role("button", name="lr", exact=True).click()
    expect(page.get_by_role("columnheader", name=re.compile("^lr"))).to_have_attribute(
        "aria-sort", "ascending"
    )
    expect(page.locator("tbody a").first).to_have_text("try 2")
    page.get_by_role("button", name="Columns: all 4").click()
    page.get_by_role("checkbox", name="steps/s").uncheck()
    expect(page.get_by_role("button", name="Columns: 3 of 4")).to_be_visible()
    page.reload()
    expect(page.locator("tbody a").first).to_have_text("try 2")
    assert names(page) == ["try 2", "try 1", "try 0"]
    expect(page.get_by_role("columnheader", name="steps/s")).to_have_count(0)
    expect(page.get_by_role("columnheader", name="optimizer")).to_be_visible()


def test_runs_are_chosen_by_keys_and_compared(address, opened):
    page = opened(address)
    page.goto("/runs?project=digits")
    expect(page.locator("tbody a").first).to_have_text("try 2")
    for key in "jxjx":
        page.keyboard.press(key)
    page.get_by_role("link", name="Compare 2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 runs; they differ in lr.")
    expect(page.get_by_text("1 more is the same.")).to_be_visible()
    curve = page.get_by_role("article", name="loss")
    curve.scroll_into_view_if_needed()
    expect(curve.get_by_role("img")).to_have_attribute(
        "aria-label", "loss by step: try 2 over 40 points, try 1 over 40 points"
    )
    page.keyboard.press("Escape")
    page.wait_for_url("**/runs")


def test_a_run_that_goes_on_is_read_again(tmp_path, serving, opened):
    store = tmp_path / "store"
    run = whence.start_run(project="digits", name="long one", store=store)
    run.log({"loss": 0.5})
    with serving(store, "--every", "1") as (address, _):
        page = opened(address)
        page.goto("/runs")
        page.keyboard.press("j")
        page.get_by_role("link", name="long one").wait_for()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/runs/*")
        curve = page.get_by_role("article", name="loss")
        expect(curve).to_contain_text("1 point")
        run.log({"loss": 0.25})
        expect(curve).to_contain_text("2 points")
        run.finish()
        expect(page.get_by_role("heading", level=1)).to_contain_text("finished")
        page.close()


def test_a_store_without_runs_shows_how_to_begin(tmp_path, serving, opened):
    with serving(tmp_path / "store", "--every", "0") as (address, _):
        page = opened(address)
        page.goto("/runs")
        expect(page.get_by_text("whence.start_run(").first).to_be_visible()
        page.close()
