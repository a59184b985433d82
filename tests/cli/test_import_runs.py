"""Runs of other tools: what comes, what is left out and told, and that it comes once.

The fixtures are written here by plain code, in the formats of MLflow 3.17 and TensorBoard 2.21;
both were checked against what these tools write themselves.
"""

import math
import os
import signal
import sqlite3
import struct
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

import whence as library
from whence.errors import BadInput
from whence.store.folder import StoreFolder
from whence.work.importing.sources.crc32c import crc32c, masked
from whence.work.importing.sources.plain_yaml import parse

RUN, CHILD, DEAD, OPEN = (letter * 32 for letter in "abcd")
START = 1_700_000_000_000
EXPERIMENT = 'Zahlen: "schön" #1'
NAME = "one: 'two' # three"

needs_links = pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")


# MLflow's folder


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def meta(folder, **fields):
    write(folder / "meta.yaml", yaml.safe_dump(fields, allow_unicode=True))


def file_run(experiment, run, *, status=3, name=NAME, stage="active", end=START + 5000):
    folder = experiment / run
    meta(
        folder, artifact_uri=f"file://{folder}/artifacts", end_time=end, entry_point_name="",
        experiment_id="7", lifecycle_stage=stage, run_id=run, run_name=name, source_name="",
        source_type=4, source_version="", start_time=START, status=status, tags=[], user_id="root",
    )  # fmt: skip
    return folder


@pytest.fixture
def mlruns(tmp_path):
    root = tmp_path / "mlruns"
    experiment = root / "7"
    meta(
        experiment, artifact_location=f"file://{experiment}", creation_time=START,
        experiment_id="7", last_update_time=START, lifecycle_stage="active", name=EXPERIMENT,
    )  # fmt: skip
    write(experiment / "tags/team", "vision: all")
    run = file_run(experiment, RUN)
    write(run / "params/lr", "0.1")
    write(run / "params/ml/x", "a\r\nb")
    write(run / "tags/note", "multi\nline")
    write(run / "metrics/loss", f"{START} 1.0 0\n{START + 1} 0.5 1\n{START + 2} 0.25 2\n")
    write(run / "metrics/a/b c", f"{START} nan -3\n")
    write(run / "metrics/of data", f"{START} -inf 4 name digest\n")
    write(run / "metrics/old", f"{START} 7\n")
    write(run / "artifacts/folder/notes.txt", "hi")
    meta(run / "inputs/1", source_id="d1", source_type="DATASET", destination_id="d1",
         destination_type="RUN", tags={"mlflow.data.context": "training"})  # fmt: skip
    meta(experiment / "datasets/d1", digest="2981", name="d", profile='{"rows": 2}', schema=None,
         source='{"uri": "s.csv"}', source_type="local")  # fmt: skip
    child = file_run(experiment, CHILD, name="child", status=4)
    write(child / "tags/mlflow.parentRunId", RUN)
    file_run(experiment, OPEN, name="open", status=1, end=None)
    file_run(experiment, DEAD, stage="deleted")
    fields = {"creation_timestamp": START, "last_updated_timestamp": START + 1, "name": "reg"}
    meta(root / "models/reg", description="what: it is", **fields)
    write(root / "models/reg/tags/k", "v")
    write(root / "models/reg/aliases/champion", "2")
    for number, stage in ((1, "None"), (2, "Production"), (3, "Deleted_Internal")):
        meta(root / f"models/reg/version-{number}", version=number, current_stage=stage,
             description=None, run_id=RUN, run_link=None, source=f"{run}/artifacts/folder",
             status="READY", status_message=None, user_id=None,
             storage_location=f"{run}/artifacts/folder", **fields)  # fmt: skip
    return root


# MLflow's database: the columns of 3.17 that are read, and the constraints that matter

SCHEMA = """
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, artifact_location TEXT,
    lifecycle_stage TEXT, creation_time BIGINT, last_update_time BIGINT,
    workspace TEXT DEFAULT 'default' NOT NULL);
CREATE TABLE experiment_tags ("key" TEXT, value TEXT, experiment_id INTEGER);
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, source_type TEXT, source_name TEXT,
    entry_point_name TEXT, user_id TEXT, status TEXT, start_time BIGINT, end_time BIGINT,
    source_version TEXT, lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER,
    deleted_time BIGINT);
CREATE TABLE metrics ("key" TEXT, value FLOAT NOT NULL, timestamp BIGINT, run_uuid TEXT,
    step BIGINT DEFAULT '0' NOT NULL, is_nan BOOLEAN DEFAULT '0' NOT NULL);
CREATE TABLE params ("key" TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags ("key" TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE datasets (dataset_uuid TEXT, experiment_id INTEGER, name TEXT, digest TEXT,
    dataset_source_type TEXT, dataset_source TEXT, dataset_schema TEXT, dataset_profile TEXT);
CREATE TABLE inputs (input_uuid TEXT, source_type TEXT, source_id TEXT, destination_type TEXT,
    destination_id TEXT, step BIGINT DEFAULT '0' NOT NULL);
CREATE TABLE input_tags (input_uuid TEXT, name TEXT, value TEXT);
CREATE TABLE registered_models (name TEXT, creation_time BIGINT, last_updated_time BIGINT,
    description TEXT, workspace TEXT DEFAULT 'default' NOT NULL);
CREATE TABLE model_versions (name TEXT, version INTEGER, creation_time BIGINT,
    last_updated_time BIGINT, description TEXT, user_id TEXT, current_stage TEXT, source TEXT,
    run_id TEXT, status TEXT, status_message TEXT, run_link TEXT, storage_location TEXT,
    workspace TEXT DEFAULT 'default' NOT NULL);
CREATE TABLE registered_model_tags ("key" TEXT, value TEXT, name TEXT);
CREATE TABLE model_version_tags ("key" TEXT, value TEXT, name TEXT, version INTEGER);
CREATE TABLE registered_model_aliases (alias TEXT, version INTEGER, name TEXT);
"""


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "mlflow.db"
    artifacts = tmp_path / "served"
    write(artifacts / "7" / RUN / "artifacts/folder/notes.txt", "hi")
    db = sqlite3.connect(path)
    db.executescript(SCHEMA)
    db.execute("INSERT INTO experiments VALUES (7, ?, '', 'active', ?, ?, 'default')",
               (EXPERIMENT, START, START))  # fmt: skip
    db.execute("INSERT INTO experiment_tags VALUES ('team', 'vision: all', 7)")
    for run, name, status, end, stage in (
        (RUN, NAME, "FINISHED", START + 5000, "active"),
        (CHILD, "child", "FAILED", START, "active"),
        (OPEN, "open", "RUNNING", None, "active"),
        (DEAD, "dead", "FINISHED", START, "deleted"),
    ):
        db.execute(
            "INSERT INTO runs VALUES (?, ?, 'UNKNOWN', '', '', 'root', ?, ?, ?, '', ?, ?, 7, NULL)",
            (run, name, status, START, end, stage, f"mlflow-artifacts:/7/{run}/artifacts"),
        )
    rows = [("loss", 1 / 2**i, START + i, i, 0) for i in range(3)]
    rows += [("a/b c", 0.0, START, -3, 1), ("of data", 7.5, START, 4, 0), ("old", 7, START, 0, 0)]
    db.executemany(f"INSERT INTO metrics VALUES (?, ?, ?, '{RUN}', ?, ?)", rows)
    db.executemany(f"INSERT INTO params VALUES (?, ?, '{RUN}')",
                   [("lr", "0.1"), ("ml/x", "a\r\nb")])  # fmt: skip
    db.execute("INSERT INTO tags VALUES ('note', 'multi\nline', ?)", (RUN,))
    db.execute("INSERT INTO tags VALUES ('mlflow.parentRunId', ?, ?)", (RUN, CHILD))
    db.execute("INSERT INTO datasets VALUES ('d1', 7, 'd', '2981', 'local', '{\"uri\": \"s.csv\"}',"
               " NULL, '{\"rows\": 2}')")  # fmt: skip
    db.execute("INSERT INTO inputs VALUES ('i1', 'DATASET', 'd1', 'RUN', ?, 0)", (RUN,))
    db.execute("INSERT INTO input_tags VALUES ('i1', 'mlflow.data.context', 'training')")
    db.execute("INSERT INTO registered_models VALUES ('reg', ?, ?, 'what: it is', 'default')",
               (START, START + 1))  # fmt: skip
    for number, stage in ((1, "None"), (2, "Production"), (3, "Deleted_Internal")):
        db.execute(
            "INSERT INTO model_versions VALUES ('reg', ?, ?, ?, NULL, '', ?, ?, ?, 'READY', '',"
            " '', ?, 'default')",
            (number, START, START + 1, stage, "s", RUN,
             f"mlflow-artifacts:/7/{RUN}/artifacts/folder"),
        )  # fmt: skip
    db.execute("INSERT INTO registered_model_tags VALUES ('k', 'v', 'reg')")
    db.execute("INSERT INTO registered_model_aliases VALUES ('champion', 2, 'reg')")
    db.commit()
    db.close()
    return path


@pytest.fixture(params=["mlruns", "mlflow.db"])
def source(request, tmp_path):
    """Return one of MLflow's two stores, by name: they say the same."""
    request.getfixturevalue({"mlruns": "mlruns", "mlflow.db": "database"}[request.param])
    return tmp_path / request.param


def at(milliseconds):
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def points(tmp_path, run, key):
    table = library.open(tmp_path / "s").run(run).metric(key)
    return list(zip(*(table[name].to_pylist() for name in ("step", "time", "value")), strict=True))


def test_runs_of_mlflow_come_with_all_that_they_have(whence, tmp_path, source):
    done = whence("import-runs", source.name, "--store", "s", "--artifacts", "served")
    assert done.stdout == "3 runs, 6 points, 1 artifact; 2 versions of registered models\n"
    assert "deleted runs (1) were left out" in done.stderr
    store = library.open(tmp_path / "s")
    run, child, still = (store.run(one) for one in (RUN, CHILD, OPEN))
    assert (run.project, run.name, run.status) == (EXPERIMENT, NAME, "finished")
    assert (run.started, run.ended) == (at(START), at(START + 5000))
    assert run.params == {"lr": "0.1", "ml/x": "a\r\nb"}
    assert run.tags["note"] == "multi\nline"
    assert (child.parent, child.status, still.status, still.ended) == (
        RUN,
        "failed",
        "unknown",
        None,
    )
    assert points(tmp_path, RUN, "loss") == [(i, at(START + i), 1 / 2**i) for i in range(3)]
    ((step, _, value),) = points(tmp_path, RUN, "a/b c")
    assert step == -3
    assert math.isnan(value)
    assert [row[0] for row in points(tmp_path, RUN, "of data")] == [4]
    assert points(tmp_path, RUN, "old") == [(0, at(START), 7.0)]
    assert run.artifact("folder/notes.txt").read_text() == "hi"
    assert [one.id for one in store.runs(where="dataset.context = 'training'")] == [RUN]
    found = store.registered("reg").read()
    assert (found.model.aliases, found.model.tags) == ({"champion": 2}, {"k": "v"})
    assert found.model.description == "what: it is"
    assert [version.stage for version in found.versions] == ["Production", "None"]


def test_the_same_source_again_adds_nothing(whence, tmp_path, source):
    words = ("import-runs", source.name, "--store", "s", "--artifacts", "served")
    whence(*words)
    whence("export", "before", "--store", "s")
    assert whence(*words).stdout == "nothing to do; 3 runs imported before\n"
    whence("export", "after", "--store", "s")
    for name in ("runs.jsonl", "points.parquet", "registry.json"):
        assert (tmp_path / "before" / name).read_bytes() == (tmp_path / "after" / name).read_bytes()


def test_a_source_that_has_grown_brings_what_is_new(whence, tmp_path, mlruns):
    whence("import-runs", "mlruns", "--store", "s")
    run = mlruns / "7" / OPEN
    write(run / "metrics/loss", f"{START} 3.0 0\n")
    write(mlruns / "7" / RUN / "metrics/loss",
          "".join(f"{START + i} {1 / 2**i} {i}\n" for i in range(5)))  # fmt: skip
    file_run(mlruns / "7", OPEN, name="open", status=3, end=START + 9)
    told = whence("import-runs", "mlruns", "--store", "s").stdout
    assert "0 runs, 3 points, 0 artifacts; 2 of before had more to tell" in told
    assert len(points(tmp_path, RUN, "loss")) == 5
    assert points(tmp_path, OPEN, "loss") == [(0, at(START), 3.0)]
    assert library.open(tmp_path / "s").run(OPEN).status == "finished"
    assert library.open(tmp_path / "s").run(RUN).metrics["loss"] == 1 / 16


def test_a_moved_folder_s_artifacts_are_found_beside_their_runs(whence, tmp_path, mlruns):
    mlruns.rename(tmp_path / "moved")
    assert "3 runs, 6 points, 1 artifact" in whence("import-runs", "moved", "--store", "s").stdout


@pytest.mark.parametrize("where", ["file:///etc", "../..", "s3://bucket/a"])
def test_a_source_cannot_name_any_folder_of_this_machine(whence, mlruns, where):
    path = mlruns / "7" / RUN / "meta.yaml"
    write(path, path.read_text().replace(f"file://{path.parent}/artifacts", where))
    for file in (path.parent / "artifacts").rglob("*.txt"):
        file.unlink()
    (path.parent / "artifacts/folder").rmdir()
    (path.parent / "artifacts").rmdir()
    done = whence("import-runs", "mlruns", "--store", "s")
    assert "0 artifacts" in done.stdout
    assert "those were not brought" in done.stderr


@needs_links
@pytest.mark.parametrize("link", ["artifacts", "params", "metrics", "tags", RUN, "7", "inputs/1"])
def test_a_link_in_a_source_is_not_followed(whence, tmp_path, mlruns, link):
    run = mlruns / "7" / RUN
    place = {RUN: run, "7": run.parent}.get(link, run / link)
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    done = whence("import-runs", "mlruns", "--store", "s")
    assert "a link leads from there to elsewhere" in done.stderr
    store = library.open(tmp_path / "s")
    found = [one for one in store.runs() if one.id == RUN]
    assert len(found) == (link not in {RUN, "7"})
    if not found:
        return
    assert found[0].params == ({} if link == "params" else {"lr": "0.1", "ml/x": "a\r\nb"})
    assert bool(found[0].metrics) == (link != "metrics")
    assert ("note" in found[0].tags) == (link != "tags")
    assert bool(store.run(RUN).artifacts()) == (link != "artifacts")
    with_data = store.runs(where="dataset.context = 'training'")
    assert len(with_data) == (link != "inputs/1")


@needs_links
def test_what_a_server_s_folder_links_to_must_be_a_run_s_too(whence, tmp_path, database):
    place = tmp_path / "served/7" / RUN / "artifacts"
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    done = whence("import-runs", database.name, "--store", "s", "--artifacts", "served")
    assert "0 artifacts" in done.stdout
    assert "those were not brought" in done.stderr


def test_a_version_of_all_files_of_its_run_lies_where_they_come_to(whence, tmp_path, mlruns):
    path = mlruns / "models/reg/version-1/meta.yaml"
    write(path, path.read_text().replace("/artifacts/folder", "/artifacts"))
    whence("import-runs", "mlruns", "--store", "s")
    ask = "SELECT place FROM versions ORDER BY version"
    assert StoreFolder(tmp_path / "s").metadata.all(ask) == [
        (f"runs:/{RUN}",), (f"runs:/{RUN}/folder",)
    ]  # fmt: skip


def test_artifacts_of_a_server_need_its_folder(whence, database):
    done = whence("import-runs", database.name, "--store", "s")
    assert "0 artifacts" in done.stdout
    assert "--artifacts DIR" in done.stderr


def test_lines_that_are_no_points_are_told_and_the_others_come(whence, tmp_path, mlruns):
    path = mlruns / "7" / RUN / "metrics/loss"
    write(path, f"{START} 1.0 0\nhello\n{START} 2.0 {2**70}\n{START} 0.5 1\n{START} 0.2")
    done = whence("import-runs", "mlruns", "--store", "s")
    assert [row[2] for row in points(tmp_path, RUN, "loss")] == [1.0, 0.5]
    assert "line 2" in done.stderr
    assert "line 5" in done.stderr
    assert "more than 64 bits" in done.stderr


@pytest.mark.parametrize("text", ["", "run_id: !!python/object:os.system x\n", "run_id: x\n"])
def test_a_broken_meta_yaml_is_named_and_the_other_runs_come(whence, mlruns, text):
    path = write(mlruns / "7" / RUN / "meta.yaml", text)
    done = whence("import-runs", "mlruns", "--store", "s")
    assert str(path) in done.stderr
    assert "2 runs, 0 points" in done.stdout


def test_a_registered_model_that_lacks_something_is_named(whence, mlruns):
    path = write(mlruns / "models/reg/meta.yaml", "name: reg\n")
    assert str(path) in whence("import-runs", "mlruns", "--store", "s", status=2).stderr


def test_one_project_can_take_all(whence, tmp_path, source):
    whence("import-runs", source.name, "--store", "s", "--project", "old")
    assert {run.project for run in library.open(tmp_path / "s").runs()} == {"old"}


@pytest.mark.parametrize("name", ["nothing", "file.txt", "empty"])
def test_what_is_no_source_is_refused(whence, tmp_path, name):
    write(tmp_path / "file.txt", "hello")
    (tmp_path / "empty").mkdir()
    assert name in whence("import-runs", name, "--store", "s", status=2).stderr
    assert not (tmp_path / "s").exists()


def test_a_database_of_something_else_is_refused(whence, tmp_path):
    db = sqlite3.connect(tmp_path / "x.db")
    db.execute("CREATE TABLE runs (a)")
    db.commit()
    db.close()
    assert "no table experiments" in whence("import-runs", "x.db", "--store", "s", status=2).stderr


# The YAML of meta.yaml, against PyYAML

TEXTS = st.text(
    st.sampled_from("ab :'\"\\#-\nü\t10{[]},?!%@`|>&*~=<\x00\xa0😀") | st.characters(codec="utf-8"),
    max_size=200,
)
VALUES = st.one_of(TEXTS, st.integers(), st.none(), st.booleans(), st.just([]))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
                       st.one_of(VALUES, st.dictionaries(TEXTS, TEXTS, max_size=3)), min_size=1),
       st.sampled_from(["SafeDumper", "CSafeDumper"]))  # fmt: skip
@example({"a": "x " * 80 + "\n\n\ny: z"}, "SafeDumper")
@example({"a": "\\" * 90 + " " + '"' * 90}, "CSafeDumper")
def test_the_yaml_that_mlflow_writes_is_read_as_it_was_or_refused(data, dumper):
    written = yaml.dump(data, Dumper=getattr(yaml, dumper), allow_unicode=True)
    try:
        found = parse(written, "here")
    except BadInput:
        # Only what is rare: keys of many lines, and line ends that are none elsewhere.
        assert "? " in written or any(sign in written for sign in "\x85\u2028\u2029:")
        return
    assert found == yaml.safe_load(written)


@pytest.mark.parametrize(
    "text", ["- a", "a: |\n  b", "a: &x b", "a: b\na: c", "  a: b", "a: 'b", "a"]
)
def test_other_yaml_is_refused(text):
    with pytest.raises(BadInput, match="here"):
        parse(text, "here")


# TensorBoard


def varint(number):
    number &= 2**64 - 1
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def field(number, content):
    """Return a field of a message: bytes, or a number."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def frame(body):
    length = struct.pack("<Q", len(body))
    return length + struct.pack("<I", masked(length)) + body + struct.pack("<I", masked(body))


def event(seconds, step, *values):
    summary = field(5, b"".join(field(1, value) for value in values)) if values else b""
    return frame(struct.pack("<Bd", 1 << 3 | 1, seconds) + field(2, step) + summary)


def simple(tag, value):
    return field(1, tag.encode()) + struct.pack("<Bf", 2 << 3 | 5, value)


def tensor(tag, dtype, *fields):
    metadata = field(9, field(1, field(1, b"scalars")))
    return field(1, tag.encode()) + metadata + field(8, field(1, dtype) + b"".join(fields))


@pytest.fixture
def logs(tmp_path):
    """Return a folder of two runs, one in a folder below, as both generations of writers write."""
    first = tmp_path / "logs/a/train/events.out.tfevents.1700000000.host.1.0"
    first.parent.mkdir(parents=True)
    rows = [event(1.7e9, 0)]
    rows += [event(1.7e9 + i + 0.25, i, simple("loss", 1 / 2**i)) for i in range(4)]
    rows.append(event(1.7e9 + 9, -5, simple("odd", math.inf), field(1, b"picture") + field(4, b"")))
    first.write_bytes(b"".join(rows))
    second = tmp_path / "logs/b/events.out.tfevents.1700000000.host.1.1.v2"
    second.parent.mkdir(parents=True)
    second.write_bytes(
        b"".join(
            [
                event(1.7e9, 0),
                event(1.7e9, 1, tensor("float", 1, field(4, struct.pack("<f", 1.5)))),
                event(1.7e9, 1, tensor("double", 2, field(6, struct.pack("<d", 0.1)))),
                event(1.7e9, 1, tensor("int", 3, field(7, varint(-7)))),
                event(1.7e9, 1, tensor("half", 19, field(13, varint(0x3E00)))),
                event(1.7e9, 1, tensor("vector", 1, field(2, field(2, field(1, 3))))),
            ]
        )
    )
    return tmp_path / "logs"


@pytest.mark.usefixtures("logs")
def test_scalars_of_tensorboard_come_with_steps_and_times(whence, tmp_path):
    done = whence("import-runs", "logs", "--store", "s")
    assert "2 runs, 9 points" in done.stdout
    assert "1 of images, 1 of scalars" in done.stderr
    store = library.open(tmp_path / "s")
    train, other = store.run("a/train"), store.run("b")
    assert (train.started, train.ended) == (at(1.7e12), at(1.7e12 + 9000))
    assert points(tmp_path, train.id, "loss") == [
        (i, at(1.7e12 + i * 1000 + 250), 1 / 2**i) for i in range(4)
    ]
    assert [row[::2] for row in points(tmp_path, train.id, "odd")] == [(-5, math.inf)]
    assert other.metrics == {"double": 0.1, "float": 1.5, "half": 1.5, "int": -7.0}
    assert "nothing to do" in whence("import-runs", "logs", "--store", "s").stdout


@needs_links
def test_an_event_file_that_is_a_link_is_told_and_left_out(whence, tmp_path, logs):
    path = next(logs.glob("b/*"))
    path.rename(tmp_path / path.name)
    path.symlink_to(tmp_path / path.name)
    done = whence("import-runs", "logs", "--store", "s")
    assert "1 run, 5 points" in done.stdout
    assert f"{path} was left out: it is a link" in done.stderr


def test_logs_that_grow_and_move_are_the_same_run(whence, tmp_path, logs):
    whence("import-runs", "logs", "--store", "s")
    path = next(logs.glob("a/train/*"))
    with path.open("ab") as file:
        file.write(event(1.7e9 + 20, 9, simple("loss", 0.01)))
    logs.rename(tmp_path / "moved")
    told = whence("import-runs", "moved", "--store", "s").stdout
    assert "0 runs, 1 point, 0 artifacts; 1 of before had more to tell" in told


@pytest.mark.parametrize("cut", [1, 5, 13, 20])
def test_a_torn_tail_is_told_and_the_rest_comes(whence, tmp_path, logs, cut):
    path = next(logs.glob("a/train/*"))
    path.write_bytes(path.read_bytes()[:-cut])
    done = whence("import-runs", "logs", "--store", "s")
    assert "ends within a record" in done.stderr
    run = library.open(tmp_path / "s").run("a/train")
    assert len(points(tmp_path, run.id, "loss")) == 4


def test_a_damaged_record_is_told_and_those_behind_it_come(whence, tmp_path, logs):
    path = next(logs.glob("a/train/*"))
    content = bytearray(path.read_bytes())
    content[content.index(b"loss")] ^= 1
    path.write_bytes(content)
    assert "was damaged" in whence("import-runs", "logs", "--store", "s").stderr
    run = library.open(tmp_path / "s").run("a/train")
    assert [row[0] for row in points(tmp_path, run.id, "loss")] == [1, 2, 3]


def test_the_checksum_is_castagnoli_s_for_short_and_long_texts():
    # RFC 3720, appendix B.4.
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    # The long way is linear over parts: a text behind itself is checked against byte by byte.
    text = bytes(i * i % 251 for i in range(200_003))
    state = 0xFFFFFFFF
    for byte in text:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
    assert crc32c(text) == state ^ 0xFFFFFFFF


# Once, whatever happens


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_an_import_that_is_killed_is_finished_by_the_next_and_nothing_comes_twice(
    whence, tmp_path, mlruns
):
    lines = "".join(f"{START + i} {i} {i}\n" for i in range(60_000))
    for key in "pqr":
        write(mlruns / "7" / RUN / "metrics" / key, lines)
    words = [sys.executable, "-m", "whence.cli", "import-runs", "mlruns", "--store", "s"]
    seen = tmp_path / "s/whence.db"
    statuses = []
    for least in (1, 90_000):
        process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)  # fmt: skip
        while process.poll() is None and waiting(seen) < least:
            pass
        process.send_signal(signal.SIGKILL)
        statuses.append(process.wait())
    assert -signal.SIGKILL in statuses
    whence("import-runs", "mlruns", "--store", "s")
    assert "nothing to do" in whence("import-runs", "mlruns", "--store", "s").stdout
    for key in "pqr":
        assert [row[0] for row in points(tmp_path, RUN, key)] == list(range(60_000))


def waiting(path):
    """Return how many points the database knows of; 0 while there is none."""
    if not path.exists():
        return 0
    db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        return db.execute("SELECT coalesce(sum(points), 0) FROM latest").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        db.close()
