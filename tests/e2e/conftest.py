import fcntl
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import sync_playwright


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
    with sync_playwright() as playwright:
        # Root may not sandbox in a container; the only pages opened are our own.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def camera(tmp_path_factory, worker_id):
    """Return the store of the camera demo, with its photos; made once for all that run tests."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    store, made = shared / "camera", shared / "camera.made"
    with (shared / "camera.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            command = [sys.executable, "-m", "whence.cli", "demo", "camera", "--no-remedies"]
            subprocess.run([*command, "--store", store], check=True, capture_output=True)
            made.touch()
    return store


@pytest.fixture
def opened(browser):
    """Open a page of the given scheme and width; nothing on it may fail."""
    contexts, wrong = [], []

    def open_page(address, scheme="light", width=1400):
        context = browser.new_context(
            base_url=address, color_scheme=scheme, viewport={"width": width, "height": 1000}
        )
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
