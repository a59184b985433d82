"""What MLflow's server refuses of the registry: names, aliases, tags, versions and stages."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING

from whence.server.mlflow.rules import check_length, check_name, invalid
from whence.server.mlflow.wire import Refused
from whence.store import aliases, registered_versions, registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from whence.server.mlflow.experiments import Pair
    from whence.server.shared import Shared
    from whence.store.registered_versions import RegisteredVersion
    from whence.store.registry import RegisteredModel

__all__ = [
    "aliased_version",
    "check_alias",
    "check_model_name",
    "check_most",
    "check_new_alias",
    "check_tag",
    "check_version_tag",
    "checked_tags",
    "known_model",
    "known_version",
    "stage_of",
    "tag_key",
    "version_of",
]

_KEY, _VALUE = 250, 100_000
"""The longest key and value of a tag in the registry, in characters."""

_PROMPT_TEXT = "mlflow.prompt.text"


def check_model_name(name: str, path: str = "name") -> None:
    """Refuse what cannot be the name of a registered model."""
    if not name.strip():
        raise Refused("INVALID_PARAMETER_VALUE", f"Missing value for required parameter '{path}'.")
    if "/" in name or ":" in name:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid model name '{name}'. Names cannot contain '/' or ':'.",
        )
    if not registry.is_name(name):
        invalid(
            "name",
            name,
            "Names may be treated as files in certain cases, and must not resolve to other names "
            f"when treated as such. This name would resolve to {posixpath.normpath(name)!r}",
        )


def known_model(shared: Shared, name: str) -> RegisteredModel:
    """Return a registered model, or refuse the request."""
    check_model_name(name)
    found = registry.find(shared.store.metadata, name)
    if found is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"Registered Model with name={name} not found")
    return found


def known_version(shared: Shared, model: str, version: str) -> RegisteredVersion:
    """Return a version of a registered model, or refuse the request."""
    check_model_name(model)
    number = version_of(version)
    found = registered_versions.find(shared.store.metadata, model, number)
    if found is None:
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST",
            f"Model Version (name={model}, version={number}) not found",
        )
    return found


def aliased_version(shared: Shared, model: str, alias: str) -> RegisteredVersion:
    """Return the version that an alias names, or refuse the request; ``latest`` is the last."""
    found = known_model(shared, model)
    if alias.lower() == "latest":
        latest = registered_versions.latest(shared.store.metadata, [model]).get(model)
        if not latest:
            raise Refused("RESOURCE_DOES_NOT_EXIST", f"Latest version not found for model {model}.")
        return max(latest, key=lambda one: one.version)
    if alias not in found.aliases:
        raise Refused("INVALID_PARAMETER_VALUE", f"Registered model alias {alias} not found.")
    return known_version(shared, model, str(found.aliases[alias]))


def version_of(version: str) -> int:
    """Return the number of a version."""
    try:
        return int(version)
    except ValueError:
        raise Refused(
            "INVALID_PARAMETER_VALUE", f"Parameter 'version' must be an integer, got '{version}'."
        ) from None


def stage_of(stage: str) -> str:
    """Return a stage as it is written, of one in any case."""
    for known in registered_versions.STAGES:
        if stage.lower() == known.lower():
            return known
    raise Refused(
        "INVALID_PARAMETER_VALUE",
        f"Invalid Model Version stage: {stage}. Value must be one of "
        f"{', '.join(registered_versions.STAGES)}.",
    )


def tag_key(key: str) -> str:
    """Return the key of a tag that is to be removed."""
    check_name(key, "key")
    return key


def check_tag(key: str, value: str) -> None:
    """Refuse the tag of a registered model."""
    check_name(key, "key")
    check_length("key", _KEY, key)
    check_length("value", _VALUE, value)


def check_version_tag(key: str, value: str) -> None:
    """Refuse the tag of a version."""
    check_name(key, "key")
    check_length("key", _KEY, key)
    if key == _PROMPT_TEXT and len(value) > _VALUE:
        raise Refused(
            "INVALID_PARAMETER_VALUE", f"Prompt text exceeds max length of {_VALUE} characters."
        )
    check_length("value", _VALUE, value)


def checked_tags(tags: Iterable[Pair], check: Callable[[str, str], None]) -> dict[str, str]:
    """Return tags by key; of a key said twice the later holds."""
    found = {}
    for tag in tags:
        check(tag.key, tag.value)
        found[tag.key] = tag.value
    return found


def check_alias(alias: str) -> None:
    """Refuse what cannot be an alias."""
    if not aliases.ALIAS.fullmatch(alias):
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores "
            "(_), and dashes (-).",
        )
    check_length("Registered model alias name", aliases.LONGEST, alias)


def check_new_alias(alias: str) -> None:
    """Refuse what cannot be an alias, or would be read as a version."""
    check_alias(alias)
    if alias.lower() == "latest":
        raise Refused(
            "INVALID_PARAMETER_VALUE", "'latest' alias name (case insensitive) is reserved."
        )
    if aliases.RESERVED.fullmatch(alias):
        raise Refused("INVALID_PARAMETER_VALUE", f"Version alias name '{alias}' is reserved.")


def check_most(asked: int, most: int) -> None:
    """Refuse a page that is too large."""
    if asked > most:
        shown = json.dumps(str(asked))  # a query holds texts
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid value {shown} for parameter 'max_results' supplied:  Hint: Value was of "
            "type 'str'. See the API docs for more information about request parameters.",
        )
