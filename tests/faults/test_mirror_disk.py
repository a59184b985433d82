"""A server's disk that is full: what it could not take is taken back, and sent again later."""

import pytest

from whence.errors import Unwritable
from whence.journal import Mirror, Writer, alive, read

NAME = "018f3c2a5b6c7d8e9f00112233445566-000000"


def test_a_piece_that_does_not_fit_is_taken_back_whole(tmp_path, make_disk):
    writer = Writer(tmp_path / "client")
    for number in range(100):
        writer.append(b"%d" % number * 10_000)
    content = writer.path.read_bytes()
    writer.close()
    disk = make_disk(len(content) // 2)
    mirror = Mirror(disk, NAME)
    assert mirror.append(0, content[:200_000]).taken
    with pytest.raises(Unwritable, match="free space on its disk"):
        mirror.append(200_000, content[200_000:])
    assert mirror.length == mirror.path.stat().st_size == 200_000
    assert alive(mirror.path) is None
    before = len([*read(mirror.path)])
    assert mirror.append(200_000, content[200_000:300_000]).taken
    assert mirror.path.read_bytes() == content[:300_000]
    assert before < len([*read(mirror.path)]) < 100
