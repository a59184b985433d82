"""Runs as a person walks them: the list, one run's curve, several over one another."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

import whence

PRINTED = 700
"""Lines that the first run prints: more than are drawn at once."""

COMMITTER = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


@pytest.fixture(scope="module")
def address(tmp_path_factory, serving):
    folder = tmp_path_factory.mktemp("runs")
    store = folder / "store"
    script = shutil.copy(Path(__file__).with_name("training.py"), folder)
    # What a run captures of its code is this work tree's, whatever one the tests lie in.
    for told in (["init", "-q"], ["add", "training.py"], [*COMMITTER, "commit", "-qm", "It"]):
        subprocess.run(["git", *told], cwd=folder, check=True)  # noqa: S607 - the git that users have
    environment = {**os.environ, "PYTHONPATH": str(Path(whence.__file__).parents[1])}
    subprocess.run(
        [sys.executable, script, store, str(PRINTED)], cwd=folder, env=environment, check=True
    )
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


def see(page, name):
    """Open a run by its name."""
    page.goto("/runs")
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


@pytest.mark.parametrize("width", [1400, 390])
def test_the_files_of_a_run_are_shown_by_what_they_are(address, opened, width):
    page = opened(address, width=width)
    see(page, "try 0")
    files = page.get_by_role("region", name="Artifacts")
    expect(files).to_contain_text("7 files")
    expect(files.locator("img")).to_have_count(3)
    files.get_by_role("button", name="report.md").click()
    expect(files.get_by_text("# All went well")).to_be_visible()
    files.get_by_role("button", name="said.csv").click()
    expect(files.get_by_role("cell", name="yes, it is")).to_be_visible()
    files.get_by_role("button", name="right.json").click()
    expect(files.get_by_role("columnheader", name="class")).to_be_visible()
    files.get_by_role("button", name="model.bin").click()
    expect(files.get_by_text("Not a picture, a table or a text")).to_be_visible()
    with page.expect_download() as saved:
        files.get_by_role("button", name="Save it").click()
    assert saved.value.path().read_text() == "a text that no page shows"
    files.get_by_role("button", name="2.png").click()
    page.reload()
    expect(files.get_by_role("img", name="samples/2.png")).to_be_visible()
    assert fits(page)


def test_what_a_run_printed_and_ran_in_is_told(address, opened):
    page = opened(address)
    see(page, "try 0")
    output = page.get_by_role("region", name="Output")
    expect(output).to_contain_text(f"{PRINTED + 1} lines, 1 of them to stderr.")
    expect(output.get_by_text("line 3", exact=True)).to_be_visible()
    assert output.locator(".line").count() < PRINTED / 2
    output.get_by_role("button", name="To the end").click()
    expect(output.get_by_text("it took long")).to_be_visible()
    expect(output.get_by_text(f"stderr {PRINTED + 1}")).to_be_visible()
    code = page.get_by_role("region", name="Code and environment")
    expect(code.get_by_text(re.compile("Commit [0-9a-f]{10}"))).to_be_visible()
    expect(code.get_by_text(f"{sys.version_info.major}.{sys.version_info.minor}")).to_be_visible()
    code.get_by_text(re.compile(r"\d+ packages")).click()
    expect(code.get_by_text("msgspec", exact=True)).to_be_visible()
    assert fits(page)


def test_what_the_machine_measured_stands_apart(address, opened):
    page = opened(address)
    page.goto("/runs")
    expect(page.get_by_role("button", name="Columns: 4 of 5")).to_be_visible()
    see(page, "try 0")
    expect(page.get_by_text("system/cpu").first).to_be_hidden()
    page.get_by_text("Of the machine: 1 metric", exact=True).click()
    expect(page.get_by_text("system/cpu").first).to_be_visible()


def test_a_run_and_those_within_it_lead_to_each_other(address, opened):
    page = opened(address)
    see(page, "broken")
    page.get_by_text("Part of").get_by_role("link", name="try 2").click()
    within = page.get_by_role("region", name="Runs within it")
    within.get_by_role("link", name="broken").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("broken failed")


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
    page.get_by_role("button", name="Columns: 4 of 5").click()
    page.get_by_role("checkbox", name="steps/s").uncheck()
    expect(page.get_by_role("button", name="Columns: 3 of 5")).to_be_visible()
    page.reload()
    expect(page.locator("tbody a").first).to_have_text("try 2")
    assert names(page) == ["try 2", "try 1", "try 0"]
    expect(page.get_by_role("columnheader", name="steps/s")).to_have_count(0)
    expect(page.get_by_role("columnheader", name="optimizer")).to_be_visible()


def test_a_filter_is_in_the_address_and_groups_open(address, opened):
    page = opened(address)
    page.goto("/runs")
    headline = page.get_by_role("heading", level=1)
    expect(headline).to_have_text("4 runs of 2 projects; 1 failed.")
    page.keyboard.press("/")
    page.keyboard.type("params.lr <= 0.01")
    page.keyboard.press("Enter")
    expect(headline).to_have_text("2 of 4 runs fit the filter.")
    page.reload()
    expect(page.locator("tbody a")).to_have_text(["try 2", "try 1"])
    page.get_by_role("button", name="Show all runs").click()
    expect(headline).to_have_text("4 runs of 2 projects; 1 failed.")
    page.get_by_role("combobox", name="Group by").click()
    page.get_by_role("option", name="by lr").click()
    groups = page.locator("tr.group")
    expect(groups).to_have_text([
        re.compile(r"0\.001 *1 run"), re.compile(r"0\.01 *1 run"), re.compile(r"0\.1 *1 run"),
        re.compile("without lr *1 run"),
    ])  # fmt: skip
    groups.get_by_role("button", name="0.01").click()
    expect(page.locator("tbody a")).to_have_text(["try 1"])
    groups.get_by_role("button", name="without lr").click()
    expect(page.locator("tbody a")).to_have_text(["try 1", "broken"])
    page.reload()
    expect(page.locator("tbody a")).to_have_text(["try 1", "broken"])


def test_a_filter_that_cannot_be_read_is_answered_with_its_fix(address, browser):
    page = browser.new_page(base_url=address)  # what the server refuses is an error of the console
    page.goto("/runs?where=loss < 1")
    expect(page.get_by_role("heading", level=1)).to_have_text("The filter cannot be read.")
    expect(page.get_by_text("write metrics.loss or tags.loss or params.loss")).to_be_visible()
    page.get_by_role("textbox", name="Filter").fill("metrics.loss < 1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("3 of 4 runs fit the filter.")
    page.close()


def test_a_pinned_column_stays_and_a_view_is_remembered(address, opened):
    page = opened(address, width=700)
    page.set_viewport_size({"width": 800, "height": 800})
    page.goto("/runs?project=digits")
    page.get_by_role("button", name="Columns: 4 of 5").click()
    page.get_by_role("button", name="Pin optimizer").click()
    page.keyboard.press("Escape")
    head = page.get_by_role("columnheader", name="optimizer")
    sheet = page.locator(".sheet")
    before = head.bounding_box()
    sheet.evaluate("place => place.scrollTo(400, 0)")
    expect(page.get_by_role("columnheader", name="steps/s")).to_be_in_viewport()
    assert head.bounding_box() == before
    page.get_by_role("button", name="Views").click()
    page.get_by_role("textbox", name="Name of this view").fill("by optimizer")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="View: by optimizer")).to_be_visible()
    page.goto("/runs")
    page.get_by_role("button", name="Views: 1").click()
    page.get_by_role("link", name="by optimizer").click()
    expect(page).to_have_url(re.compile("pin=params.optimizer"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("of digits")
    page.get_by_role("button", name="View: by optimizer").click()
    page.get_by_role("button", name="Forget by optimizer").click()
    expect(page.get_by_role("button", name="Views", exact=True)).to_be_visible()


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


def test_what_runs_differ_in_and_what_it_led_to(address, opened):
    page = opened(address)
    page.goto("/runs?project=digits")
    for name in ("try 0", "try 1"):
        page.get_by_role("checkbox", name=f"Compare {name}").check()
    page.get_by_role("link", name="Compare 2").click()
    led = page.get_by_role("region", name="What they led to")
    expect(led).to_contain_text("loss is largest in try 1, 0.02439, and least in try 0, 0.0002.")
    expect(led.get_by_role("img", name="lr and loss of try 0, try 1")).to_be_visible()
    expect(led.locator(".lines path")).to_have_count(2)
    expect(page.get_by_role("region", name="Code")).to_contain_text("The same: commit")
    expect(page.get_by_role("region", name="Environment")).to_contain_text("The same, with")
    loss, speed = (page.get_by_role("article", name=name) for name in ("loss", "steps/s"))
    loss.scroll_into_view_if_needed()
    page.get_by_role("slider", name="Smoothing").fill("0.9")
    expect(page).to_have_url(re.compile("smooth=0.9"))
    expect(page.get_by_text("Smoothed by 0.90")).to_be_visible()
    loss.locator(".u-over").hover(position={"x": 100, "y": 80})
    for curve in (loss, speed):  # pointing at one reads the others
        expect(curve.get_by_text(re.compile(r"^at step"))).to_be_visible()


def test_a_run_that_goes_on_is_read_again(tmp_path, serving, opened):
    store = tmp_path / "store"
    run = whence.start_run(project="digits", name="long one", store=store, capture={"output"})
    run.log({"loss": 0.5})
    sys.stdout.write("it begins\n")
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
        expect(page.get_by_text("it begins")).to_be_visible()
        run.log({"loss": 0.25})
        sys.stdout.write("it goes on\n")
        expect(page.get_by_text("it goes on")).to_be_visible()
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
