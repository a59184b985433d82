"""A store of a newer Whence is refused, and no byte of it changes."""

import hashlib
from datetime import UTC, datetime

import pytest

from whence import record
from whence.errors import NewerStore

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def fingerprint(folder):
    return {
        path.relative_to(folder): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder",
        )
        for path in [folder, *folder.rglob("*")]
    }


@pytest.mark.parametrize(
    "say",
    [
        lambda store: record.predictions(store, "m", {"x": 1}),
        lambda store: record.predictions(store, "m", [{"x": 1}]),
        lambda store: record.labels(store, "m", {"id": 1, "y": 1}, id="id", label="y"),
        lambda store: record.event(store, "launch", at=WHEN),
        lambda store: record.reference(store, "m", WHEN, WHEN.replace(year=2027)),
    ],
)
def test_it_is_left_untouched(tmp_path, say):
    (tmp_path / "whence.json").write_text('{"format": 7, "unknown": [1, 2]}')
    (tmp_path / "journals").mkdir()
    (tmp_path / "journals" / "a.wj").write_bytes(b"something newer")
    before = fingerprint(tmp_path)

    with pytest.raises(NewerStore, match="format 7"):
        say(tmp_path)

    assert fingerprint(tmp_path) == before
