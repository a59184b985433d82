"""Take the pictures of docs/ui.md: every page of the camera demo, light and dark.

Run ``python web/pictures.py [STORE]``; without a store the demo is made first, in two minutes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

PICTURES = Path(__file__).parents[1] / "docs/pictures"
MODEL = "verifier"
WIDTH, HEIGHT = 1200, 900
COMMAND = [sys.executable, "-m", "whence.cli"]


@contextmanager
def serving(store: Path) -> Iterator[str]:
    """Serve the store with its photos; yield the address."""
    options = ["--port", "0", "--every", "0", "--store", str(store), "--photos", str(store)]
    process = subprocess.Popen([*COMMAND, "serve", *options], stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    try:
        yield process.stdout.readline().split()[-1].rstrip("/")
    finally:
        process.terminate()
        process.stdout.close()
        process.wait()


def take(page: Page, name: str) -> None:
    """Wait until all is drawn and keep the picture."""
    page.wait_for_load_state("load")
    page.locator("h1").first.wait_for()
    for image in page.locator("img").all():
        image.wait_for()
    expect(page.locator("[aria-busy=true][aria-live]")).to_have_count(0)  # no part is awaited
    page.wait_for_timeout(500)  # charts are drawn a frame after their data came
    page.screenshot(path=PICTURES / f"{name}.png")


def pages(page: Page, scheme: str) -> None:
    """Walk all pages."""
    page.goto("/")
    take(page, f"models-{scheme}")
    page.goto(f"/models/{MODEL}")
    take(page, f"model-{scheme}")
    page.get_by_role("link", name="See the incident").first.click()
    page.wait_for_url("**/incidents/**")
    take(page, f"incident-{scheme}")
    page.goto("/runs")
    take(page, f"runs-{scheme}")
    page.get_by_role("link", name="first network").click()
    page.wait_for_url("**/runs/*")
    take(page, f"run-{scheme}")
    page.goto(f"/lineage?of={MODEL}")
    take(page, f"lineage-{scheme}")
    page.goto("/alerts")
    take(page, f"alerts-{scheme}")
    page.goto("/sql")
    query = page.get_by_role("textbox").first
    query.fill(
        'SELECT p."photo.model", count(*) AS photos,\n'
        "       avg((p._prediction_text = l._label_text)::int) AS accuracy\n"
        f'FROM "{MODEL}.predictions" p JOIN "{MODEL}.labels" l USING (_id)\n'
        "GROUP BY ALL ORDER BY ALL"
    )
    page.get_by_role("button", name="Run").click()
    page.get_by_role("table").first.wait_for()
    take(page, f"sql-{scheme}")


def main(store: Path) -> None:
    """Take all pictures."""
    PICTURES.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with serving(store) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            context = browser.new_context(
                base_url=address,
                color_scheme=scheme,
                viewport={"width": WIDTH, "height": HEIGHT},
            )
            pages(context.new_page(), scheme)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "store"
            demo = [*COMMAND, "demo", "camera", "--no-remedies", "--store", str(made)]
            subprocess.run(demo, check=True)  # noqa: S603 - our own command
            main(made)
