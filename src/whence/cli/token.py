"""whence token: make, list and revoke the tokens that let programs and people into a server.

Run it where the store is. A token is shown once, when it is made; the store keeps a digest.
Scopes: read (look at everything, ask SQL), write (also send records, act on incidents), admin
(everything).
"""

from __future__ import annotations

from argparse import SUPPRESS
from typing import TYPE_CHECKING

from whence.api.location import locate
from whence.journal import find_folder
from whence.ship.spool import refuse_spool

if TYPE_CHECKING:
    import argparse

    from whence.store.tokens import Tokens

__all__ = ["add", "run"]

_SCOPES = ("read", "write", "admin")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a token and print it, once")
    create.add_argument("--scope", required=True, choices=_SCOPES)
    create.add_argument("--name", required=True, help="who or what will use it")
    create.set_defaults(act=_create)
    listing = actions.add_parser("list", help="all tokens, without what they are")
    listing.set_defaults(act=_list)
    revoke = actions.add_parser("revoke", help="let a token in no more, from now on")
    revoke.add_argument("token", help="its id, or its name")
    revoke.set_defaults(act=_revoke)
    for action in (create, listing, revoke):
        # As with every command, wherever people write it.
        action.add_argument("--store", metavar="DIR", default=SUPPRESS, help=SUPPRESS)


def run(given: argparse.Namespace) -> None:
    """Do what was asked, on the store's own machine."""
    from whence.store.tokens import Tokens  # noqa: PLC0415 - start fast

    path = locate(given.store)
    refuse_spool(path)
    if given.act is _revoke:
        find_folder(path)
    given.act(Tokens(path, reading=given.act is _list), given)


def _create(tokens: Tokens, given: argparse.Namespace) -> None:
    print(tokens.create(given.scope, given.name))


def _list(tokens: Tokens, _: argparse.Namespace) -> None:
    for one in tokens.all():
        state = f"revoked {one.revoked:%Y-%m-%d %H:%M}" if one.revoked else "in use"
        print(f"{one.id}  {one.scope:5}  {one.created:%Y-%m-%d %H:%M}  {state:24}  {one.name}")


def _revoke(tokens: Tokens, given: argparse.Namespace) -> None:
    gone = tokens.revoke(given.token)
    print(f"revoked {gone.id} ({gone.name}); requests need a token as before")
