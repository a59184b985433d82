"""Records read back from a journal."""

from __future__ import annotations

import msgspec

from whence.types.records import Record

__all__ = ["Unknown", "decode"]


class Unknown(msgspec.Struct, frozen=True):
    """A payload that is no record known to this Whence, and why; kept as it is."""

    payload: bytes
    reason: str


_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


def decode(payload: bytes | memoryview) -> Record | Unknown:
    """Return the record in a payload; `Unknown` for one of a newer Whence, or none at all.

    In the rows of dicts, aware times come back as aware `datetime` in UTC; everything else as
    the types of MessagePack. Fields that a newer Whence added at the end are ignored.
    """
    try:
        return _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Unknown(bytes(payload), str(error))
