"""The API's description (OpenAPI 3.1), made of the structs that the code itself uses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from whence import __version__
from whence.server.native.endpoint import PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.server.native.endpoint import Endpoint

__all__ = ["describe_api"]

_REF = "#/components/schemas/{name}"


class _Error(msgspec.Struct):
    """What went wrong, the value, and the fix."""

    error: str


def describe_api(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the description of some endpoints as an OpenAPI document."""
    types = [kind for one in endpoints for kind in (one.body, one.gives) if kind is not None]
    schemas, components = msgspec.json.schema_components([*types, _Error], ref_template=_REF)
    schema = dict(zip(map(repr, types), schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(PREFIX + one.path, {})[one.method.lower()] = _operation(one, schema)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Whence",
            "version": __version__,
            "description": "Everything the pages show. See docs/json.md for times and slices.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Endpoint, schema: dict[str, Any]) -> dict[str, Any]:
    wrong = {"application/json": {"schema": {"$ref": _REF.format(name="_Error")}}}
    right = {"application/json": {"schema": schema[repr(one.gives)]}} if one.gives else None
    status = "202" if one.path.endswith("/why") else "200"
    operation: dict[str, Any] = {
        "operationId": one.run.__name__,
        "summary": (one.run.__doc__ or "").splitlines()[0],
        "parameters": list(_parameters(one)),
        "responses": {
            status: {"description": "the answer", **({"content": right} if right else {})},
            **{
                code: {"description": said, "content": wrong}
                for code, said in {
                    "400": "a parameter or the body cannot be used",
                    "401": "a token is needed",
                    "403": "the token, the host or the origin is not allowed this",
                    "404": "there is no such thing",
                    "413": "the body is too large",
                    "503": "too much is asked at once; ask again in a moment",
                }.items()
            },
        },
    }
    if one.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema[repr(one.body)]}},
        }
    return operation


def _parameters(one: Endpoint) -> list[dict[str, Any]]:
    in_path = set(re.findall(r"{(\w+)}", one.path))
    (schema,), components = msgspec.json.schema_components([one.takes], ref_template=_REF)
    whole = components[schema["$ref"].rpartition("/")[2]]
    return [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in whole.get("required", []),
            "schema": kind,
        }
        for name, kind in whole.get("properties", {}).items()
    ]
