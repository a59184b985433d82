"""The built page: its files, and index.html for every path that is a view."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, PlainTextResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["BUILT", "serve_page"]

BUILT = Path(__file__).resolve().with_name("static")
"""Where the package's build puts the page."""

_FOR_EVER = "public, max-age=31536000, immutable"


async def serve_page(request: Request) -> Response:
    """Answer a file of the build, or index.html for a path that is no file."""
    wanted = request.url.path.lstrip("/")
    found = (BUILT / wanted).resolve()
    if found.is_file() and found.is_relative_to(BUILT):
        # The names of assets hold a digest of their content.
        cache = _FOR_EVER if wanted.startswith("assets/") else "no-cache"
        return FileResponse(found, headers={"Cache-Control": cache})
    if "." in Path(wanted).name and wanted.startswith("assets/"):
        return PlainTextResponse("there is no such file\n", 404)
    index = BUILT / "index.html"
    if not index.is_file():
        return PlainTextResponse(
            "The page was not built. Install the package with pip, which builds it, or run: "
            "npm ci && npm run build (in web/).\n",
            503,
        )
    return FileResponse(index, headers={"Cache-Control": "no-cache"})
