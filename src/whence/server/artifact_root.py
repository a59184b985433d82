"""Where artifacts of new experiments lie, if the operator names another place than the store."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import url2pathname

from whence.errors import BadInput, NotFound
from whence.store.artifacts import Entry
from whence.store.places import inside

__all__ = ["ArtifactRoot"]

_STORE = "mlflow-artifacts"
"""The scheme of what lies in this server's store."""

_LOCAL = frozenset({"", "file"})
_HOSTLESS = _LOCAL | {_STORE, "dbfs", "hdfs", "viewfs"}
"""Schemes whose URIs need not name a host or bucket."""

_KNOWN = _HOSTLESS | {
    "abfss", "b2", "ftp", "gs", "http", "https", "r2", "s3", "sftp", "wasbs",
}  # fmt: skip
"""What MLflow's clients write to by themselves, without plugins."""

_HERE = frozenset({"", "localhost", "127.0.0.1"})
"""What a ``file:`` URI may call this machine."""

_LONGEST = 2000
"""Characters: a location may have 2,048, with the number of its experiment."""

_OPTION = "--default-artifact-root"


class ArtifactRoot(NamedTuple):
    """A place below which each new experiment has one of its own.

    Attributes
    ----------
    uri
        Without a slash at its end.
    folder
        The folder of this machine that it is, with links followed; None if it is elsewhere. Clients
        write there by themselves, and the server reads below it, nowhere else.
    """

    uri: str
    folder: Path | None

    @classmethod
    def parse(cls, text: str) -> ArtifactRoot | None:
        """Return the place that a URI names; None for the store, where artifacts lie anyway.

        Raises
        ------
        BadInput
            If clients could not write below it.
        """
        try:
            parts = urlsplit(text)
        except ValueError as error:
            raise _bad(text, f"is no URI: {error}") from error
        if parts.query or parts.fragment or "?" in text or "#" in text:
            raise _bad(text, "has a query or fragment; leave out what follows the ? or #")
        if parts.scheme not in _KNOWN:
            known = ", ".join(f"{one}:" for one in sorted(_KNOWN - {""}))
            raise _bad(text, f"has a scheme that no client knows; use a path or one of {known}")
        if not text.isprintable() or len(text) > _LONGEST:
            raise _bad(text, f"must be printable and have at most {_LONGEST:,} characters")
        if ".." in unquote(parts.path).split("/"):
            raise _bad(text, "leads out of a folder with ..; write the path that is meant")
        if parts.scheme in _LOCAL:
            return _local(text)
        if not parts.netloc and parts.scheme not in _HOSTLESS:
            raise _bad(text, f"names no host or bucket; write {parts.scheme}://NAME/PATH")
        try:
            inside(text)
        except BadInput as error:
            raise _bad(text, f"names no folder of the store: {error}") from error
        uri = text.rstrip("/")
        return None if uri == f"{_STORE}:" else cls(uri, None)

    def below(self, place: str) -> Path | None:
        """Return the path of this machine that a URI names, if it lies below this root.

        Links are followed before it is compared with the root, so that none leads out.
        """
        if self.folder is None or not _is_here(place):
            return None
        parts = urlsplit(place)
        return _inside(self.folder, Path(url2pathname(parts.path) if parts.scheme else place))

    def check_apart(self, store: Path) -> None:
        """Do nothing if nothing of the store's own lies below this root.

        Raises
        ------
        BadInput
            If one lies in the other: what lies below the root is sent to whoever may read.
        """
        own = store.resolve()
        if self.folder is not None and (
            own.is_relative_to(self.folder) or self.folder.is_relative_to(own)
        ):
            raise _bad(self.uri, f"and the store {own} lie in one another; name a folder apart")

    def entries(self, place: str, path: str = "") -> list[Entry]:
        """Return what lies in a folder of a place below this root, by name.

        Left out is what is neither file nor folder, is a link that leads out of the place, or has
        no name in Unicode.

        Raises
        ------
        BadInput
            If the folder leads out of the place.
        NotFound
            If the system does not let it be read.
        """
        base, folder = self._found(place, path)
        if folder is None or not stat.S_ISDIR(_mode(folder)):
            return []
        try:
            names = [one.name for one in folder.iterdir()]
        except OSError as error:
            raise NotFound(f"the folder {folder} cannot be read: {error.strerror}") from error
        found = (_entry(base, folder / one) for one in sorted(names) if _is_text(one))
        return [one for one in found if one is not None]

    def file(self, place: str, path: str) -> Path | None:
        """Return a file of a place below this root; None if there is none.

        Raises
        ------
        BadInput
            If it is a folder, or leads out of the place.
        """
        _, found = self._found(place, path)
        mode = 0 if found is None else _mode(found)
        if stat.S_ISDIR(mode):
            raise BadInput(f"Artifact path refers to a directory, not a file: '{path}'")
        return found if stat.S_ISREG(mode) else None

    def _found(self, place: str, path: str) -> tuple[Path, Path | None]:
        """Return the folder of a place, and a path in it as it is written; None for no place."""
        base = self.below(place)
        if base is None:
            return Path(), None
        found = _inside(base, base / path)
        if found is None:
            raise BadInput("Invalid path: resolved path is outside the artifact directory")
        return base, found


def _inside(folder: Path, path: Path) -> Path | None:
    """Return a path with its links followed; None if it then lies in another folder or nowhere."""
    try:
        found = path.resolve()
    except (OSError, RuntimeError, ValueError):  # too long; a loop of links; a zero byte
        return None
    return found if found.is_relative_to(folder) else None


def _entry(base: Path, path: Path) -> Entry | None:
    found = _inside(base, path)
    try:
        facts = None if found is None else found.lstat()
    except OSError:  # gone since
        return None
    if facts is None or not (stat.S_ISDIR(facts.st_mode) or stat.S_ISREG(facts.st_mode)):
        return None
    is_dir = stat.S_ISDIR(facts.st_mode)
    return Entry(path.name, is_dir=is_dir, size=None if is_dir else facts.st_size)


def _mode(path: Path) -> int:
    """Return what lies at a path, for `stat`; 0 if nothing that can be seen."""
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def _is_text(name: str) -> bool:
    return name.encode(errors="replace").decode() == name


def _is_here(uri: str) -> bool:
    """Whether a URI names a file of this machine; two slashes would begin another's.

    A query or fragment would cut off what is appended to it.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    cut = parts.scheme and ("?" in uri or "#" in uri)
    is_local = parts.scheme in _LOCAL and parts.netloc in _HERE
    return is_local and not cut and not parts.path.startswith("//")


def _local(text: str) -> ArtifactRoot:
    parts = urlsplit(text)
    if not _is_here(text):
        raise _bad(text, "is a file of another machine; use the scheme of what serves it")
    path = url2pathname(parts.path) if parts.scheme else text
    if not Path(path).is_absolute():
        raise _bad(text, "is relative, and clients run in other folders; write it from the root: "
                   f"{Path(path).absolute()}")  # fmt: skip
    plain = parts.path.rstrip("/")
    if not plain:
        raise _bad(text, "is the root of this machine; name a folder")
    uri = urlunsplit((parts.scheme, parts.netloc, plain, "", "")) if parts.scheme else plain
    return ArtifactRoot(uri, Path(path).resolve())


def _bad(text: str, why: str) -> BadInput:
    return BadInput(f"{_OPTION} {text[:200]!r} {why}")
