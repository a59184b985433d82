"""Where versions of registered models come from, and which sources are refused.

A version's files are served to whoever may read the registry, so its source must not reach what
belongs to no run or logged model of this server: paths of the machine, other hosts, `..`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlparse

from msgspec import UNSET, UnsetType

from whence.server.mlflow.experiments import base_of
from whence.server.mlflow.registry_rules import (
    aliased_version,
    known_model,
    known_version,
    stage_of,
)
from whence.server.mlflow.source_uris import (
    ModelUri,
    is_inside,
    is_local,
    is_within,
    model_uri,
    not_contained,
    refuse_local,
    refuse_no_uri,
    refuse_other_hosts,
    refuse_relative,
    scheme_of,
)
from whence.server.mlflow.wire import Refused
from whence.store import logged_models, projects, registered_versions, run_edits
from whence.store.registered_versions import Origin
from whence.store.registry_search import PROMPT

if TYPE_CHECKING:
    from whence.server.shared import Shared
    from whence.store.registered_versions import RegisteredVersion

__all__ = ["origin_of", "prompt_origin"]

_OF_PROMPTS = frozenset({"dummy-source", "prompt-template"})
"""What clients send as the source of a prompt, which has none."""

_ARTIFACTS = "mlflow-artifacts"
"""The scheme of what lies in this server's store."""


class _Link(NamedTuple):
    """What a request says of a version's origin; empty where it says nothing."""

    source: str
    run: str
    model: str


def prompt_origin(source: str, run: str, run_link: str) -> Origin:
    """Return the origin of a prompt's version, which has no files.

    Raises
    ------
    Refused
        If the source is none of those that clients send for it.
    """
    if source not in _OF_PROMPTS:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid prompt source: '{source}'. Prompt sources must use an MLflow placeholder.",
        )
    return Origin(source, source, run or None, run_link)


def origin_of(
    shared: Shared,
    source: str,
    run_id: str | UnsetType,
    model_id: str | UnsetType,
    run_link: str,
) -> Origin:
    """Return a version's origin, with what can be found out about it.

    Parameters
    ----------
    source, run_id, model_id, run_link
        As the request says; a run or logged model that is said to be empty must be so where the
        source is another version.

    Raises
    ------
    Refused
        If the source may not be one.
    """
    refuse_no_uri(source)
    refuse_other_hosts(source)
    uri = model_uri(source) if scheme_of(source) == "models" else None
    link = _Link(source, run_id or "", model_id or "")
    if uri is not None and uri.logged_model is None:
        other = _referred(shared, source, uri)
        _refuse_other_origin(link, other, run_id)
        return Origin(
            source=f"models:/{other.model}/{other.version}",
            place=other.place,
            run=other.run,
            run_link=run_link,
            logged_model=other.logged_model,
        )
    if link.model:
        _check_of_model(shared, link, uri)
    else:
        _check_of_run(shared, link, uri)
    place = source
    if uri is not None and uri.logged_model is not None:
        place = _fetched(shared, source, uri.logged_model)
    run = link.run
    if not run and link.model:
        run = _root_of_model(shared, link.model)[1]
    return Origin(source, place, run or None, run_link, link.model or None)


def _fetched(shared: Shared, source: str, model: str) -> str:
    """Return where the files of a logged model lie that a source names."""
    try:
        return _root_of_model(shared, model)[0]
    except Refused as refused:
        raise Refused(
            "INTERNAL_ERROR",
            f"Unable to fetch model from model URI source artifact location '{source}'."
            f"Error: {refused}",
        ) from None


def _referred(shared: Shared, source: str, uri: ModelUri) -> RegisteredVersion:
    """Return the version that a source is, or refuse the request."""
    if PROMPT in known_model(shared, uri.name).tags:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid model version source: '{source}'. Prompt versions cannot be used as model "
            "version sources.",
        )
    if uri.version is not None:
        return known_version(shared, uri.name, uri.version)
    if uri.alias is not None:
        return aliased_version(shared, uri.name, uri.alias)
    stage = None if uri.stage is None else stage_of(uri.stage)
    latest = registered_versions.latest(shared.store.metadata, [uri.name]).get(uri.name, [])
    fitting = [one for one in latest if stage in (None, one.stage)]
    if not fitting:
        at = "" if uri.stage is None else f" and stage '{uri.stage}'"
        raise Refused("INTERNAL_ERROR", f"No versions of model with name '{uri.name}'{at} found")
    return max(fitting, key=lambda one: one.version)


def _refuse_other_origin(link: _Link, other: RegisteredVersion, run_id: str | UnsetType) -> None:
    # MLflow's registry does not keep a version's logged model, so none that is said fits there.
    if link.model or (run_id is not UNSET and link.run != (other.run or "")):
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid model version source: '{link.source}'. The run_id and model_id request "
            "parameters must match the referenced model version.",
        )


def _check_of_run(shared: Shared, link: _Link, uri: ModelUri | None) -> None:
    """Refuse a source that does not belong to the run."""
    if is_local(link.source):
        if not link.run or not is_inside(link.source, _root_of_run(shared, link)):
            refuse_local(link.source, "run_id")
        return
    refuse_relative(link.source)
    if scheme_of(link.source) == "runs":
        parsed = urlparse(link.source)
        if parsed.netloc or not link.run or parsed.path.split("/")[1] != link.run:
            not_contained(link.source, "run_id")
    if uri is not None:
        not_contained(link.source, "model_id")
    if scheme_of(link.source) == _ARTIFACTS and not (
        link.run and is_within(link.source, _root_of_run(shared, link))
    ):
        not_contained(link.source, "run_id")


def _check_of_model(shared: Shared, link: _Link, uri: ModelUri | None) -> None:
    """Refuse a source that does not belong to the logged model."""
    if is_local(link.source):
        if not is_inside(link.source, _root_of_source(shared, link)):
            refuse_local(link.source, "model_id")
        return
    refuse_relative(link.source)
    if (uri is not None and uri.logged_model != link.model) or scheme_of(link.source) == "runs":
        not_contained(link.source, "model_id")
    if scheme_of(link.source) == _ARTIFACTS and not is_within(
        link.source, _root_of_source(shared, link)
    ):
        not_contained(link.source, "model_id")


def _root_of_run(shared: Shared, link: _Link) -> str:
    """Return the URI of a run's artifacts; refuse the source if there is no such run."""
    found = run_edits.head(shared.store.metadata, link.run)
    project = None if found is None else projects.of_name(shared.store.metadata, found.project)
    if project is None:
        not_contained(link.source, "run_id")
    return f"{base_of(project)}/{link.run}/artifacts"


def _root_of_source(shared: Shared, link: _Link) -> str:
    """Return the URI of a logged model's artifacts; refuse the source if there is none."""
    try:
        return _root_of_model(shared, link.model)[0]
    except Refused:
        not_contained(link.source, "model_id")


def _root_of_model(shared: Shared, model: str) -> tuple[str, str]:
    """Return the URI of a logged model's artifacts, and the run that made it, if any."""
    found = logged_models.find(shared.store.metadata, model)
    project = None if found is None else projects.of_name(shared.store.metadata, found.project)
    if found is None or project is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"Logged model with ID '{model}' not found.")
    return f"{base_of(project)}/models/{model}/artifacts", found.run or ""
