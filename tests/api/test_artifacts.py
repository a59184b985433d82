"""Artifacts as a program logs them and reads them back; what deleting and `whence gc` free."""

import io
import json
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

import whence as api
from whence.errors import BadInput, NotFound, Unwritable
from whence.store.contents import blobs
from whence.store.folder import StoreFolder


@pytest.fixture
def store(tmp_path):
    return api.open(tmp_path / "store")


@pytest.fixture
def run(store):
    with store.start_run(name="logs", capture=()) as found:
        yield found


def read(store, path):
    return store.run("logs").artifact(path).read_bytes()


def listed(store):
    return [one.path for one in store.run("logs").artifacts()]


def kept(store):
    return {blob.digest for blob in blobs(StoreFolder(store.path)).all()}


def test_files_and_folders_come_back_as_they_were(store, run, tmp_path):
    folder = tmp_path / "model"
    (folder / "deep").mkdir(parents=True)
    (folder / "weights").write_bytes(bytes(range(256)) * 20_000)
    (folder / "deep/ü b.txt").write_text("x")
    (folder / "linked").symlink_to(folder / "deep/ü b.txt")
    run.log_artifact(folder)
    run.log_artifact(folder / "weights", "copy/of weights")
    run.log_model(folder / "weights", "best")
    (folder / "weights").write_bytes(b"changed since")
    paths = ["best", "copy/of weights", "model/deep/ü b.txt", "model/linked", "model/weights"]
    assert listed(store) == paths
    assert read(store, "best") == read(store, "model/weights") == bytes(range(256)) * 20_000
    assert len(kept(store)) == 2
    sizes = {one.path: one.size for one in store.run("logs").artifacts()}
    assert sizes["model/weights"] == 5_120_000
    copies = store.run("logs").save_artifacts(tmp_path / "saved", "model")
    assert [path.relative_to(tmp_path / "saved").as_posix() for path in copies] == paths[2:]
    assert copies[0].read_text() == "x"


def test_the_later_of_two_holds_and_any_process_may_log(store, run):
    run.log_text("first", "notes.md")
    run.log_text("second\udc80", "notes.md")
    assert read(store, "notes.md") == b"second\xed\xb2\x80"
    source = (
        "import sys, whence; whence.Run(sys.argv[1], sys.argv[2]).log_text('third', 'notes.md')"
    )
    subprocess.run([sys.executable, "-c", source, run.id, store.path], check=True)
    assert read(store, "notes.md") == b"third"


@pytest.mark.parametrize(
    "table",
    [
        [{"a": 1, "b": "x"}, {"a": 2, "b": None}],
        {"a": [1, 2], "b": ["x", None]},
        {"a": np.array([1, 2]), "b": ["x", None]},
        pa.table({"a": [1, 2], "b": ["x", None]}),
        pd.DataFrame({"a": [1, 2], "b": ["x", None]}),
        pl.DataFrame({"a": [1, 2], "b": ["x", None]}),
    ],
    ids=["rows", "columns", "arrays", "arrow", "pandas", "polars"],
)
def test_tables_of_any_library_are_the_same_json(store, run, table):
    run.log_table(table, "wrong answers")
    said = json.loads(read(store, "wrong answers.json"))
    assert said == {"columns": ["a", "b"], "data": [[1, "x"], [2, None]]}


def test_what_is_no_number_is_null_in_a_table(store, run):
    run.log_table([{"a": float("nan")}, {"a": float("inf"), "b": 1}], "t.json")
    assert json.loads(read(store, "t.json"))["data"] == [[None, None], [None, 1]]


def test_images_of_every_kind(store, run):
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3), np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    run.log_image(pixels, "array", step=20)
    run.log_image(pixels / 255, "floats.png")
    run.log_image(Image.fromarray(pixels), "pillow")
    run.log_image(written.getvalue(), "bytes")
    run.log_image(pixels[:, :, 0] > 100, "bools", step=-1)
    assert listed(store) == [
        "array/20.png",
        "bools/-1.png",
        "bytes.png",
        "floats.png",
        "pillow.png",
    ]
    for path in ("array/20.png", "floats.png", "pillow.png", "bytes.png"):
        back = np.asarray(Image.open(io.BytesIO(read(store, path))))
        np.testing.assert_array_equal(back, pixels)


class Matplotlib:
    def savefig(self, to, format):  # noqa: A002 - the library's own word
        to.write(f"drawn as {format}".encode())


class Plotly:
    def to_html(self):
        return "<html>"


class Bokeh:
    def write_html(self, to):
        to.write("<b>")


def test_figures_are_asked_to_write_themselves(store, run):
    run.log_figure(Matplotlib(), "curve")
    run.log_figure(Matplotlib(), "curve.svg")
    run.log_figure(Plotly(), "page")
    run.log_figure(Bokeh(), "other.html")
    assert {path: read(store, path) for path in listed(store)} == {
        "curve.png": b"drawn as png",
        "curve.svg": b"drawn as svg",
        "other.html": b"<b>",
        "page.html": b"<html>",
    }


def test_an_object_is_pickled(store, run):
    run.log_model({"weights": np.arange(3)}, "net")
    back = pickle.loads(read(store, "net/model.pkl"))  # noqa: S301 - written a line above
    np.testing.assert_array_equal(back["weights"], np.arange(3))


WRONG = {
    "no file": lambda run: run.log_artifact("nowhere"),
    "no text": lambda run: run.log_text(3, "a"),
    "no table": lambda run: run.log_table(3, "a"),
    "uneven": lambda run: run.log_table({"a": [1], "b": [1, 2]}, "a"),
    "no rows": lambda run: run.log_table([[1, 2]], "a"),
    "bytes in a table": lambda run: run.log_table([{"a": b"x"}], "a"),
    "no image": lambda run: run.log_image("a.png", "a"),
    "bytes of none": lambda run: run.log_image(b"<svg>", "a"),
    "four axes": lambda run: run.log_image(np.zeros((2, 2, 2, 2)), "a"),
    "no brightness": lambda run: run.log_image(np.full((2, 2), 300), "a"),
    "not a number": lambda run: run.log_image(np.full((2, 2), np.nan), "a"),
    "no figure": lambda run: run.log_figure(3, "a"),
    "no pickle": lambda run: run.log_model(lambda: 1, "a"),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
def test_what_cannot_be_logged_is_refused_and_leaves_nothing(store, run, call):
    with pytest.raises(BadInput):
        call(run)
    assert listed(store) == []
    assert kept(store) == set()


@pytest.mark.parametrize(
    "name", ["", "/a", "../a", "a/../b", "a//b", "a/", "./a", "a\\b", "C:/a", "a\0b", "a\nb", 3]
)
def test_no_name_leaves_the_run(store, run, name):
    with pytest.raises(BadInput, match="path"):
        run.log_text("x", name)
    assert listed(store) == []


def test_an_empty_folder_and_a_finished_run_are_said(store, run, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="holds no files"):
        run.log_artifact(tmp_path / "empty")
    run.finish()
    with pytest.raises(BadInput, match="is finished"):
        run.log_text("x", "a")
    with pytest.raises(NotFound, match="has no artifact 'b'; it has none"):
        store.run("logs").artifact("b")


def test_a_store_that_cannot_be_written_is_said(store, run):
    (store.path / "artifacts").write_text("a file stands here")
    with pytest.raises(Unwritable, match="artifacts"):
        run.log_text("x", "a")
    assert listed(store) == []


def test_gc_frees_what_deleting_said_and_no_more(store, run, whence):
    for path, text in (("a/1", "only here"), ("a/2", "in both"), ("b", "in both"), ("c", "kept")):
        run.log_text(text, path)
    gc = ("gc", "--store", store.path)
    assert "0 contents" in whence(*gc).stdout
    logged = store.run("logs")
    would = logged.delete_artifact("a", dry_run=True)
    assert logged.delete_artifact("a") == would == (2, 1, len("only here"))
    assert listed(store) == ["b", "c"]
    assert "9 bytes" in whence(*gc, "--dry-run").stdout
    assert "say --yes" in whence(*gc, status=2).stderr
    assert len(kept(store)) == 3
    assert "9 bytes freed" in whence(*gc, "--yes").stdout
    assert len(kept(store)) == 2
    assert (read(store, "b"), read(store, "c")) == (b"in both", b"kept")
    assert logged.delete_artifact("b") == (1, 1, len("in both"))
    run.log_text("in both", "d")  # needed again before it went
    assert "0 contents" in whence(*gc, "--yes").stdout
    assert read(store, "d") == b"in both"
    with pytest.raises(NotFound):
        logged.delete_artifact("a")


def test_the_base_install_logs_artifacts(tmp_path):
    """Nothing but msgspec is imported, and what artifacts need only with the first one."""
    source = """
import sys
known = set(sys.modules)
import whence
run = whence.start_run(store=sys.argv[1], capture=())
assert "whence.record.artifacts" not in sys.modules
run.log_text("x", "a")
run.log_table([{"a": 1}], "t")
run.log_model({"a": 1}, "m")
run.finish()
whence.flush(sys.argv[1])
loaded = {name.partition(".")[0] for name in set(sys.modules) - known}
print(*loaded)
"""
    done = subprocess.run(
        [sys.executable, "-c", source, tmp_path], check=True, capture_output=True, text=True
    )
    assert not set(done.stdout.split()) & {"numpy", "pyarrow", "nanoarrow", "PIL", "sqlite3"}
    store = api.open(tmp_path)
    logged = store.run(store.runs()[0].id).artifacts()
    assert [one.path for one in logged] == ["a", "m/model.pkl", "t.json"]
