"""The journals of clients: mirrored byte for byte, each byte once.

A client sends what its journal has gained, with the offset where it begins. Only what begins at
the mirror's end is appended; otherwise the answer is 409 with the mirror's length, and the client
goes on from there. So it does not matter which answers were lost.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from whence.errors import BadInput, NewerStore, Unwritable
from whence.journal import Mirror, open_folder

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

__all__ = ["journal_routes"]

_OFFSET = re.compile(r"[0-9]{1,12}")

_OK, _BAD_REQUEST, _CONFLICT, _FAILED = 200, 400, 409, 500


def journal_routes(store: Path, prefix: str) -> list[Route]:
    """Return the routes that take clients' journals into a store, below a prefix of the path.

    ``PUT /journals/{id}?offset=n`` appends the body and answers ``{"length": L}`` when it is on
    the disk, or 409 with the length where `n` is another one. With ``&ended=1`` the journal is
    over. ``GET`` answers the length, 0 for a journal that is not there.

    Raises
    ------
    NewerStore, Unwritable
        If the store cannot be used.
    """
    folder = open_folder(store) / "journals"

    async def put(request: Request) -> Response:
        offset = request.query_params.get("offset", "")
        last = request.query_params.get("ended", "0")
        if not _OFFSET.fullmatch(offset) or last not in {"0", "1"}:
            return _answer(
                _BAD_REQUEST,
                error=f"offset {offset[:20]!r} and ended {last[:20]!r} are not as they should be; "
                "give ?offset= with the number of bytes sent before, and &ended=1 when it is all",
            )
        content = await request.body()
        name = request.path_params["id"]
        return await run_in_threadpool(_append, folder, name, int(offset), content, last == "1")

    async def get(request: Request) -> Response:
        return await run_in_threadpool(_length, folder, request.path_params["id"])

    return [
        Route(f"{prefix}/journals/{{id}}", put, methods=["PUT"]),
        Route(f"{prefix}/journals/{{id}}", get, methods=["GET"]),
    ]


def _append(folder: Path, name: str, offset: int, content: bytes, last: bool) -> Response:  # noqa: FBT001 - run in a thread by position
    try:
        mirror = Mirror(folder, name)
        folder.mkdir(exist_ok=True)
        taken, length = mirror.append(offset, content, last=last)
    except (BadInput, NewerStore) as error:
        return _answer(_BAD_REQUEST, error=str(error))
    except Unwritable as error:
        return _answer(_FAILED, error=str(error))
    return _answer(_OK if taken else _CONFLICT, length=length)


def _length(folder: Path, name: str) -> Response:
    try:
        return _answer(_OK, length=Mirror(folder, name).length)
    except BadInput as error:
        return _answer(_BAD_REQUEST, error=str(error))


def _answer(status: int, **said: object) -> Response:
    return Response(msgspec.json.encode(said), status, media_type="application/json")
