"""The URIs of versions' files: read, compared, and those refused that lead out of their place."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import NamedTuple, NoReturn
from urllib.parse import unquote, unquote_plus, urlparse, urlsplit
from urllib.request import url2pathname

from whence.server.mlflow.wire import Refused

__all__ = [
    "ModelUri",
    "is_inside",
    "is_local",
    "is_within",
    "model_uri",
    "not_contained",
    "refuse_local",
    "refuse_no_uri",
    "refuse_other_hosts",
    "refuse_relative",
    "scheme_of",
]

_OTHER_HOSTS = frozenset(
    {"ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss"}
)
"""Schemes whose URIs name the host to connect to."""

_HERE = re.compile(r"localhost|127\.0\.0\.1|\.$")
"""Hosts of ``file:`` URIs that are this machine."""

_LONGEST_PATH = 2
"""Parts of ``models:/NAME/VERSION``."""


class ModelUri(NamedTuple):
    """What ``models:/...`` speaks of: a logged model, or a version of a registered one."""

    logged_model: str | None = None
    name: str = ""
    version: str | None = None
    stage: str | None = None
    alias: str | None = None


def scheme_of(uri: str) -> str:
    """Return a URI's scheme in small letters; empty for a path."""
    return urlparse(uri).scheme


def refuse_no_uri(source: str) -> None:
    """Refuse what cannot be read as a URI, also when what is escaped in it is not."""
    try:
        for text in (source, _plain(source)):
            urlsplit(text)
    except ValueError as error:
        raise Refused(
            "INVALID_PARAMETER_VALUE", f"Invalid model version source: '{source}'. {error}."
        ) from None
    if "\x00" in source:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid model version source: '{source}'. No file has a name with a zero byte.",
        )


def _plain(text: str) -> str:
    """Return a text without escaped signs, however often they are escaped."""
    while (plain := unquote_plus(text)) != text:
        text = plain
    return text


def refuse_other_hosts(source: str) -> None:
    """Refuse a source for which somebody would have to connect to the host that it names."""
    scheme = scheme_of(source)
    is_ours = scheme == "mlflow-artifacts" and not urlparse(source).netloc
    if scheme in _OTHER_HOSTS and not is_ours:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"'source' cannot use the '{scheme}' scheme: the '{scheme}' scheme addresses a host "
            "other than the tracking server's configured artifact storage, so the server would "
            "connect to the host named in the URI.",
        )


def not_contained(source: str, said: str) -> NoReturn:
    """Refuse a source that does not lie in the run or logged model that was said."""
    raise Refused(
        "INVALID_PARAMETER_VALUE",
        f"Invalid model version source: '{source}'. The {said} request parameter must identify "
        "the resource that contains the source.",
    )


def model_uri(source: str) -> ModelUri:
    """Return what a ``models:/`` URI speaks of.

    Raises
    ------
    Refused
        If it speaks of nothing, or of another registry.
    """
    parsed = urlparse(source, allow_fragments=False)
    if parsed.netloc:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid model version source: '{source}'. Registered model sources must use the "
            "active model registry.",
        )
    name, *rest = parsed.path.lstrip("/").split("/")
    if not parsed.path.startswith("/") or not name.strip() or len(rest) >= _LONGEST_PATH:
        not_contained(source, "model_id")
    if rest:
        (last,) = rest
        if not last.strip():
            not_contained(source, "model_id")
        if last.isdigit():
            return ModelUri(name=name, version=last)
        return ModelUri(name=name, stage=None if last.lower() == "latest" else last)
    if "@" not in name:
        return ModelUri(logged_model=name)
    name, _, alias = name.rpartition("@")
    if not alias.strip():
        not_contained(source, "model_id")
    return ModelUri(name=name, alias=alias)


def is_local(uri: str) -> bool:
    """Whether a URI is a path of this machine.

    Raises
    ------
    Refused
        If it is a file of another machine.
    """
    parsed = urlparse(uri)
    if parsed.scheme == "file" and parsed.hostname and not _HERE.match(parsed.hostname):
        raise Refused("INTERNAL_ERROR", f"{uri} is not a valid remote uri.")
    return parsed.scheme in ("", "file")


def is_inside(source: str, root: str) -> bool:
    """Whether a path of this machine lies in a folder of it."""
    if not is_local(root):
        return False
    folder, path = _path(root), _path(source)
    return folder == path or folder in path.parents


def _path(uri: str) -> Path:
    parsed = urlparse(uri)
    return Path(url2pathname(parsed.path) if parsed.scheme == "file" else uri).resolve()


def refuse_local(source: str, said: str) -> NoReturn:
    """Refuse a path of this machine that does not lie in the run or model that was said."""
    raise Refused(
        "INVALID_PARAMETER_VALUE",
        f"Invalid model version source: '{source}'. To use a local path as a model version "
        f"source, the {said} request parameter has to be specified and the local path has to be "
        f"contained within the artifact directory of the run specified by the {said}.",
    )


def refuse_relative(source: str) -> None:
    """Refuse what leads out of a folder, however often its signs are escaped."""
    plain = _plain(source)
    path = re.sub("/+", "/", urlparse(plain).path.rstrip("/"))
    if (
        "\x00" in path
        or ".." in plain.split("/")
        or not path.startswith("/")
        or posixpath.normpath(path) != path
    ):
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid model version source: '{source}'. If supplying a source as an http, https, "
            "local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must "
            "be provided without relative path references present. Please provide an absolute "
            "path.",
        )


def is_within(source: str, root: str) -> bool:
    """Whether a URI is that of a folder, or lies in it."""
    *where, parts = _parts(source)
    *root_where, root_parts = _parts(root)
    return where == root_where and bool(root_parts) and parts[: len(root_parts)] == root_parts


def _parts(uri: str) -> tuple[str, str, tuple[str, ...]]:
    parsed = urlsplit(uri)
    parts = tuple(_unescaped(part) for part in parsed.path.split("/") if part)
    return parsed.scheme.lower(), parsed.netloc.lower(), parts


def _unescaped(part: str) -> str:
    while (plain := unquote(part)) != part:
        part = plain
    return part
