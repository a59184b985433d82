"""Tokens: made once, kept as digests, revoked; from Python and on the command line."""

import sqlite3
import threading

import pytest

from whence.errors import BadInput, NotFound
from whence.store.tokens import SCOPES, Tokens


@pytest.fixture
def tokens(tmp_path):
    return Tokens(tmp_path / "store")


def test_a_token_has_its_scope_and_is_not_kept(tokens, tmp_path):
    made = {scope: tokens.create(scope, f"for {scope}") for scope in SCOPES}
    assert {scope: tokens.scope_of(token) for scope, token in made.items()} == {
        scope: scope for scope in SCOPES
    }
    content = b"".join(path.read_bytes() for path in (tmp_path / "store").iterdir())
    for token in made.values():
        assert token.split("_", 2)[2].encode() not in content
        assert len(token.split("_", 2)[2]) == 43  # 256 bits in base 64


def test_two_tokens_are_never_the_same(tokens):
    assert len({tokens.create("read", "a") for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda _: "",
        lambda token: token[:-1],
        lambda token: f"{token}\n",
        lambda token: f"{token}é",
        lambda token: f"whence_00000000_{token[16:]}",
    ],
)
def test_what_was_not_made_opens_nothing(tokens, change):
    assert tokens.scope_of(change(tokens.create("admin", "a"))) is None


def test_the_secret_of_one_does_not_fit_the_id_of_another(tokens):
    one, other = tokens.create("admin", "one"), tokens.create("read", "other")
    assert tokens.scope_of(one[:16] + other[16:]) is None


def test_without_tokens_none_is_needed_and_revoked_ones_count(tokens):
    assert not tokens.any()
    token = tokens.create("read", "a")
    tokens.revoke("a")
    assert tokens.any()
    assert tokens.scope_of(token) is None


def test_revoking_by_name_needs_one_of_that_name(tokens):
    tokens.create("read", "ci")
    tokens.create("write", "ci")
    first = tokens.all()[0]
    with pytest.raises(BadInput, match=f"2 tokens have the name 'ci'.*{first.id}"):
        tokens.revoke("ci")
    assert tokens.revoke(first.id).revoked is not None
    assert tokens.revoke("ci").scope != first.scope
    with pytest.raises(NotFound, match="no token in use has the id or name 'ci'"):
        tokens.revoke("ci")


@pytest.mark.parametrize(("scope", "name"), [("root", "a"), ("read", ""), ("read", "x" * 201)])
def test_a_token_needs_a_scope_and_a_name(tokens, scope, name):
    with pytest.raises(BadInput):
        tokens.create(scope, name)
    assert tokens.all() == []


def test_a_scope_that_somebody_wrote_into_the_database_is_not_made_up(tokens, tmp_path):
    token = tokens.create("read", "a")
    with sqlite3.connect(tmp_path / "store/whence.db") as database:
        database.execute("UPDATE tokens SET digest = x'00'")
    database.close()
    assert tokens.scope_of(token) is None


def test_any_thread_may_ask(tokens):
    token = tokens.create("write", "a")
    heard = []
    running = [
        threading.Thread(target=lambda: heard.append(tokens.scope_of(token))) for _ in range(4)
    ]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert heard == ["write"] * 4


def test_the_command_shows_a_token_once_and_ends_it(whence, tmp_path):
    made = whence("token", "create", "--scope", "write", "--name", "ci").stdout.strip()
    tokens = Tokens(tmp_path / ".whence")
    assert tokens.scope_of(made) == "write"
    listed = whence("token", "list").stdout
    assert made not in listed
    for shown in ("write", "in use", "ci", made.split("_")[1]):
        assert shown in listed
    assert "revoked" in whence("token", "revoke", "ci").stdout
    assert tokens.scope_of(made) is None
    assert "revoked" in whence("token", "list", "--store", ".whence").stdout
    assert "no token in use" in whence("token", "revoke", "ci", status=2).stderr


def test_the_command_needs_the_stores_own_machine(whence):
    for store, said in (("http://box:1", "run this on the server's machine"), ("x", "no store at")):
        assert said in whence("token", "list", "--store", store, status=2).stderr
