"""A run is taken off the lists, and brought back."""

import pytest
from playwright.sync_api import expect

import whence


@pytest.fixture
def address(tmp_path, serving):
    store = tmp_path / "store"
    with whence.start_run(name="served", store=store, capture=False) as run:
        run.log_text("weights", "model/weights.txt")
    with whence.start_run(name="a failed try", store=store, capture=False) as failed:
        failed.log_text("nothing came of it", "end.txt")
    whence.open(store).register("digits", run=run, artifact="model")
    whence.open(store).registered("digits").set_alias("production", 1)
    with serving(store, "--every", "0") as (found, _):
        yield found


def test_a_run_goes_and_comes_back_and_says_what_needs_it(address, opened):
    page = opened(address)
    headline = page.get_by_role("heading", level=1)
    failed = page.get_by_role("link", name="a failed try")
    page.goto("/runs")
    failed.click()
    page.get_by_role("button", name="Delete this run").click()
    said = page.get_by_role("status")
    expect(said).to_contain_text("Deleted just now: it is on no list.")
    expect(said).to_contain_text("with 1 file, and frees 18 bytes")

    page.goto("/runs")
    expect(headline).to_have_text("One run: served, finished.")
    expect(failed).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("status")).to_contain_text("it is on no list.")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_role("button", name="Delete this run")).to_be_visible()
    page.get_by_role("link", name="Runs", exact=True).first.click()
    expect(failed).to_be_visible()

    page.get_by_role("link", name="served").click()
    page.get_by_role("button", name="Delete this run").click()
    expect(page.get_by_role("status")).to_contain_text(
        "version 1 of 'digits' (production) comes from it and can still be loaded"
    )
