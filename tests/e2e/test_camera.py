"""The camera case as a person walks it: from the first page to the photos that fail."""

import re
import shutil
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import expect

SMALL, LARGE = 28, 56
"""Widths of the demo's photos: of the phones that the model knew, and of the new one."""


@pytest.fixture(scope="module")
def address(camera, serving, tmp_path_factory):
    store = shutil.copytree(camera, tmp_path_factory.mktemp("walked") / "store")
    with serving(store, "--every", "0", "--photos", camera) as (found, _):
        yield found


def photos(page, heading):
    """Return the files of the photos below a heading, once the browser has drawn them."""
    images = page.locator("section, div, figure").filter(
        has=page.get_by_role("heading", name=heading)
    ).last.locator("img")  # fmt: skip
    expect(images.first).to_be_visible()
    for image in images.all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", value=True)
        assert image.evaluate("image => image.naturalWidth") > 0
    return [parse_qs(urlsplit(one.get_attribute("src")).query)["path"][0] for one in images.all()]


def width_of(path):
    with Image.open(path) as photo:
        return photo.width


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_the_first_page_to_the_photos_of_the_failing_slice(address, opened, scheme, width):
    page = opened(address, scheme, width)
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("verifier is failing")
    page.get_by_role("link", name=re.compile("Accuracy fell")).first.click()
    page.wait_for_url("**/incidents/**")
    page.goto("/models/verifier")
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.get_by_role("heading", name="What moved")).to_be_visible()
    page.get_by_role("link", name=re.compile("See the incident")).click()
    page.wait_for_url("**/incidents/**")
    headline = page.get_by_role("heading", level=1)
    expect(headline).to_contain_text("never seen in the reference")
    expect(headline).to_contain_text("Lumen 6 on sale")
    failing = photos(page, re.compile("Wrong answers"))
    healthy = photos(page, re.compile("Right answers"))
    assert set(map(width_of, failing)) == {LARGE}
    assert set(map(width_of, healthy)) == {SMALL}
    narrow = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert narrow, "the page is wider than the window"


def test_a_person_can_say_what_it_is(address, opened):
    page = opened(address)
    page.goto("/models/verifier")
    page.get_by_role("link", name=re.compile("See the incident")).click()
    page.get_by_placeholder("Your name").fill("Ada")
    page.get_by_placeholder("What should the others know?").fill("we asked the vendor")
    page.get_by_role("button", name="Comment").click()
    expect(page.get_by_text("we asked the vendor")).to_be_visible()
    page.reload()
    expect(page.get_by_text("we asked the vendor")).to_be_visible()


def test_alerts_and_sql(address, opened):
    page = opened(address)
    page.goto("/alerts")
    expect(page.get_by_role("heading", level=1)).to_contain_text("alerts in the last window")
    page.goto("/sql")
    page.get_by_role("textbox").first.fill('SELECT count(*) AS n FROM "verifier.predictions"')
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("5,884").or_(page.get_by_text("5884")).first).to_be_visible()


def test_an_empty_store_shows_how_to_begin(tmp_path, serving, opened):
    with serving(tmp_path / "store", "--every", "0") as (address, _):
        page = opened(address)
        page.goto("/")
        expect(page.get_by_text("whence.model(").first).to_be_visible()
        page.close()
