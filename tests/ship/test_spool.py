"""Where records wait for a server, and what an address of one is."""

import os
from argparse import ArgumentParser
from pathlib import Path

import pytest

import whence
from whence.api.location import locate
from whence.cli import ship as command
from whence.errors import BadInput, NewerStore, StoreError, Unwritable
from whence.ship.spool import Spool, address, at, spool_for


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("http://localhost:8787", "http://localhost:8787"),
        ("HTTP://LocalHost:8787/", "http://localhost:8787"),
        ("https://w.example.org/whence/", "https://w.example.org/whence"),
        ("http://[::1]:8787", "http://[::1]:8787"),
    ],
)
def test_an_address_has_one_form(given, means):
    assert address(given) == means


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ("http://", "is no address of a server; write http://host:port"),
        ("http://host:port", "is no address of a server"),
        ("http://host:99999", "is no address of a server"),
        ("http://host?x=1", "is no address of a server"),
        ("http://[::1", "is no address of a server"),
        (
            "https://user:secret@host",
            "'host' holds a user or password; give a token in WHENCE_TOKEN",
        ),
    ],
)
def test_what_is_none_is_refused_and_no_password_is_shown(given, match):
    with pytest.raises(BadInput, match=match) as caught:
        whence.model("m", store=given)
    assert "secret" not in str(caught.value)


def test_each_server_has_a_spool_of_its_own(spools):
    folders = {spool_for(f"http://{name}").folder for name in ("a:1", "a:2", "b:1", "A:1", "a:1/")}
    assert len(folders) == 3
    assert {folder.parent for folder in folders} == {spools}


def test_it_lies_in_the_users_state_where_nothing_else_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("WHENCE_SPOOL")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert spool_for("http://a").folder.is_relative_to(tmp_path / "state/whence/spool")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert spool_for("http://a").folder.is_relative_to(tmp_path / "home/.local/state")


def test_naming_a_server_makes_nothing(spools):
    whence.open("http://127.0.0.1:9")
    assert whence.model("m", store="http://127.0.0.1:9").name == "m"
    assert not spools.exists()


def test_it_is_this_users_alone_and_knows_its_server():
    spool = spool_for("http://a:1")
    spool.make()
    spool.make()
    assert os.name == "nt" or spool.folder.stat().st_mode & 0o077 == 0
    assert at(spool.folder) == spool


def test_a_store_is_no_spool_and_a_spool_no_store(tmp_path, not_started):
    whence.model("m", store=tmp_path / "s").log({"p": 1}, prediction="p")
    assert whence.open(tmp_path / "s").models() == ["m"]
    with pytest.raises(StoreError, match="is a store and no spool"):
        Spool(tmp_path / "s", "http://a").make()
    whence.model("m", store="http://a:1").log({"p": 1}, prediction="p")
    assert [spool.server for spool in not_started] == ["http://a:1"]
    folder = locate("http://a:1")
    for store in ("http://a:1", folder, str(folder)):
        with pytest.raises(BadInput, match="the store is the server http://a:1, and this needs"):
            whence.open(store).models()
    assert not (folder / "whence.db").exists()


@pytest.mark.parametrize("job", ["watch", "why", "forget"])
def test_what_reads_says_where_to_run_it(job):
    model = whence.model("m", store="http://box.example:8787")
    given = {"everything": True} if job == "forget" else {}
    with pytest.raises(
        BadInput, match=r"open http://box\.example:8787 in a browser, or run this on"
    ):
        getattr(model, job)(**given)


def test_a_spool_of_a_newer_whence_is_left_alone():
    spool = spool_for("http://a:1")
    spool.folder.mkdir(parents=True)
    (spool.folder / "whence.json").write_text('{"format": 2}')
    with pytest.raises(NewerStore):
        whence.model("m", store="http://a:1").log({"p": 1}, prediction="p")


def test_a_spool_that_cannot_be_made_says_which(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WHENCE_SPOOL", str(tmp_path / "file"))
    with pytest.raises(Unwritable, match="file"):
        whence.model("m", store="http://a:1").log({"p": 1}, prediction="p")


def run(*given):
    parser = ArgumentParser()
    parser.add_argument("--store")
    command.add(parser)
    command.run(parser.parse_args([*map(str, given), "--once"]))


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ([], "say which server: --to http://host:port"),
        (["--store", "folder"], "say which server"),
        (["--spool", "nowhere"], "nowhere is no spool: it names no server"),
        (["--to", "ftp://x"], "say which server"),
        (["--spool", "x", "--to", "ftp://x"], "'ftp://x' is no address"),
    ],
)
def test_the_command_needs_a_server(given, match):
    with pytest.raises(BadInput, match=match):
        run(*given)
    assert not Path("x").exists()


def test_the_command_says_what_it_did(server, spool, not_started, capsys):
    whence.model("m", store=server.url).log({"p": 1}, prediction="p")
    assert not_started == [spool]
    run("--spool", spool.folder)
    (path,) = spool.journals.iterdir()
    told = capsys.readouterr().out
    assert f"sent {path.stat().st_size:,} bytes to {server.url}; 0 journals" in told
    assert "1 of living processes go on" in told
    assert len(server.payloads()) == 2  # a shape and its row


def test_the_command_says_that_the_server_is_away(server, spool, not_started):
    whence.model("m", store=server.url).log({"p": 1}, prediction="p")
    assert not_started == [spool]
    server.kill()
    try:
        with pytest.raises(StoreError, match=r"does not answer: .*stays in"):
            run("--to", server.url)
    finally:
        server.start()
