"""What the guard lets pass, over a real socket: hosts, pages, tokens, bodies, headers."""

import gzip
import hashlib
import http.client
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from whence.store.tokens import Tokens

SERVING = Path(__file__).parents[1] / "ship/serving.py"
MOST = 6 * 2**20
"""The longest body that `serving.py` lets pass."""


class Asked:
    """A running server, asked with exactly the headers of a test."""

    def __init__(self, store, *given):
        self.store = store
        self.process = subprocess.Popen(
            [sys.executable, SERVING, store, "0", *given], stdout=subprocess.PIPE
        )
        self.port = int(self.process.stdout.readline())

    def __call__(self, method, path, body=None, *, host=None, token=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for one in [host] if isinstance(host, str) else host or [f"127.0.0.1:{self.port}"]:
            connection.putheader("Host", one)
        if token is not None:
            connection.putheader("Authorization", f"Bearer {token}")
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        return answer, json.loads(said) if said.startswith(b"{") else said

    def status(self, *given, **headers):
        return self(*given, **headers)[0].status

    def peak(self):
        """Return the most memory the server has held, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (one for one in status.splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    def stop(self):
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    server = Asked(tmp_path_factory.mktemp("store"), "shop.example", "box.example:9000")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    """A server with tokens: a token of each scope, and one that was revoked."""
    store = tmp_path_factory.mktemp("locked")
    tokens = Tokens(store)
    server = Asked(store)
    server.tokens = {scope: tokens.create(scope, scope) for scope in ("read", "write", "admin")}
    server.tokens["revoked"] = tokens.create("admin", "revoked")
    tokens.revoke("revoked")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """A server that others reach, and that has no tokens."""
    server = Asked(tmp_path_factory.mktemp("public"), "--open")
    yield server
    server.stop()


GOOD = ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST.:{port}", "[::1]:{port}",
        "127.1.2.3:{port}", "shop.example", "shop.example:443", "Shop.Example:80",
        "box.example:9000"]  # fmt: skip
BAD = ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1", "localhost",
       "10.0.0.7:{port}", "0.0.0.0:{port}", "2130706433:{port}", "localhost.evil.example:{port}",
       "box.example", "box.example:{port}", "user@127.0.0.1:{port}", "127.0.0.1:{port}/x",
       "", "[::1",
       "shop.example.evil:80"]  # fmt: skip


@pytest.mark.parametrize("host", GOOD)
def test_a_host_that_is_this_servers_is_served(ask, host):
    assert ask.status("GET", "/api/v1/models", host=host.format(port=ask.port)) == 200


@pytest.mark.parametrize("path", ["/api/v1/models", "/", "/health"])
@pytest.mark.parametrize("host", BAD)
def test_any_other_host_is_refused_whatever_is_asked(ask, host, path):
    answer, said = ask("GET", path, host=host.format(port=ask.port))
    assert answer.status == 400
    # An empty one is refused by the web server itself.
    assert not isinstance(said, dict) or "is not this server's" in said["error"]


def test_two_hosts_are_refused(ask):
    mine = f"127.0.0.1:{ask.port}"
    assert ask.status("GET", "/", host=[mine, mine]) == 400


def test_an_address_cannot_be_rebound_so_an_open_bind_answers_for_all_of_them(public):
    for host, status in (("10.0.0.7", 200), ("[fe80::1]", 200), ("evil.example", 400)):
        assert public.status("GET", "/", host=f"{host}:{public.port}") == status


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "https://shop.example.evil"},
    {"Origin": "file://"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "cross-site", "Origin": "http://127.0.0.1:{port}"},
]
OWN = [
    {},
    {"Origin": "http://127.0.0.1:{port}", "Sec_Fetch_Site": "same-origin"},
    {"Origin": "http://127.0.0.1:{port}"},
    {"Origin": "https://shop.example"},
    {"Sec_Fetch_Site": "none"},
]


def filled(headers, ask):
    return {name: value.format(port=ask.port) for name, value in headers.items()}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_site_changes_nothing(ask, method, headers):
    answer, said = ask(method, "/api/v1/sql", b"{}", **filled(headers, ask))
    assert answer.status == 403
    assert "may not change anything" in said["error"]


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_the_own_page_and_programs_may(ask, headers):
    assert ask.status("POST", "/api/v1/sql", b"{}", **filled(headers, ask)) == 200


def test_reading_across_sites_is_kept_from_the_other_page_by_the_browser(ask):
    answer, _ = ask("GET", "/api/v1/photo", Origin="http://evil.example")
    assert answer.getheader("Cross-Origin-Resource-Policy") == "same-origin"
    assert answer.getheader("Access-Control-Allow-Origin") is None


NEEDS = {
    ("GET", "/api/v1/models"): "read",
    ("HEAD", "/api/v1/models"): "read",
    ("GET", "/metrics"): "read",
    ("GET", "/api/v1/openapi.json"): "read",
    ("GET", "/api/v1/healthy"): "read",
    ("POST", "/api/v1/sql"): "read",
    ("PUT", "/api/v1/journals/x"): "write",
    ("POST", "/api/v1/models/m/incidents/i/why"): "write",
    ("POST", "/api/v1/sql/x"): "write",
    ("POST", "/"): "write",
    ("DELETE", "/api/v1/silences/1"): "write",
    ("GET", "/api/v1/tokens"): "admin",
    ("DELETE", "/api/v1/tokens/abc"): "admin",
    ("GET", "/get-artifact?run_id=x&path=y"): "read",
    ("GET", "/model-versions/get-artifact"): "read",
    ("GET", "/ajax-api/2.0/mlflow/runs/get"): "read",
    ("POST", "/api/2.0/mlflow/runs/search"): "read",
    ("POST", "/ajax-api/2.0/mlflow/experiments/search"): "read",
    ("POST", "/api/2.0/mlflow/logged-models/search"): "read",
    ("POST", "/api/2.0/mlflow/registered-models/get-latest-versions"): "read",
    ("POST", "/ajax-api/3.0/mlflow/traces/search"): "read",
    ("POST", "/api/3.0/mlflow/datasets/search"): "read",
    ("POST", "/api/2.0/mlflow/experiments/search-datasets"): "read",
    ("DELETE", "/api/2.0/mlflow/runs/search"): "write",
    ("POST", "/api/2.0/mlflow/runs/search/x"): "write",
    ("POST", "/api/2.0/mlflow/runs/create"): "write",
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/x"): "write",
    ("PUT", "/api/v1/artifacts/x"): "write",
    ("POST", "/v1/traces"): "write",
    ("POST", "/graphql"): "write",
    ("GET", "/graphql"): "read",
}
RANK = ["read", "write", "admin"]


@pytest.mark.parametrize(("request_line", "needed"), NEEDS.items(), ids=str)
def test_each_route_needs_its_scope_and_a_larger_one_will_do(locked, request_line, needed):
    for scope, token in locked.tokens.items():
        status = locked.status(*request_line, token=token)
        if scope == "revoked":
            assert status == 401
        elif RANK.index(scope) < RANK.index(needed):
            assert status == 403
        else:
            assert status not in {401, 403}
    assert locked.status(*request_line) == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer whence_00000000_" + "A" * 43},
        {"Authorization": "Basic {token}"},
        {"Authorization": "{token}"},
        {"Authorization": "Bearer {token}x"},
        {"Authorization": "Bearer {other}"},
        {"X_Token": "{token}"},
        {"Cookie": "token={token}"},
    ],
    ids=str,
)
def test_what_is_no_token_in_use_opens_nothing(locked, headers):
    token = locked.tokens["admin"]
    turned = token[:-1] + ("A" if token[-1] != "A" else "B")
    given = {name: value.format(token=token, other=turned) for name, value in headers.items()}
    answer, said = locked("GET", "/api/v1/models", **given)
    assert answer.status == 401
    assert answer.getheader("WWW-Authenticate") == "Bearer"
    assert "whence token create --scope read" in said["error"]
    assert locked.status("GET", f"/api/v1/models?token={token}") == 401


def test_a_token_is_known_in_any_case_of_the_word_bearer(locked):
    given = f"bearer  {locked.tokens['read']} "
    assert locked.status("GET", "/api/v1/models", Authorization=given) == 200


def test_the_page_itself_and_health_need_none(locked):
    for path in ("/", "/assets/index.js", "/models/m", "/health", "/api/v1/health"):
        assert locked.status("GET", path) == 200
    for path in ("/api/v1/health/x", "/api/", "/%61pi/v1/models", "/metrics?x=1"):
        assert locked.status("GET", path) == 401


def test_a_revoked_token_ends_at_once_and_the_last_one_does_not_open_the_door(tmp_path):
    server = Asked(tmp_path)
    try:
        assert server.status("GET", "/api/v1/models") == 200
        tokens = Tokens(tmp_path)
        token = tokens.create("read", "only")
        assert server.status("GET", "/api/v1/models") == 401
        assert server.status("GET", "/api/v1/models", token=token) == 200
        tokens.revoke("only")
        assert server.status("GET", "/api/v1/models", token=token) == 401
        assert server.status("GET", "/api/v1/models") == 401
    finally:
        server.stop()


def test_an_open_bind_without_tokens_lets_nobody_in(public):
    assert public.status("GET", "/api/v1/models") == 401
    assert public.status("GET", "/health") == 200


def test_a_body_that_is_refused_is_not_waited_for(locked):
    # 1 GB is announced, and none of it sent: the answer comes all the same.
    connection = http.client.HTTPConnection("127.0.0.1", locked.port, timeout=30)
    connection.putrequest("PUT", "/api/v1/journals/x")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders()
    assert connection.getresponse().status == 401
    connection.close()


PLAIN = b"the same again, " * 60_000


def bare(content):
    """Return deflate without zlib's frame, as some clients send it."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", bare),
        ("identity", bytes),
        ("GZIP", gzip.compress),
    ],
)
def test_a_compressed_body_arrives_as_it_was(ask, encoding, pack):
    answer, said = ask("POST", "/api/v1/sql", pack(PLAIN), Content_Encoding=encoding)
    assert answer.status == 200
    assert (said["bytes"], said["sha"]) == (len(PLAIN), hashlib.sha256(PLAIN).hexdigest())


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(PLAIN)[:-9]),
        ("gzip", gzip.compress(PLAIN) + b"more"),
        ("gzip", b""),
        ("gzip", PLAIN),
        ("deflate", gzip.compress(PLAIN)),
        ("deflate", b"x"),
        ("deflate", bare(PLAIN)[:-1]),
        ("br", PLAIN),
        ("gzip, gzip", gzip.compress(gzip.compress(PLAIN))),
    ],
    ids=["cut", "longer", "empty", "plain", "other", "short", "bare", "unknown", "twice"],
)
def test_a_body_that_is_not_what_it_says_is_refused(ask, encoding, body):
    answer, said = ask("POST", "/api/v1/sql", body, Content_Encoding=encoding)
    assert answer.status == 400
    assert said["error"]


def test_the_longest_body_passes_and_one_byte_more_does_not(ask):
    assert ask("POST", "/api/v1/sql", bytes(MOST))[1]["bytes"] == MOST
    assert ask.status("POST", "/api/v1/sql", bytes(MOST + 1)) == 413
    packed = gzip.compress(bytes(MOST)), gzip.compress(bytes(MOST + 1))
    assert ask("POST", "/api/v1/sql", packed[0], Content_Encoding="gzip")[1]["bytes"] == MOST
    assert ask.status("POST", "/api/v1/sql", packed[1], Content_Encoding="gzip") == 413


FILES = ["/api/2.0/mlflow-artifacts/artifacts/1/a/b", "/ajax-api/2.0/mlflow-artifacts/artifacts/x",
         "/api/v1/artifacts/ab"]  # fmt: skip


@pytest.mark.parametrize("path", FILES)
def test_a_file_passes_as_it_comes_whatever_its_length(ask, locked, path):
    content = bytes(range(256)) * (MOST // 128)
    answer, said = ask("PUT", path, content)
    assert (answer.status, said["bytes"]) == (200, 2 * MOST)
    assert said["sha"] == hashlib.sha256(content).hexdigest()
    assert ask.status("POST", path, bytes(MOST + 1)) == 413
    assert ask.status("PUT", path, gzip.compress(b"x"), Content_Encoding="gzip") == 400
    # Behind the same checks as all else.
    assert ask.status("PUT", path, b"x", host="evil.example") == 400
    assert ask.status("PUT", path, b"x", Origin="http://evil.example") == 403
    assert locked.status("PUT", path, b"x", token=locked.tokens["read"]) == 403
    assert locked.status("PUT", path, b"x", token=locked.tokens["write"]) == 200


@pytest.mark.parametrize("path", ["/api/2.0/mlflow/runs/create", "/graphql", "/v1/traces"])
def test_mlflows_clients_are_told_under_the_names_they_read(ask, locked, path):
    for asked, headers, status, code in (
        (locked, {}, 401, "UNAUTHENTICATED"),
        (locked, {"token": locked.tokens["read"]}, 403, "PERMISSION_DENIED"),
        (ask, {"Origin": "http://evil.example"}, 403, "PERMISSION_DENIED"),
        (ask, {"host": "evil.example"}, 400, "BAD_REQUEST"),
    ):
        answer, said = asked("POST", path, b"{}", **headers)
        assert (answer.status, said["error_code"]) == (status, code)
        assert said["message"] == said["error"]
    assert "error_code" not in locked("GET", "/api/v1/models")[1]


def test_a_body_of_unknown_length_is_cut_off(ask):
    connection = http.client.HTTPConnection("127.0.0.1", ask.port, timeout=30)
    pieces = (bytes(2**20) for _ in range(MOST // 2**20 + 1))
    try:
        connection.request("POST", "/api/v1/sql", pieces, encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"})  # fmt: skip
        assert connection.getresponse().status == 413
    finally:
        connection.close()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize(("encoding", "window"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_a_bomb_is_cut_off_in_bounded_memory(ask, encoding, window):
    packer = zlib.compressobj(1, wbits=window)
    zeros = bytes(2**20)
    bomb = b"".join(packer.compress(zeros) for _ in range(512)) + packer.flush()
    assert len(bomb) < MOST  # 512 MiB of zeros in 2.4 MB
    before = ask.peak()
    assert ask.status("POST", "/api/v1/sql", bomb, Content_Encoding=encoding) == 413
    assert ask.peak() - before < 4 * MOST
    assert ask.status("GET", "/api/v1/models") == 200


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/", None, 200),
        ("/api/v1/models", None, 200),
        ("/api/v1/fail", None, 500),
        ("/", "evil.example", 400),
    ],
)
def test_every_answer_carries_the_headers(ask, path, host, status):
    answer, _ = ask("GET", path, host=host)
    assert answer.status == status
    said = answer.getheader("Content-Security-Policy").split("; ")
    policy = dict(one.split(" ", 1) for one in said)
    assert policy["default-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "script-src" not in policy  # default-src: none inline, none from elsewhere
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Referrer-Policy") == "same-origin"
    assert answer.getheader("Cross-Origin-Opener-Policy") == "same-origin"
    assert (answer.getheader("Cache-Control") == "no-store") is path.startswith("/api/")
