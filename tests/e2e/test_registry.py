"""The registry and the lineage as a person walks them: versions, what made them, the loop."""

import re

import pytest
from playwright.sync_api import expect

import whence

ROWS = [
    {"id": str(i), "ts": "2023-09-01T00:00:00Z", "p": i % 2, "v": "12"[i % 2]} for i in range(8)
]
LOOP = "shop, version 2 was trained on data that come from what shop, version 1 answered."


@pytest.fixture(scope="module")
def address(tmp_path_factory, serving):
    """Serve a store: version 2 of a model was trained on clicks on what version 1 showed."""
    path = tmp_path_factory.mktemp("registry") / "store"
    raw = whence.dataset("catalogue", digest="c1", store=path)
    with whence.start_run(project="shop", name="first", store=path, capture=False) as first:
        first.use_dataset(raw, context="training")
    store = whence.open(path)
    store.register("shop", run=first, description="from the catalogue", tags={"by": "Ada"})
    store.model("shop").log(ROWS, id="id", time="ts", prediction="p", version="v")
    clicks = whence.dataset(
        "clicks", digest="k1", made_from=["predictions:shop@1", raw], store=path
    )
    with whence.start_run(project="shop", name="second", store=path, capture=False) as second:
        second.use_dataset(clicks, context="training")
    store.register("shop", run=second, description="from clicks")
    store.register("bare", artifact="s3://elsewhere/model")
    store.registered("shop").set_alias("production", 2)
    store.registered("shop").describe("What to show first")
    with serving(path, "--every", "1") as (found, _):
        yield found


def fits(page):
    """Return whether no part of the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_the_registry_to_a_version_and_to_what_it_came_from(address, opened, scheme, width):
    page = opened(address, scheme, width)
    page.goto("/")
    page.get_by_role("link", name="Registry", exact=True).click()
    headline = page.get_by_role("heading", level=1)
    expect(headline).to_have_text("2 models are registered; 1 has an alias.")
    assert fits(page)
    page.get_by_role("link", name="shop", exact=True).click()
    expect(headline).to_have_text("shop has 2 versions; production is version 2.")
    expect(page.get_by_text("What to show first")).to_be_visible()
    expect(page.get_by_text("by: Ada")).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name="Where it came from").first.click()
    expect(headline).to_have_text(LOOP)
    assert fits(page)


def test_a_version_leads_to_the_run_that_made_it(address, opened):
    page = opened(address)
    page.goto("/registry/shop")
    page.get_by_role("link", name="second", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("second finished")
    page.get_by_role("link", name="Where it came from").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(LOOP)


def test_every_node_leads_to_its_own_lineage(address, opened):
    page = opened(address)
    page.goto("/lineage?of=model:shop@2")
    graph = page.get_by_role("region", name="Lineage", exact=True)
    expect(graph.get_by_role("link")).to_have_count(10)
    centre = graph.locator("[aria-current]")
    expect(centre).to_have_text(re.compile("model version.*shop, version 2"))
    expect(graph.get_by_text("loop")).to_have_count(2)
    graph.get_by_role("link", name="catalogue").click()
    page.wait_for_url("**of=dataset**")
    expect(page.get_by_role("heading", level=1)).to_have_text(LOOP)
    expect(
        page.get_by_text("Dataset catalogue (c1) came from nothing that is known")
    ).to_be_visible()
    expect(centre).to_have_text(re.compile("catalogue"))
    page.get_by_text("The same in words").click()
    steps = page.get_by_role("region", name="Steps")
    expect(
        steps.get_by_role("row", name="what shop, version 1, answered made from")
    ).to_be_visible()
    page.go_back()
    expect(centre).to_have_text(re.compile("version 2"))


def test_edges_lead_to_the_right(address, opened):
    page = opened(address)
    page.goto("/lineage?of=model:shop@2")
    graph = page.get_by_role("region", name="Lineage", exact=True)
    order = ["catalogue", "shop/first", "shop, version 1", "clicks", "shop/second"]
    places = [
        graph.get_by_role("link", name=name).first.evaluate("node => node.offsetLeft")
        for name in order
    ]
    assert places == sorted(set(places))


def test_a_monitored_model_leads_to_its_lineage(address, opened):
    page = opened(address)
    page.goto("/")
    expect(page.get_by_text("no labels", exact=True)).to_be_visible()  # the server has looked at it
    page.get_by_role("link", name="shop", exact=True).click()
    page.get_by_role("link", name="Where it came from").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(LOOP)
    page.get_by_role("link", name="See how shop does").click()
    page.wait_for_url("**/models/shop")


def test_a_version_of_which_nothing_is_known_says_so(address, opened):
    page = opened(address)
    page.goto("/lineage?of=model:bare@1")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "bare, version 1 came from nothing that is known, and led to nothing yet."
    )
    page.goto("/registry")
    page.get_by_role("link", name="bare").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/registry/bare")
    expect(page.get_by_text("s3://elsewhere/model")).to_be_visible()


def test_what_changes_in_the_registry_reaches_an_open_page(tmp_path, serving, opened):
    path = tmp_path / "store"
    with whence.start_run(name="first", store=path, capture=False) as run:
        pass
    store = whence.open(path)
    store.register("shop", run=run)
    with serving(path, "--every", "0.5") as (address, _):
        page, one = opened(address), opened(address)
        page.goto("/registry")
        one.goto("/registry/shop")
        headline, of_one = (each.get_by_role("heading", level=1) for each in (page, one))
        expect(headline).to_have_text("One model is registered: shop, at version 1.")
        expect(of_one).to_have_text("shop has 1 version; no alias names one.")
        store.register("shop", artifact="s3://elsewhere/2")
        expect(headline).to_have_text("One model is registered: shop, at version 2.")
        expect(of_one).to_have_text("shop has 2 versions; no alias names one.")
        for version in (1, 2):  # it moves: nothing but the alias itself tells
            store.registered("shop").set_alias("production", version)
            expect(of_one).to_have_text(f"shop has 2 versions; production is version {version}.")
            expect(page.get_by_text(f"production is version {version}")).to_be_visible()
        store.register("till", artifact="s3://elsewhere/3")
        expect(headline).to_have_text("2 models are registered; 1 has an alias.")
        page.close()
        one.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_lineage_wider_than_the_window_says_that_there_is_more(address, opened, scheme):
    page = opened(address, scheme, 600)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # a step is there at once
    page.goto("/lineage?of=model:shop@2")
    graph = page.get_by_role("region", name="Lineage", exact=True)
    right, left = (
        page.get_by_role("button", name=f"More to the {way}") for way in ("right", "left")
    )
    expect(right).to_be_visible()
    expect(left).to_be_visible()  # what was asked for stands in the middle
    while graph.evaluate("at => at.scrollWidth - at.clientWidth - at.scrollLeft") > 4:
        before = graph.evaluate("at => at.scrollLeft")
        right.press("Enter")
        page.wait_for_function(
            "was => document.querySelector('.graph').scrollLeft > was", arg=before
        )
    expect(right).to_have_count(0)
    expect(left).to_be_visible()
    graph.focus()
    page.keyboard.press("ArrowLeft")
    expect(right).to_be_visible()
    assert fits(page)


def test_a_store_without_models_shows_how_to_begin(tmp_path, serving, opened):
    with serving(tmp_path / "store", "--every", "0") as (address, _):
        page = opened(address)
        page.goto("/registry")
        expect(page.get_by_text("store.register(").first).to_be_visible()
        page.goto("/lineage")
        expect(page.get_by_role("heading", level=1)).to_have_text("Lineage of what?")
        page.close()


@pytest.mark.parametrize("width", [1400, 390])
def test_an_alias_is_set_and_removed(tmp_path, serving, browser, width):
    store = tmp_path / "store"
    with whence.start_run(name="made", store=store, capture=False) as run:
        pass
    opened_store = whence.open(store)
    for _ in range(2):
        opened_store.register("shop", run=run)
    with serving(store, "--every", "0") as (address, _):
        page = browser.new_page(base_url=address, viewport={"width": width, "height": 900})
        page.goto("/registry/shop")
        headline = page.get_by_role("heading", level=1)
        aliases = page.get_by_role("region", name="Aliases")
        aliases.get_by_label("Alias").fill("v3")
        aliases.get_by_role("button", name="Set").click()
        expect(aliases).to_contain_text("neither 'latest' nor a version such as 'v3'")
        aliases.get_by_label("Alias").fill("production")
        aliases.get_by_role("button", name="Set").click()
        expect(headline).to_have_text("shop has 2 versions; production is version 2.")
        assert fits(page)
        assert opened_store.registered("shop").alias("production").version == 2
        aliases.get_by_role("button", name="Remove production").click()
        expect(headline).to_have_text("shop has 2 versions; no alias names one.")
        assert opened_store.registered("shop").read().model.aliases == {}
