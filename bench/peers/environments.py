"""An environment of its own for each package, made once and kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

__all__ = ["Environments", "NotInstalled"]

ROOT = Path(__file__).parents[2]
WHENCE = "whence"
BUILT_FROM = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "src", "web")
NOT_COPIED = ("node_modules", "__pycache__", "static", "dist")
TOOLS = ("pip", "setuptools")
"""What an environment has before anything is installed."""

TOOK = "installed"
"""The file that says that an installation came to its end."""


class NotInstalled(Exception):
    """A package could not be installed; the message is what the installer said."""


class Environments:
    """Virtual environments in one folder, by what is installed in them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wheel: Path | None = None

    def python(self, package: str) -> Path:
        """Return the interpreter of a package's environment, which is made where there is none.

        Raises
        ------
        NotInstalled
            If it cannot be.
        """
        folder = self._home(package)
        python = folder / "bin/python"
        done = folder / TOOK
        newest = _changed() if package.startswith(WHENCE) else 0.0
        if not done.exists() or done.stat().st_mtime < newest:
            shutil.rmtree(folder, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(folder)])
            if package:
                wanted = package.replace(WHENCE, str(self._whence()), 1)
                _run([str(python), "-m", "pip", *_QUIETLY, "install", wanted])
            done.touch()
        return python

    def version(self, package: str) -> str:
        """Return which version is installed."""
        return _named(self._installed(package), package).version

    def sizes(self, package: str) -> tuple[float, float]:
        """Return the size of a package and that with all it depends on, in MB."""
        everything = self._installed(package)
        own = _size(_named(everything, package))
        return own, sum(map(_size, everything))

    def _home(self, package: str) -> Path:
        return self._folder / (package.replace("[", "-").rstrip("]") or "bare")

    def _installed(self, package: str) -> list[Distribution]:
        (site,) = (self._home(package) / "lib").glob("python3*/site-packages")
        found = distributions(path=[str(site)])
        return [one for one in found if one.name.lower() not in TOOLS]

    def _whence(self) -> Path:
        """Build our wheel from a copy: a build writes the page beside the server's code."""
        if self._wheel is None:
            target = self._folder / "wheels"
            shutil.rmtree(target, ignore_errors=True)
            with tempfile.TemporaryDirectory() as name:
                for part in BUILT_FROM:
                    if (ROOT / part).is_dir():
                        skipped = shutil.ignore_patterns(*NOT_COPIED)
                        shutil.copytree(ROOT / part, Path(name) / part, ignore=skipped)
                    else:
                        shutil.copy(ROOT / part, name)
                _run([sys.executable, "-m", "pip", *_QUIETLY,
                      "wheel", "--no-deps", "--wheel-dir", str(target), name])  # fmt: skip
            (self._wheel,) = target.glob("*.whl")
        return self._wheel


_QUIETLY = ("--quiet", "--disable-pip-version-check")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - python and pip
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line and "WARNING" not in line]
        raise NotInstalled(said[-1] if said else f"ended with {done.returncode}")


def _changed() -> float:
    """Return when what our wheel is built from was changed last."""
    files = [path for part in ("src", "web/src") for path in (ROOT / part).rglob("*")]
    return max(
        path.stat().st_mtime
        for path in [ROOT / "pyproject.toml", *files]
        if path.is_file() and not {*NOT_COPIED} & {*path.parts}
    )


def _named(found: list[Distribution], package: str) -> Distribution:
    name = package.split("[", maxsplit=1)[0].replace("_", "-")
    return next(one for one in found if one.name.lower().replace("_", "-") == name)


def _size(one: Distribution) -> float:
    places = [Path(str(file.locate())) for file in one.files or ()]
    return sum(place.stat().st_size for place in places if place.is_file()) / 1e6
