import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from whence.errors import NewerStore, StoreError, Unwritable
from whence.journal import FORMAT, open_folder


def test_a_store_is_made_and_found_again(tmp_path):
    store = tmp_path / "deep" / "store"

    assert open_folder(store) == store
    assert open_folder(store) == store
    assert json.loads((store / "whence.json").read_text()) == {"format": FORMAT}
    assert [path.name for path in store.iterdir()] == ["whence.json"]


def test_many_at_once_make_one_store(tmp_path):
    store = tmp_path / "store"
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(open_folder, [store] * 32)) == [store] * 32

    assert [path.name for path in store.iterdir()] == ["whence.json"]


def test_a_newer_store_is_refused_and_left_as_it_is(tmp_path):
    content = b'{"format": 2, "more": "than we know"}'
    (tmp_path / "whence.json").write_bytes(content)

    with pytest.raises(NewerStore, match=r"format 2.*knows up to 1.*install a newer Whence"):
        open_folder(tmp_path)

    assert (tmp_path / "whence.json").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["whence.json"]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"[]", b"{}", b'{"format": "two"}'])
def test_a_store_that_does_not_say_its_format_is_not_guessed_at(tmp_path, content):
    (tmp_path / "whence.json").write_bytes(content)

    with pytest.raises(StoreError, match=r"whence\.json does not say the store's format"):
        open_folder(tmp_path)

    assert (tmp_path / "whence.json").read_bytes() == content


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "store").write_text("")

    with pytest.raises(Unwritable, match=r"store.*a file stands where a folder is needed"):
        open_folder(tmp_path / "store")
