"""The registry: what a program registers is what it, the command line and a server read."""

import json

import pytest

import whence
from whence import BadInput, NotFound


@pytest.fixture
def store(tmp_path):
    return whence.open(tmp_path / "store")


@pytest.fixture
def run(store):
    with store.start_run(name="baseline") as found:
        found.log({"accuracy": 0.9})
    return found


def test_a_run_becomes_a_version(store, run):
    made = store.register("digits", run=run, description="the first", tags={"size": "small"})
    assert (made.model, made.version, made.run) == ("digits", 1, run.id)
    assert made.source == f"runs:/{run.id}/model"
    assert (made.description, made.tags, made.stage) == ("the first", {"size": "small"}, "None")
    by_name = store.register("digits", run="baseline", artifact="nets/best")
    stored = store.register("digits", run=store.run(run.id), artifact="nets/last")
    assert [by_name.run, stored.run] == [run.id, run.id]
    assert stored.source == f"runs:/{run.id}/nets/last"
    assert store.registered("digits").version(2) == by_name
    page = store.registered("digits").read()
    assert [one.version for one in page.versions] == [3, 2, 1]
    assert page.model.latest == 3


def test_files_anywhere_become_a_version(store, run):
    made = store.register("digits", artifact="s3://models/digits/1")
    assert (made.source, made.run) == ("s3://models/digits/1", None)
    for wanted in (None, "model", ""):
        with pytest.raises(BadInput, match="run="):
            store.register("digits", artifact=wanted)
    for wanted in ("", "/etc/passwd", "../other", "s3://models/x"):
        with pytest.raises(BadInput, match="artifact is"):
            store.register("digits", run=run, artifact=wanted)
    with pytest.raises(NotFound, match="nobody"):
        store.register("digits", run="nobody")


def test_what_fails_registers_nothing(store, run):
    for name in ("", " ", "a/b", "a:b", "..", "."):
        with pytest.raises(BadInput, match="cannot be called"):
            store.register(name, run=run)
    assert store.registered() == []
    with pytest.raises(NotFound, match="there are: none"):
        store.registered("digits").read()


def test_an_alias_names_one_version(store, run):
    digits = store.registered("digits")
    for _ in range(3):
        store.register("digits", run=run)
    digits.set_alias("production", 1)
    digits.set_alias("production", 3)
    digits.set_alias("calm", 3)
    assert digits.alias("production").version == 3
    assert digits.alias("production").aliases == ["calm", "production"]
    (listed,) = store.registered()
    assert listed.aliases == {"calm": 3, "production": 3}
    digits.remove_alias("calm")
    with pytest.raises(NotFound, match="it has: production"):
        digits.alias("calm")
    for alias in ("latest", "V3", "", "a b"):
        with pytest.raises(BadInput, match="the alias is"):
            digits.set_alias(alias, 1)
    for number in (0, 4, -1, 2**70):
        with pytest.raises(NotFound, match=f"no version {number}"):
            digits.set_alias("production", number)
        with pytest.raises(NotFound, match=f"no version {number}"):
            digits.version(number)


def test_a_number_is_never_used_again_while_the_model_lives(store, run):
    digits = store.registered("digits")
    for _ in range(3):
        store.register("digits", run=run)
    digits.set_alias("best", 3)
    digits.delete(3)
    assert [one.version for one in digits.read().versions] == [2, 1]
    assert digits.read().model.aliases == {}
    with pytest.raises(NotFound, match="no version 3; it has: 1, 2"):
        digits.delete(3)
    assert store.register("digits", run=run).version == 4
    digits.delete()
    with pytest.raises(NotFound, match="no registered model 'digits'"):
        digits.read()
    assert store.register("digits", run=run).version == 1


def test_a_model_keeps_what_it_has_under_another_name(store, run):
    store.register("digits", run=run)
    digits = store.registered("digits")
    digits.describe("reads digits")
    digits.describe("the one to beat", version=1)
    digits.set_tags({"team": "vision", "size": 3})
    digits.set_tags({"seen": "yes"}, version=1)
    digits.set_alias("best", 1)
    digits.rename("numerals")
    page = store.registered("numerals").read()
    assert digits.read() == page
    assert (page.model.description, page.model.aliases) == ("reads digits", {"best": 1})
    assert page.model.tags == {"team": "vision", "size": "3"}
    (version,) = page.versions
    assert (version.model, version.description) == ("numerals", "the one to beat")
    assert version.tags == {"seen": "yes"}
    store.register("letters", run=run)
    with pytest.raises(BadInput, match="'letters' already"):
        digits.rename("letters")
    assert [one.name for one in store.registered()] == ["letters", "numerals"]


def test_a_store_that_is_not_there_has_no_registry(store):
    with pytest.raises(NotFound, match="no store"):
        store.registered()
    with pytest.raises(NotFound, match="no store"):
        store.register("digits", artifact="s3://b/x")
    assert not store.path.exists()


def test_the_command_shows_models_and_moves_aliases(store, run, run_whence, tmp_path):
    store.register("digits", run=run, description="the first\nof many")
    store.register("digits", artifact="s3://models/two")

    def models(*arguments, status=0):
        done = run_whence("models", *arguments, "--store", store.path, cwd=tmp_path, status=status)
        return done.stdout if status == 0 else done.stderr

    assert "s3://models/two" in models("digits", "--alias", "production=2", "--alias", "old=1")
    (row,) = [line for line in models().splitlines() if "digits" in line]
    assert "old=1, production=2" in row
    shown = [line.split() for line in models("digits").splitlines()]
    assert [line[0] for line in shown if line and line[0].isdigit()] == ["2", "1"]
    assert ["1", "old"] in [line[:2] for line in shown]
    found = json.loads(models("digits", "--json"))
    assert [one["aliases"] for one in found["versions"]] == [["production"], ["old"]]
    assert json.loads(models("--json"))[0]["latest"] == 2
    assert "no version 9" in models("digits", "--alias", "production=9", status=2)
    assert "names no version" in models("digits", "--alias", "production", status=2)
    assert "no registered model 'letters'" in models("letters", status=2)
    assert "needs the model" in models("--alias", "production=1", status=2)
