import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

PATIENCE = 60_000
"""Milliseconds until a page that does not show what it should is wrong: machines may be busy."""


@pytest.fixture(scope="session")
def chromium():
    """Return the path of a Chromium of this machine."""
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def browser(chromium):
    """Return a real browser."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        # Root may not sandbox in a container; the only pages opened are our own.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def camera(made_once, run_whence):
    """Return the store of the camera demo, with its photos."""

    def demonstrate(folder):
        run_whence("demo", "camera", "--no-remedies", "--store", folder, cwd=folder)

    return made_once("camera", demonstrate)


@pytest.fixture
def opened(browser):
    """Open a page of the given scheme and width; nothing on it may fail."""
    contexts, wrong = [], []

    def open_page(address, scheme="light", width=1400):
        context = browser.new_context(
            base_url=address, color_scheme=scheme, viewport={"width": width, "height": 1000}
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("response", lambda answer: wrong.append(f"{answer.status} {answer.url}")
                if answer.status >= 400 else None)  # fmt: skip
        page.on("requestfailed", lambda request: wrong.append(f"{request.url} {request.failure}")
                if not _left(request) else None)  # fmt: skip
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def _left(request):
    """Whether a request ended because its page was left, as the live stream does."""
    return request.url.endswith("/api/v1/live") or "ERR_ABORTED" in (request.failure or "")
