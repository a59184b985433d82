"""What MLflow's server refuses: names, lengths and numbers that its clients expect it to refuse."""

from __future__ import annotations

import json
import posixpath
import re
from typing import NoReturn
from urllib.parse import urlparse

from whence.server.mlflow.wire import Refused

__all__ = [
    "MOST_METRICS",
    "check_batch",
    "check_experiment_name",
    "check_experiment_tag",
    "check_length",
    "check_metric",
    "check_name",
    "check_param",
    "check_place",
    "check_run_id",
    "check_tag",
    "invalid",
]

_NAME = re.compile(r"^[/\w.\- :]*$")
_RUN_ID = re.compile(r"^[a-zA-Z0-9][\w\-]{0,255}$")

_KEY, _PARAM, _TAG, _EXPERIMENT_TAG, _EXPERIMENT_NAME = 250, 6000, 8000, 20_000, 500
"""The longest key of anything, values of params, of tags of runs and of experiments, and name of an
experiment, in characters."""

_PLACE = 2048
"""The longest location of artifacts, in characters."""

MOST_METRICS, _MOST_PARAMS, _MOST_TOGETHER = 1000, 100, 1000
"""Of one batch: metrics, params or tags, all together."""

_CHARACTERS = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), "
    "colon(:) and slashes (/)."
)


def invalid(name: str, value: object, why: str = "") -> NoReturn:
    """Refuse the value of a parameter."""
    shown = json.dumps(value, sort_keys=True, separators=(",", ":"))
    said = f"Invalid value {shown} for parameter '{name}' supplied"
    raise Refused("INVALID_PARAMETER_VALUE", f"{said}: {why}" if why else f"{said}.")


def check_name(key: str, path: str) -> None:
    """Refuse a name that could not be a path of a file."""
    if not _NAME.match(key):
        invalid(path, key, _CHARACTERS)
    plain = posixpath.normpath(key)
    if plain != key or plain == "." or plain.startswith(("..", "/")):
        invalid(
            path,
            key,
            "Names may be treated as files in certain cases, and must not resolve to other names "
            f"when treated as such. This name would resolve to {plain!r}",
        )


def check_length(what: str, most: int, value: str) -> None:
    """Refuse a text that is too long."""
    if len(value) > most:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"'{what}' exceeds the maximum length of {most} characters",
        )


def check_metric(key: str, value: float, timestamp: int, path: str = "") -> None:
    """Refuse a metric's name or time."""
    check_name(key, f"{path}name")
    if timestamp < 0:
        invalid(
            f"{path}timestamp",
            timestamp,
            f"metric '{key}' (value={value}). Timestamp must be a nonnegative long (64-bit "
            "integer) ",
        )
    check_length("Metric name", _KEY, key)


def check_param(key: str, value: str, path: str = "") -> str:
    """Refuse a param's name, and return its value, cut where it is too long."""
    check_name(key, f"{path}key")
    check_length("Param key", _KEY, key)
    return value[:_PARAM]


def check_tag(key: str, value: str, path: str = "") -> str:
    """Refuse a tag's name, and return its value, cut where it is too long."""
    check_name(key, f"{path}key")
    check_length(f"{path}key", _KEY, key)
    return value[:_TAG]


def check_experiment_tag(key: str, value: str) -> None:
    """Refuse the tag of an experiment."""
    check_name(key, "key")
    check_length("key", _KEY, key)
    check_length("value", _EXPERIMENT_TAG, value)


def check_experiment_name(name: str) -> None:
    """Refuse the name of an experiment."""
    check_length("name", _EXPERIMENT_NAME, name)


def check_place(place: str) -> None:
    """Refuse a location of artifacts that names none, or that could lead elsewhere."""
    parts = urlparse(place)
    if parts.fragment or parts.params or "#" in place:
        _refuse("'artifact_location' URL can't include fragments or params.")
    if parts.query or "?" in place:  # what runs append to a location would become part of it
        _refuse("Invalid query string")
    if place.startswith("runs:"):
        _refuse(f"Artifact location cannot be a runs:/ URI. Given: '{place}'")
    if len(place) > _PLACE:
        _refuse(
            "Invalid artifact path length. The length of the artifact path cannot be greater than "
            f"{_PLACE} characters."
        )


def _refuse(message: str) -> NoReturn:
    raise Refused("INVALID_PARAMETER_VALUE", message)


def check_run_id(run: str) -> None:
    """Refuse what cannot be the id of a run."""
    if not _RUN_ID.match(run):
        invalid("run_id", run)


def check_batch(metrics: int, params: int, tags: int) -> None:
    """Refuse a batch that is too large."""
    together = metrics + params + tags
    for what, most, number in (
        ("metrics", MOST_METRICS, metrics),
        ("params", _MOST_PARAMS, params),
        ("tags", _MOST_PARAMS, tags),
        ("metrics, params, and tags", _MOST_TOGETHER, together),
    ):
        if number > most:
            raise Refused(
                "INVALID_PARAMETER_VALUE",
                f"A batch logging request can contain at most {most} {what}. Got {number} {what}. "
                f"Please split up {what} across multiple requests and try again.",
            )
