import msgspec
import pytest

from whence import record
from whence.types.records import Event


def test_a_record_of_a_newer_whence_is_kept_and_said_to_be_unknown():
    payload = msgspec.msgpack.encode([99, "something new"])

    found = record.decode(memoryview(payload))
    assert isinstance(found, record.Unknown)
    assert found.payload == payload
    assert "99" in found.reason


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xc1",
        b"\x93\x01",
        msgspec.msgpack.encode({"a": 1}),
        b"\x94\x01\x00\x00\x91\x91\xa1\xff",
    ],
)
def test_what_is_no_record_does_not_stop_the_reader(payload):
    found = record.decode(payload)

    assert isinstance(found, record.Unknown)
    assert found.payload == payload
    assert found.reason


def test_fields_that_a_newer_whence_added_are_ignored():
    event = Event("id", "launch", 0)
    longer = [*msgspec.msgpack.decode(msgspec.msgpack.encode(event)), "a new field"]

    assert record.decode(msgspec.msgpack.encode(longer)) == event
