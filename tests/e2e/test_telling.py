"""Who was told of what, and silences, as a person sees them."""

import datetime as dt
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from playwright.sync_api import expect

import whence

MODEL = "fraud"
START = dt.datetime(2023, 9, 1, tzinfo=dt.UTC)
HEALTHY, BAD, DAYS, A_DAY = 20, 30, 40, 60


class Desk(BaseHTTPRequestHandler):
    """Where messages arrive: all are taken, but at /busy."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503 if self.path.startswith("/busy") else 200)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def desk():
    """Return where the channels of the test lead."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Desk) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"json://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def log(store):
    """Log a model that is wrong in a tenth of its answers, and from a day on in most."""
    random = np.random.default_rng(1)
    rows = []
    for i in range(DAYS * A_DAY):
        day, x = i // A_DAY, float(random.normal())
        wrong = random.random() < (0.8 if day >= BAD else 0.1)
        at = START + dt.timedelta(days=day, minutes=10 * (i % A_DAY))
        said = int(x > 0)
        rows.append({"id": f"r{i}", "ts": at, "x": x, "pred": said, "y": said ^ int(wrong)})
    model = whence.model(MODEL, store=store)
    model.log(rows, id="id", time="ts", prediction="pred", label="y")
    model.reference(START, START + dt.timedelta(days=HEALTHY))
    model.watch()


@pytest.fixture(scope="module")
def address(tmp_path_factory, run_whence, serving, desk):
    """Serve a store that has told one channel of its incident, and could not tell the other."""
    folder = tmp_path_factory.mktemp("telling")
    store = folder / "store"
    log(store)
    env = {"WHENCE_STORE": str(store), "NO_PROXY": "127.0.0.1"}
    for name, path in (("team", "taken"), ("night", "busy")):
        run_whence("notify", "add", "--name", name, f"{desk}/{path}", cwd=folder, env=env)
    run_whence("notify", "send", cwd=folder, status=1, env=env)  # one of the two cannot be sent
    with serving(store, "--every", "0") as (found, _):
        yield found


def section(page, heading):
    return page.get_by_role("region", name=heading, exact=True)


def go_to_the_incident(page):
    page.goto(f"/models/{MODEL}")
    page.get_by_role("link", name=re.compile("See the incident")).click()
    page.wait_for_url("**/incidents/**")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 390)])
def test_what_was_told_to_whom_and_what_did_not_arrive(address, opened, scheme, width):
    page = opened(address, scheme, width)
    page.goto("/alerts")
    who = section(page, "Who is told")
    expect(who.get_by_text("team", exact=True)).to_be_visible()
    expect(who.get_by_text("every model")).to_have_count(2)
    told = section(page, "What was told").get_by_role("row")
    arrived = told.filter(has_text="team")
    expect(arrived).to_contain_text("sent")
    waiting = told.filter(has_text="night")
    expect(waiting).to_contain_text(re.compile(r"waiting.*tried once, next at", re.DOTALL))
    narrow = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert narrow, "the page is wider than the window"
    title = arrived.get_by_role("link").inner_text()
    arrived.get_by_role("button", name="whole text").click()
    text = page.get_by_role("dialog")
    expect(text.get_by_role("heading")).to_have_text(title)
    expect(text).to_contain_text("Began 2023-")
    assert text.locator(".letter").inner_text().count("\n") > 0, "the lines of the body are lost"
    page.reload()
    expect(text, "a message that is open is part of the link").to_be_visible()
    page.keyboard.press("Escape")
    expect(text).to_have_count(0)
    arrived.get_by_role("link").click()
    page.wait_for_url("**/incidents/**")


def test_an_incident_says_who_was_told(address, opened):
    page = opened(address)
    go_to_the_incident(page)
    line = page.get_by_text(re.compile("^Told: "))
    expect(line).to_contain_text(re.compile(r"night, .*, waiting"))
    reached = line.get_by_role("button", name=re.compile("team, "))
    reached.click()
    expect(page.get_by_role("dialog")).to_contain_text(reached.get_attribute("title"))


def test_a_silence_is_made_seen_and_ended(address, opened):
    page = opened(address)
    go_to_the_incident(page)
    page.get_by_role("link", name="Silence this model").click()
    model = page.get_by_role("combobox", name="Model, or a pattern")
    expect(model).to_have_value(MODEL)
    expect(model).to_be_in_viewport()
    model.fill("fr?ud*")
    page.get_by_label("Reason").fill("the vendor is on it")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Silence", exact=True).click()
    silences = section(page, "Silences")
    kept = silences.get_by_role("listitem").filter(has_text="fr?ud*")
    expect(kept).to_contain_text("the vendor is on it Ada, just now")
    expect(model).to_have_value("")
    page.get_by_role("link", name="Models").click()
    mark = page.get_by_text(re.compile("^silenced until"))
    expect(mark).to_be_visible()
    go_to_the_incident(page)
    expect(mark).to_be_visible()
    expect(page.get_by_role("link", name="Silence this model")).to_have_count(0)
    page.get_by_role("link", name="Alerts").click()
    kept.get_by_role("button", name="End now").click()
    expect(kept).to_have_count(0)
    silences.get_by_text("past silence").click()
    expect(kept).to_be_visible()
    expect(mark).to_have_count(0)
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("link", name=MODEL, exact=True)).to_be_visible()
    expect(mark).to_have_count(0)


def test_a_silence_that_is_too_long_is_refused_in_words(address, browser):
    # Not `opened`: the browser notes the refusal on its console.
    page = browser.new_page(base_url=address)
    page.goto(f"/alerts?silence={MODEL}")
    page.get_by_role("combobox", name="For how long").click()
    page.get_by_role("option", name=re.compile("a date")).click()
    far = dt.datetime.now(dt.UTC) + dt.timedelta(days=400)
    page.get_by_label("Until which day").fill(f"{far:%Y-%m-%d}")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("at most 90 days")
    page.close()


def test_another_page_hears_of_a_silence(address, opened):
    one, other = opened(address), opened(address)
    one.goto("/")
    expect(one.get_by_role("link", name=MODEL, exact=True)).to_be_visible()
    mark = one.get_by_text(re.compile("^silenced until"))
    expect(mark).to_have_count(0)
    other.goto(f"/alerts?silence={MODEL}")
    other.get_by_role("button", name="Silence", exact=True).click()
    expect(mark).to_be_visible()
    other.get_by_role("button", name=f"End now: {MODEL}").click()
    expect(mark).to_have_count(0)


def test_the_review_of_the_week_is_a_page_of_its_own(address, opened):
    page = opened(address)
    page.goto(f"/models/{MODEL}")
    link = page.get_by_role("link", name="This week’s review")  # noqa: RUF001 - as printed
    with page.context.expect_page() as review:
        link.click()
    expect(review.value.get_by_role("heading", level=1)).to_contain_text(MODEL)
