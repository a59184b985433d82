"""Sending, by way of Apprise: Slack, mail, webhooks and a hundred other kinds of address."""

from __future__ import annotations

import logging
import os

import apprise

from whence.errors import BadInput

__all__ = ["FROM_ENVIRONMENT", "check", "send"]

FROM_ENVIRONMENT = "env:"
"""An address may be the name of a variable that holds it, so that the store has no secret."""


def check(url: str) -> str:
    """Return the kind of an address, without all that may be secret: tokens, topics, paths.

    Raises
    ------
    BadInput
        If Apprise cannot send to it.
    """
    _open(url)
    return url if url.startswith(FROM_ENVIRONMENT) else f"{url.split('://', 1)[0]}://..."


def send(url: str, title: str, body: str) -> str | None:
    """Send one message; return None, or why it could not be sent."""
    try:
        service = _open(url)
    except BadInput as error:
        return str(error)
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as heard:
        # As text: what a column is called must not become markup or call a channel's members.
        done = service.notify(
            body=body or title, title=title, body_format=apprise.NotifyFormat.TEXT
        )
        said = " ".join(heard.getvalue().split())
    return None if done else said or "it was not accepted, and nothing says why"


def _open(url: str) -> apprise.Apprise:
    address, what = url, "the address"
    if url.startswith(FROM_ENVIRONMENT):
        name = url.removeprefix(FROM_ENVIRONMENT)
        what = f"the address in {name}"
        address = os.environ.get(name, "")
        if not address:
            raise BadInput(f"the variable {name} is not set; put the channel's address into it")
    service = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Whence", app_desc="Whence"))
    if not service.add(address) or len(service) != 1:
        kind = address.split("://", 1)[0] if "://" in address else "no kind"
        raise BadInput(
            f"{what} ({kind}://...) is none that can be sent to; give one address as Apprise "
            "writes it, such as slack://TOKEN_A/TOKEN_B/TOKEN_C or mailto://user:password@host"
        )
    for one in service:
        if one.overflow_mode == apprise.OverflowMode.UPSTREAM:
            # A service refuses what is longer than it takes: in parts, all of it arrives.
            one.overflow_mode = apprise.OverflowMode.SPLIT
    return service
