"""A server for tests: the guard, the journals, and routes that say what reached them.

``python serving.py STORE PORT [NAME ...]``: names it is reached by beside its loopback addresses;
``--open`` behaves as if bound to an address that others reach. Prints its port when it answers.
"""

import hashlib
import json
import socket
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route

from whence.server.guard import Guard, guarded
from whence.server.hosts import Hosts
from whence.server.journals import journal_routes
from whence.store.tokens import Tokens

METHODS = ["GET", "POST", "PUT", "DELETE"]


async def say(request):
    body = await request.body()
    said = {"path": request.url.path, "bytes": len(body), "sha": hashlib.sha256(body).hexdigest()}
    return Response(json.dumps(said), media_type="application/json")


async def fail(request):
    raise ValueError(request.url.path)


def main(store, port, *given):
    listening = socket.create_server(("127.0.0.1", int(port)))
    # Python's event loop does so only for sockets that were made with the number of TCP.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    port = listening.getsockname()[1]
    names = frozenset(given) - {"--open"}
    hosts = Hosts(port=port, loopback="--open" not in given, names=names)
    api = [Route("/fail", fail), Route("/{rest:path}", say, methods=METHODS)]
    routes = [
        *journal_routes(Path(store), "/api/v1"),
        Mount("/api/v1", routes=api),
        Route("/{rest:path}", say, methods=METHODS),
    ]
    guard = Guard(hosts=hosts, keys=Tokens(Path(store)), most_bytes=6 * 2**20)
    app = guarded(Starlette(routes=routes), guard)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.run(sockets=[listening])


main(*sys.argv[1:])
