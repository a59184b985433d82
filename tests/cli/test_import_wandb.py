"""The folder of Weights & Biases: what comes of it, and what is told of the rest.

The logs are written here by plain code; the same was checked against those of wandb 0.31.
"""

import json
import math
import os
import struct
from datetime import UTC, datetime
from zlib import crc32

import pytest

import whence as library

START = 1_700_000_000
BLOCK = 32_768


def varint(number):
    number &= 2**64 - 1
    digits = []
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def field(number, value):
    """A field of a message: bytes, or a number."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def item(key, value):
    keys = [key] if isinstance(key, str) else key
    return b"".join(field(2, one) for one in keys) + field(16, json.dumps(value))


def history(step, /, **values):
    said = {"_step": step, "_timestamp": START + 10 + (step if step != "x" else 0), **values}
    return field(2, b"".join(field(1, item(key, value)) for key, value in said.items()))


def config(update, remove=()):
    return field(5, b"".join([
        *(field(1, item(key, value)) for key, value in update.items()),
        *(field(2, item(key, None)) for key in remove),
    ]))  # fmt: skip


def begun(run="abc123", name="first try", **params):
    given = b"".join(field(1, item(key, value)) for key, value in {**params, "_wandb": {}}.items())
    texts = {1: run, 3: "digits", 6: "sweep", 8: name, 9: "a note", 10: "x"}
    told = b"".join(field(number, value) for number, value in texts.items())
    return field(17, told + field(4, given) + field(10, "y") + field(17, field(1, START)))


def printed(stream, text, second=0):
    return field(13, field(1, stream) + field(2, field(1, START + second)) + field(3, text))


def measured(second, **values):
    told = b"".join(field(3, field(1, key) + field(16, json.dumps(one)))
                    for key, one in values.items())  # fmt: skip
    return field(7, field(2, field(1, START + second)) + told)


def ended(code, seconds):
    return field(18, field(1, code) + field(2, seconds))


def log(*messages):
    """A log: pieces of records in blocks."""
    found = bytearray(b":W&B\xe1\xbe\x00")
    for message in messages:
        rest, first = message, True
        while rest or first:
            left = BLOCK - len(found) % BLOCK
            if left < 7:
                found += bytes(left)
                continue
            part, rest = rest[: left - 7], rest[left - 7 :]
            kind = (1 if first else 4) if not rest else (2 if first else 3)
            found += struct.pack("<IHB", crc32(part, crc32(bytes([kind]))), len(part), kind) + part
            first = False
    return bytes(found)


@pytest.fixture
def folder(tmp_path):
    """Write a run's folder; return its log."""

    def write(*messages, name="run-20231114_221320-abc123", files=None):
        place = tmp_path / "wandb" / name
        (place / "files").mkdir(parents=True)
        for path, text in (files or {}).items():
            (place / "files" / path).write_text(text)
        path = place / f"run-{name.rpartition('-')[2]}.wandb"
        path.write_bytes(log(*messages))
        return path

    return write


def bring(whence, tmp_path, *arguments):
    done = whence("import-runs", "wandb", "--store", "s", *arguments)
    return done, library.open(tmp_path / "s")


def at(second):
    return datetime.fromtimestamp(START + second, UTC)


def test_a_run_comes_with_all_that_its_log_says(whence, tmp_path, folder):
    folder(
        begun(lr=0.1, layers=[1, 2], odd="x"),
        config({"batch": 32}, ["odd"]),
        history(0, loss=1, acc=0.25),
        history(1, loss=math.nan, acc=math.inf),
        field(2, field(1, item(["_step"], 7)) + field(1, item(["_timestamp"], START + 20.5))
              + field(1, item(["a", "b"], 5))),
        measured(15, cpu=12.5),
        printed(1, "one\ntw"), printed(0, "to err\n", 1), printed(1, "o\n", 2),
        ended(0, 30),
        files={"requirements.txt": "numpy==2.0"},
    )  # fmt: skip
    done, store = bring(whence, tmp_path)
    assert "1 run, 6 points, 1 artifact" in done.stdout
    run = store.run("first try")
    assert (run.project, run.status, run.started, run.ended) == (
        "digits", "finished", at(0), at(30)
    )  # fmt: skip
    assert run.params == {"lr": 0.1, "layers": [1, 2], "batch": 32}
    assert run.tags == {
        "wandb.id": "abc123", "wandb.group": "sweep", "wandb.notes": "a note", "wandb.tags": "x, y"
    }  # fmt: skip
    loss = run.metric("loss").to_pylist()
    assert [(one["step"], one["time"]) for one in loss] == [(0, at(10)), (1, at(11))]
    assert loss[0]["value"] == 1
    assert math.isnan(loss[1]["value"])
    assert run.metric("acc")["value"].to_pylist() == [0.25, math.inf]
    assert run.metric("a.b").to_pylist() == [{"step": 7, "time": at(20.5), "value": 5.0}]
    assert run.metric("system/cpu").to_pylist() == [{"step": 15, "time": at(15), "value": 12.5}]
    assert run.output() == "one\nto err\ntwo\n"
    assert run.output("stdout") == "one\ntwo\n"
    assert [one.path for one in run.artifacts()] == ["requirements.txt"]
    assert "nothing to do; 1 run imported before" in bring(whence, tmp_path)[0].stdout


def test_what_is_no_number_is_counted(whence, tmp_path, folder):
    image = {"path": "media/1.png", "_type": "image-file", "size": 113}
    folder(
        begun(),
        history(0, loss=1, text="hi", yes=True, table={"_type": "table-file", "size": 3}),
        field(2, b"".join(field(1, item(["img", key], value)) for key, value in image.items())),
    )
    done, store = bring(whence, tmp_path)
    assert ("values that are not numbers were left out: 1 of image-file, 1 of table-file,"
            " 1 of text, 1 of truth values") in done.stderr  # fmt: skip
    run = store.run("first try")
    assert run.metrics == {"loss": 1.0}
    assert (run.status, run.ended) == ("unknown", None)


def test_what_was_printed_without_a_line_s_end_comes_last(whence, tmp_path, folder):
    folder(begun(), printed(1, "10 %\n20"), printed(1, " %", 3), printed(0, "killed", 4))
    run = bring(whence, tmp_path)[1].run("first try")
    assert run.output("stdout") == "10 %\n20 %"
    assert run.output("stderr") == "killed"


def test_numbers_that_nobody_can_keep_are_told(whence, tmp_path, folder):
    odd = {"_timestamp": math.inf, "huge": 10**400, "loss": 2}
    folder(ended(0, 1), begun(), history(0, **odd), history("x", loss=1))
    done, store = bring(whence, tmp_path)
    assert "1 of numbers no float holds" in done.stderr
    found = store.run("first try").metric("loss").to_pylist()
    assert [(one["step"], one["time"], one["value"]) for one in found] == [
        (0, at(0), 2.0), (0, at(10), 1.0)
    ]  # fmt: skip


def test_a_run_that_was_resumed_is_one(whence, tmp_path, folder):
    folder(begun(lr=0.1), history(0, loss=1), ended(1, 12))
    assert bring(whence, tmp_path)[1].run("first try").status == "failed"
    folder(begun(lr=0.2), history(1, loss=0.5), ended(0, 40), name="run-20231115_080000-abc123")
    folder(begun(run="other", name="second"), name="offline-run-20231115_090000-other")
    done, store = bring(whence, tmp_path)
    assert "1 run, 1 point, 0 artifacts; 1 of before had more to tell" in done.stdout
    run = store.run("first try")
    assert (run.status, run.params) == ("finished", {"lr": 0.2})
    assert run.metric("loss")["value"].to_pylist() == [1.0, 0.5]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")
def test_a_folder_of_files_that_is_a_link_is_not_followed(whence, tmp_path, folder):
    place = folder(begun(), ended(0, 1), files={"secret": "x"}).parent / "files"
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    done, store = bring(whence, tmp_path)
    assert "links to files (1) were left out" in done.stderr
    assert store.run("first try").artifacts() == []


def test_the_link_to_the_latest_run_is_not_another(whence, tmp_path, folder):
    path = folder(begun(), history(0, loss=1))
    (tmp_path / "wandb/latest-run").symlink_to(path.parent.name)
    (path.parent / "files/linked.txt").symlink_to(path)
    done, store = bring(whence, tmp_path)
    assert "1 run, 1 point, 0 artifacts" in done.stdout
    assert "links to files (1) were left out" in done.stderr
    assert len(store.runs()) == 1


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_log_is_told_and_the_rest_comes(whence, tmp_path, folder, cut):
    path = folder(begun(), *(history(step, loss=step) for step in range(5)))
    path.write_bytes(path.read_bytes()[:-cut])
    done, store = bring(whence, tmp_path)
    assert "ends within a record" in done.stderr
    assert len(store.run("first try").metric("loss")) == 4


def test_a_damaged_block_is_left_out_and_those_behind_it_come(whence, tmp_path, folder):
    path = folder(begun(), *(history(step, loss=step, long="x" * 900) for step in range(200)))
    content = bytearray(path.read_bytes())
    content[BLOCK + 5000] ^= 1
    path.write_bytes(content)
    done, store = bring(whence, tmp_path)
    assert "was damaged; its block was left out" in done.stderr
    steps = store.run("first try").metric("loss")["step"].to_pylist()
    assert steps[0] == 0
    assert steps[-1] == 199
    assert 150 < len(steps) < 200


def test_a_log_that_names_no_run_is_told(whence, tmp_path, folder):
    folder(history(0, loss=1))
    done, _ = bring(whence, tmp_path, "--from", "wandb")
    assert "it does not say of which run it is" in done.stderr
    assert "no runs were imported" in done.stdout
