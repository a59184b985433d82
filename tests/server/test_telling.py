"""People are told once, by a message whose first line is the verdict; silences hold."""

import datetime as dt
import json
import queue
import shutil
import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import whence

A_WHILE = 60


class Desk(ThreadingHTTPServer):
    """Takes messages, or refuses them while it is `busy`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Take)
        self.got = queue.Queue()
        self.busy = False

    @property
    def url(self):
        return f"json://127.0.0.1:{self.server_port}/desk"


class Take(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.server.busy:
            self.server.got.put(body)
        self.send_response(503 if self.server.busy else 200)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def desk():
    with Desk() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def store(logged, tmp_path):
    """Return a store of its own whose model has an open incident, without a verdict."""
    return shutil.copytree(logged[0], tmp_path / "store")


@pytest.fixture
def notify(run_whence, store, tmp_path):
    """Run `whence notify`."""

    def run(*words, status=0, env=None):
        env = {"WHENCE_STORE": str(store), "NO_PROXY": "127.0.0.1", **(env or {})}
        done = run_whence("notify", *words, cwd=tmp_path, status=status, env=env)
        return done.stdout + done.stderr

    return run


def test_a_server_tells_the_verdict_once(store, asking, notify, desk):
    notify("add", "--name", "team", desk.url)
    with asking(store, "--every", "1", "--link", "http://whence.example") as client:
        message = desk.got.get(timeout=A_WHILE)
        assert message["title"].startswith("team/fraud: accuracy fell ")
        assert "shop" in message["title"]
        assert "What would fix it: " in message["message"]
        incident = client.get("/api/v1/models").json()[0]["incident"]["incident"]["id"]
        link = f"http://whence.example/models/team%2Ffraud/incidents/{incident}"
        assert link in message["message"].splitlines()
        page = client.get(f"/api/v1/models/team%2Ffraud/incidents/{incident}").json()
        assert [one["channel"] for one in page["told"]] == ["team"]
    # Another process finds nothing left to tell.
    assert notify("send").startswith("0 new, 0 sent")
    assert desk.got.empty()


def test_a_failed_message_is_kept_and_tried_again_later(notify, desk):
    desk.busy = True
    notify("add", "--name", "team", desk.url)
    assert "1 new, 0 sent, 1 could not be sent; the next try at" in notify("send", status=1)
    # Not before its time, and no second message meanwhile.
    assert notify("send").startswith("0 new, 0 sent, 0 could not")
    assert "waiting (" in notify("log")


def test_nothing_is_told_of_a_silenced_model(store, notify, asking, desk):
    notify("add", "--name", "team", desk.url)
    notify("silence", "team/*", "--for", "4h", "--reason", "new till", "--by", "ana")
    assert notify("send").startswith("0 new, 0 sent")
    with asking(store, "--every", "0") as client:
        (kept,) = client.get("/api/v1/silences").json()
        assert (kept["model"], kept["reason"], kept["by"]) == ("team/*", "new till", "ana")
        (over,) = client.post(f"/api/v1/silences/{kept['id']}/end").json()
        assert over["ended"] is not None
        # What is still so when the silence is over is told.
        assert desk.got.get(timeout=A_WHILE)["title"].startswith("team/fraud: ")


def test_rules_hold_messages_back(notify, desk):
    notify("add", "--name", "others", "--model", "spam-*", desk.url)
    notify("add", "--name", "all", desk.url)
    assert notify("send").startswith("1 new, 1 sent")
    assert desk.got.get(timeout=A_WHILE)["title"].startswith("team/fraud: ")
    assert notify("remove", "others") == "removed others\n"
    assert "all  json://...  every model" in notify("list")
    assert "127.0.0.1" not in notify("list")


def test_what_comes_up_within_the_cooldown_is_one_message_after_it(store, logged, notify, desk):
    notify("add", "--name", "team", "--cooldown", "1d", desk.url)
    assert notify("send").startswith("1 new, 1 sent")
    later = dt.timedelta(days=40)
    model = whence.model("team/fraud", store=store)
    healthy = [
        {**one, "id": "later-" + one["id"], "ts": one["ts"] + later}
        for one in logged[1]
        if int(one["id"].partition("-")[0]) < 20
    ]
    model.log(healthy, id="id", time="ts", prediction="pred", label="y")
    (incident,) = model.watch().incidents
    assert incident.ended is not None
    assert notify("send").startswith("0 new")
    assert desk.got.get(timeout=A_WHILE)["title"].startswith("team/fraud: accuracy fell ")
    with closing(sqlite3.connect(store / "whence.db")) as database, database:
        yesterday = 25 * 3600 * 1_000_000
        database.execute("UPDATE channels SET created = created - ?", (yesterday,))
        database.execute("UPDATE messages SET made = made - ?", (yesterday,))
    assert notify("send").startswith("1 new, 1 sent")
    title = desk.got.get(timeout=A_WHILE)["title"]
    assert title == f"team/fraud: back to normal since {incident.ended:%Y-%m-%d}"
    assert notify("send").startswith("0 new")


def test_secrets_stay_in_the_environment(notify, desk, store, asking):
    missing = notify("add", "--name", "team", "env:DESK_URL", status=2)
    assert "the variable DESK_URL is not set" in missing
    notify("add", "--name", "team", "env:DESK_URL", env={"DESK_URL": desk.url})
    assert "env:DESK_URL" in notify("list")
    assert notify("send", env={"DESK_URL": desk.url}).startswith("1 new, 1 sent")
    address = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ml"
    notify("add", "--name", "chat", address)
    with asking(store, "--every", "0") as client:
        assert "TIiajkdnlazkcOXrIdevi7FQ" not in client.get("/api/v1/channels").text
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in notify("list")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "--name", "x", "nonsense://y"), "is none that can be sent to"),
        (("remove", "nobody"), "there is no channel 'nobody'"),
        (("end", "7"), "there is no silence 7"),
        (("silence", "m", "--until", "2020-01-01"), "give a time after now"),
        (("silence", "m", "--for", "100d"), "at most 90 days off"),
        (("silence", "m", "--for", "soon"), "write such as 30m, 4h"),
        (("silence", "m", "--for", "99999999999999w"), "is too long"),
        (("end", "99999999999999999999"), "there is no silence 99999999999999999999"),
        (("add", "--name", "a\nb", "json://localhost"), "the channel's name is 'a"),
    ],
)
def test_bad_input_is_named(notify, words, said):
    assert said in notify(*words, status=2)


def test_a_week_that_is_over_is_told_once_to_those_who_want_reviews(store, notify, desk):
    notify("add", "--name", "team", "--reviews", "--model", "team/*", "--alerts", "none", desk.url)
    notify("silence", "*", "--for", "1h")
    assert notify("send").startswith("0 new")  # the channel is younger than the week
    with closing(sqlite3.connect(store / "whence.db")) as database, database:
        database.execute("UPDATE channels SET created = 0")
    assert notify("send", "--link", "http://whence.example").startswith("1 new, 1 sent")
    message = desk.got.get(timeout=A_WHILE)
    # The incident of 2023 is open still, so it was in that week too.
    assert message["title"].endswith(": 1 of 1 models had an incident.")
    assert "http://whence.example/models/team%2Ffraud" in message["message"].splitlines()
    assert notify("send").startswith("0 new")


def test_a_silence_must_end(client):
    far = dt.datetime.now(dt.UTC) + dt.timedelta(days=400)
    for wanted, said in (
        ({"model": "m", "until": far.isoformat()}, "at most 90 days"),
        ({"model": " ", "until": far.isoformat()}, "needs a model"),
        ({"model": "m", "until": "2020-01-01T00:00:00Z"}, "after now"),
        ({"model": "m", "until": "9999-12-31T23:59:59-12:00"}, "no time in UTC"),
    ):
        answer = client.post("/api/v1/silences", json=wanted)
        assert answer.status_code == 400
        assert said in answer.json()["error"]
    assert client.post("/api/v1/silences/12345/end").status_code == 404


def test_whoever_was_told_without_a_verdict_gets_it_later(
    store, notify, desk, run_whence, tmp_path
):
    notify("add", "--name", "team", "--cooldown", "1d", desk.url)
    with closing(sqlite3.connect(store / "whence.db")) as database, database:
        database.execute("DELETE FROM verdicts")
    assert notify("send").startswith("1 new, 1 sent")
    first = desk.got.get(timeout=A_WHILE)
    (asking,) = (one for one in first["message"].splitlines() if "no verdict yet" in one)
    words = asking.partition(": whence ")[2].split()
    run_whence(*words, "--store", store, cwd=tmp_path)
    assert notify("send").startswith("1 new, 1 sent")
    second = desk.got.get(timeout=A_WHILE)
    assert "shop" in second["title"]
    assert "What would fix it: " in second["message"]
    assert notify("send").startswith("0 new")


def test_an_alert_does_not_hold_back_the_failure(store, notify, desk):
    """The message on an incident is due though one on an alert has just gone."""
    notify("add", "--name", "team", "--cooldown", "1d", desk.url)
    notify("send")
    desk.got.get(timeout=A_WHILE)
    with closing(sqlite3.connect(store / "whence.db")) as database, database:
        # As if only an alert had been told of.
        database.execute("DELETE FROM topics")
        database.execute("INSERT INTO topics VALUES (1, 'team/fraud', 'alert', 'x')")
    assert notify("send").startswith("1 new, 1 sent")


def test_a_message_waits_for_an_earlier_one_about_the_same_model(store, notify, desk):
    notify("add", "--name", "team", desk.url)
    desk.busy = True
    assert "1 could not be sent" in notify("send", status=1)
    with closing(sqlite3.connect(store / "whence.db")) as database, database:
        database.execute(
            "INSERT INTO messages (id, channel, title, body, state, made, tries, next)"
            " SELECT 7, channel, 'later', '', 'waiting', made, 0, made FROM messages"
        )
        database.execute("INSERT INTO topics VALUES (7, 'team/fraud', 'ended', 'x')")
    desk.busy = False
    assert notify("send").startswith("0 new, 0 sent")
    with closing(sqlite3.connect(store / "whence.db")) as database, database:
        database.execute("UPDATE messages SET next = 0")
    assert notify("send").startswith("0 new, 2 sent")
    assert desk.got.get(timeout=A_WHILE)["title"].startswith("team/fraud: accuracy fell ")
    assert desk.got.get(timeout=A_WHILE)["title"] == "later"


def test_a_silence_holds_back_what_waits(store, notify, desk):
    notify("add", "--name", "team", desk.url)
    desk.busy = True
    notify("send", status=1)
    desk.busy = False
    notify("silence", "team/fraud", "--for", "1h")
    with closing(sqlite3.connect(store / "whence.db")) as database, database:
        database.execute("UPDATE messages SET next = 0")
    assert notify("send").startswith("0 new, 0 sent")
    notify("end", "1")
    assert notify("send").startswith("1 new, 1 sent")
    assert desk.got.get(timeout=A_WHILE)["title"].startswith("team/fraud: ")


def test_one_broken_model_does_not_silence_the_others(store, notify, desk):
    notify("add", "--name", "team", desk.url)
    with closing(sqlite3.connect(store / "whence.db")) as database, database:
        database.execute("INSERT INTO models VALUES ('aaa', 'aaa')")
        database.execute("INSERT INTO watches VALUES ('aaa', x'00')")
    said = notify("send")
    assert said.startswith("1 new, 1 sent")
    assert "nothing can be told of model 'aaa'" in said


def test_a_forgotten_model_is_gone_from_what_was_told_and_the_week_is_not_told_again(
    store, notify, desk, run_whence, tmp_path
):
    whence.model("other", store=store).log({"id": "1", "p": 1}, id="id", prediction="p")
    whence.open(store).models()
    notify("add", "--name", "team", "--reviews", "--alerts", "none", desk.url)
    notify("silence", "*", "--for", "1h")
    with closing(sqlite3.connect(store / "whence.db")) as database, database:
        database.execute("UPDATE channels SET created = 0")
    assert notify("send").startswith("1 new, 1 sent")
    assert "other: " in desk.got.get(timeout=A_WHILE)["message"]
    run_whence("forget", "other", "--all", "--yes", "--store", store, cwd=tmp_path)
    with closing(sqlite3.connect(store / "whence.db")) as database:
        ((body,),) = database.execute("SELECT body FROM messages")
    assert "team/fraud: " in body
    assert "other: " not in body
    assert notify("send").startswith("0 new")


def test_a_pattern_that_fits_no_model_is_said(notify):
    said = notify("silence", "team/frued", "--for", "1h")
    assert "no model is called 'team/frued' now; there are: 'team/fraud'" in said


def test_what_would_call_people_or_move_a_terminal_is_made_harmless(store, notify, asking):
    with asking(store, "--every", "0") as client:
        far = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        wanted = {"model": "m", "until": far.isoformat(), "reason": "\x1b]0;pwn\x07 @everyone"}
        assert client.post("/api/v1/silences", json=wanted).status_code == 200
    said = notify("silences")
    assert "\x1b" not in said
    assert "@everyone" not in said
    assert "everyone" in said
