"""Which paths need which token, and which take files: what the guard knows of the application."""

from __future__ import annotations

import re

__all__ = ["READING", "is_closed", "is_file", "is_mlflows", "needed_scope"]

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

_OPEN = frozenset({"/api/v1/health"})
_CLOSED = re.compile(
    r"/(?:ajax-)?api/|/metrics$|/get-artifact(?:/|$)|/model-versions(?:/|$)|/v1/traces(?:/|$)"
    r"|/graphql(?:/|$)"
)
"""All but the page itself: what holds people's data."""

_MLFLOWS = re.compile(r"/(?:ajax-)?api/[23]\.0/|/get-artifact|/model-versions|/v1/traces|/graphql")

_TOKENS = re.compile(r"/api/v1/tokens(?:/|$)")

_SEARCHES = re.compile(
    r"/api/v1/sql"
    r"|/(?:ajax-)?api/2\.0/mlflow/(?:"
    r"(?:runs|experiments|logged-models)/search|experiments/search-datasets"
    r"|registered-models/get-latest-versions|metrics/get-history-bulk(?:-interval)?"
    r"|traces/search)"
    r"|/(?:ajax-)?api/3\.0/mlflow/(?:"
    r"(?:traces|datasets|issues)/search|traces/(?:batchGetInfos|batchGet|metrics"
    r"|calculate-filter-correlation))"
)
"""Questions that are too long for an address, so that they are sent with POST."""

_FILES = re.compile(r"/(?:ajax-)?api/2\.0/mlflow-artifacts/artifacts/.+|/api/v1/artifacts/[^/]+")
"""Where PUT sends a file, which may have any length."""


def is_closed(path: str) -> bool:
    """Return whether a path needs a token where tokens are needed: all but the page itself."""
    return path not in _OPEN and _CLOSED.match(path) is not None


def is_mlflows(path: str) -> bool:
    """Return whether a path is asked for by clients of MLflow."""
    return _MLFLOWS.match(path) is not None


def is_file(method: str, path: str) -> bool:
    """Return whether the body is a file, to be passed on as it comes."""
    return method == "PUT" and _FILES.fullmatch(path) is not None


def needed_scope(method: str, path: str) -> str:
    """Return the least scope that may make a request."""
    if _TOKENS.match(path):
        return "admin"
    reads = method in READING or (method == "POST" and _SEARCHES.fullmatch(path))
    return "read" if reads else "write"
