"""What the pages are given, held against the rows that were logged."""

import datetime as dt
import json
import threading
from urllib.parse import quote

import numpy as np
import pytest

import whence

MODEL = "team/fraud"
START = dt.datetime(2023, 9, 1, tzinfo=dt.UTC)
HEALTHY, BAD, DAYS, A_DAY = 20, 30, 40, 120
"""As conftest makes it."""

HERE = f"/models/{quote(MODEL, safe='')}"


def day_of(row):
    return (row["ts"] - START).days


def accuracy(rows):
    return float(np.mean([row["pred"] == row["y"] for row in rows])) if rows else None


def since(day):
    return (START + dt.timedelta(days=day)).isoformat().replace("+00:00", "Z")


def test_the_failing_model_says_so_in_words(get):
    (row,) = get("/models")
    assert row["name"] == MODEL
    assert row["state"] == "failing"
    assert "accuracy fell" in row["sentence"]
    assert row["rows"] == A_DAY
    assert row["labelled"] == 1.0
    assert row["incident"]["incident"]["ended"] is None


def test_the_models_page_names_columns_and_events(get):
    page = get(HERE)
    assert set(page["columns"]) == {"x", "shop"}
    assert [one["name"] for one in page["events"]] == ["new till in shop c"]
    assert page["reference"]["start"] == since(0)


def test_the_series_is_the_accuracy_of_each_day(get, logged):
    _, rows = logged
    found = get(f"{HERE}/series")
    days = [[row for row in rows if day_of(row) == day] for day in range(DAYS)]
    assert found["value"] == pytest.approx([accuracy(day) for day in days])
    assert found["rows"] == [len(day) for day in days]
    assert found["start"][0] == START.timestamp() * 1000
    low, value, high = (np.array(found[name]) for name in ("low", "value", "high"))
    assert ((low < value) & (value < high)).all()
    judged = slice(HEALTHY, None)
    assert found["normal_low"][:HEALTHY] == [None] * HEALTHY
    assert all(low < high for low, high in zip(
        found["normal_low"][judged], found["normal_high"][judged], strict=True))  # fmt: skip
    assert max(found["evidence"][HEALTHY : BAD - 1]) < 1 <= max(found["evidence"][BAD:])


def test_a_series_of_one_slice_is_of_its_rows_alone(get, logged):
    _, rows = logged
    found = get(f"{HERE}/series", where=json.dumps({"shop": "c"}), start=since(BAD))
    expected = [
        accuracy([row for row in rows if day_of(row) == day and row["shop"] == "c"])
        for day in range(BAD, DAYS)
    ]
    assert found["value"] == pytest.approx(expected)


def test_slices_by_a_column_put_the_costliest_first(get, logged):
    _, rows = logged
    table = get(f"{HERE}/slices", column="shop", start=since(BAD))
    assert table["levels"][0]["label"] == "c"
    for level in table["levels"]:
        of_shop = [row for row in rows if row["shop"] == level["where"]["shop"]]
        before = accuracy([row for row in of_shop if day_of(row) < HEALTHY])
        after = accuracy([row for row in of_shop if day_of(row) >= BAD])
        assert level["before"] == pytest.approx(before)
        assert level["after"] == pytest.approx(after)
        assert level["points"] == pytest.approx((before - after) / 3)


def test_a_distribution_has_the_shares_of_all_rows(get, logged):
    _, rows = logged
    found = get(f"{HERE}/distribution", column="shop", start=since(BAD))
    assert {one["label"]: one["now"] for one in found["bins"]} == pytest.approx(
        dict.fromkeys("abc", 1 / 3)
    )
    numbers = get(f"{HERE}/distribution", column="x", start=since(BAD))
    assert sum(one["now"] for one in numbers["bins"]) == pytest.approx(1)
    assert sum(one["before"] for one in numbers["bins"]) == pytest.approx(1)
    assert numbers["rows"] == len([row for row in rows if day_of(row) >= BAD])


def test_the_map_has_a_cell_for_every_column_and_window(get):
    found = get(f"{HERE}/drift")
    assert {one["name"] for one in found["columns"]} == {"x", "shop"}
    for one in found["columns"]:
        assert len(one["distance"]) == len(found["start"]) == DAYS - HEALTHY
        assert max(one["distance"]) < 0.5


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("wrong", [None, 1, 0])
def test_rows_of_a_slice_are_found_and_paged(get, logged, wrong, outside):
    _, rows = logged
    expected = [
        row["id"]
        for row in rows
        if day_of(row) >= BAD
        and (row["shop"] == "c" and row["x"] >= 0) != outside
        and (wrong is None or (row["pred"] != row["y"]) == bool(wrong))
    ]
    asked = {"where": json.dumps({"shop": "c", "x": [0, None]}), "start": since(BAD),
             "outside": str(outside).lower(), "limit": 50}  # fmt: skip
    if wrong is not None:
        asked["wrong"] = wrong
    found = []
    for offset in range(0, len(expected) + 50, 50):
        page = get(f"{HERE}/rows", offset=offset, **asked)
        assert page["total"] == len(expected)
        found += [row[page["columns"].index("_id")] for row in page["rows"]]
    assert sorted(found) == sorted(expected)


def test_a_verdict_is_made_when_asked_for_and_told(client, get):
    (head,) = get(HERE)["incidents"]
    path = f"{HERE}/incidents/{head['incident']['id']}"
    assert get(path)["report"] is None
    told = threading.Event()

    def listen():
        with client.stream("GET", "/api/v1/live") as events:
            listening.set()
            for line in events.iter_lines():
                if line.startswith("data:") and json.loads(line[5:])["what"] == "why":
                    told.set()
                    return

    listening = threading.Event()
    thread = threading.Thread(target=listen)
    thread.start()
    assert listening.wait(30)
    assert client.post(f"/api/v1{path}/why").status_code == 202
    assert told.wait(120)
    thread.join()
    page = get(path)
    assert page["pending"] is False
    assert page["report"]["verdict"]["where"] == {"shop": "c"}
    assert page["column"] == "shop"
    findings = sum(one["points"] for one in page["report"]["findings"])
    whole = findings + page["report"]["unexplained"] + page["report"]["closure"]
    assert page["drop"] == pytest.approx(whole)
    assert "shop = 'c'" in get("/models")[0]["sentence"]
    exported = client.get(f"/api/v1{path}/export.md")
    assert "attachment" in exported.headers["content-disposition"]
    assert "What would fix it" in exported.text
    assert client.get(f"/api/v1{path}/export.json").json()["report"] == page["report"]


def test_what_people_say_is_kept_and_counts(client, get):
    (head,) = get(HERE)["incidents"]
    path = f"{HERE}/incidents/{head['incident']['id']}"

    def say(status=200, **said):
        answer = client.post(f"/api/v1{path}/actions", json=said)
        assert answer.status_code == status, answer.text
        return answer.json()

    say(kind="acknowledged", by="Ada")
    assert get("/models")[0]["state"] == "failing"
    say(kind="comment", text="the till <b>rounds</b>", by="Ada")
    assert "without text" in say(400, kind="comment", text=" ")["error"]
    assert "expected" in say(400, kind="gone")["error"]
    say(kind="expected", by="Bo")
    row = get("/models")[0]
    assert row["state"] == "healthy"
    assert "Marked as expected by Bo." in row["sentence"]
    said = say(kind="reopened")["actions"]
    assert [one["kind"] for one in said] == ["acknowledged", "comment", "expected", "reopened"]
    assert get(path)["actions"] == said
    assert get("/models")[0]["state"] == "failing"
    exported = client.get(f"/api/v1{path}/export.md").text
    assert r"the till \<b\>rounds\</b\>" in exported


@pytest.mark.parametrize(
    ("path", "parameters", "status", "says"),
    [
        ("/models/nobody", {}, 404, "no predictions of model 'nobody'"),
        (f"{HERE}/slices", {}, 400, "column"),
        (f"{HERE}/slices", {"column": "colour"}, 404, "no counted column 'colour'; it has"),
        (f"{HERE}/slices", {"column": "x", "colour": "red"}, 400, "no parameter 'colour'"),
        (f"{HERE}/series", {"where": "{shop: c}"}, 400, "is not JSON"),
        (f"{HERE}/series", {"where": '{"shop": "z"}'}, 400, "no value that is counted apart"),
        (f"{HERE}/series", {"where": '{"shop": [1, 2, 3]}'}, 400, "is no condition"),
        (f"{HERE}/series", {"where": '{"shop": "c", "x": 1}'}, 400, "has 2 conditions"),
        (f"{HERE}/series", {"where": '{"x": "far"}'}, 400, "no range that is counted apart"),
        (f"{HERE}/drift", {"columns": -3}, 400, "-3 columns are no map"),
        ("/models/nobody", {"model": MODEL}, 404, "no predictions of model 'nobody'"),
        (f"{HERE}/series", {"start": "tomorrow"}, 400, "'tomorrow' is not a time"),
        (f"{HERE}/rows", {"limit": 5000}, 400, "limit from 1 to 500"),
        (f"{HERE}/rows", {"offset": -1}, 400, "offset -1"),
        (f"{HERE}/rows", {"where": '{"colour": "red"}'}, 404, "no counted column 'colour'"),
        (f"{HERE}/drift", {"start": since(9), "end": since(3)}, 400, "is empty; give start"),
        (f"{HERE}/incidents/none", {}, 404, "no incident 'none'; its incidents are"),
        ("/nothing", {}, 404, "there is no /api/v1/nothing"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_said_with_the_fix(get, path, parameters, status, says):
    assert says in get(path, status, **parameters)["error"]


def test_what_is_new_is_found_by_itself(tmp_path, asking):
    store = tmp_path / "store"
    with asking(store, "--every", "0.2") as client:
        assert client.get("/api/v1/models").json() == []
        model = whence.model("late", store=store)
        with client.stream("GET", "/api/v1/live") as events:
            lines = events.iter_lines()
            next(lines)
            model.log({"ts": START, "p": 1}, time="ts", prediction="p")
            data = next(line for line in lines if line.startswith("data:"))
        assert json.loads(data[5:]) == {"model": "late", "what": "watch"}
        (row,) = client.get("/api/v1/models").json()
        assert (row["name"], row["state"], row["rows"]) == ("late", "blind", 1)
        client.process.terminate()
        assert client.process.wait(timeout=60) == 0


def test_values_that_the_reference_has_not_seen_are_slices_of_their_own(tmp_path, asking):
    store = tmp_path / "store"
    model = whence.model("m", store=store)
    rows = [
        {"ts": START + dt.timedelta(days=day, minutes=i), "p": 1, "y": int(i % 10 > 0),
         "shop": "ab"[i % 2]}
        for day in range(12) for i in range(40)
    ]  # fmt: skip
    fresh = [
        {"ts": START + dt.timedelta(days=day, minutes=50 + i), "p": 1, "y": i % 2, "shop": name}
        for day in (10, 11) for name, n in (("new", 20), ("rare", 4)) for i in range(n)
    ]  # fmt: skip
    model.log(rows + fresh, time="ts", prediction="p", label="y")
    model.reference(START, START + dt.timedelta(days=10))
    model.watch()
    with asking(store, "--every", "0") as client:
        asked = {"column": "shop", "start": since(10)}
        levels = client.get("/api/v1/models/m/slices", params=asked).json()["levels"]
        cells = client.get("/api/v1/models/m/drift", params={"start": since(10)}).json()["columns"]
        asked = {"where": '{"shop": "new"}', "start": since(10)}
        series = client.get("/api/v1/models/m/series", params=asked).json()
    assert series["value"] == pytest.approx([0.5, 0.5])
    assert series["labelled"] == [20, 20]
    told = {one["label"]: one for one in levels}
    assert set(told) == {"a", "b", "new", "rare"}
    new = told["new"]
    assert (new["before"], new["share_before"], new["labelled"]) == (None, 0.0, 40)
    assert new["after"] == pytest.approx(0.5)
    assert new["share"] == pytest.approx(40 / 128)
    assert new["points"] == pytest.approx(40 / 128 * (0.9 - 0.5))
    assert new["recent"] == pytest.approx([0.5, 0.5])
    assert levels[0]["label"] == "new"
    assert min(cells[0]["distance"]) > 0.5


def test_a_model_without_labels_stays_readable_while_it_is_looked_at(tmp_path, asking):
    store = tmp_path / "store"
    model = whence.model("m", store=store)
    rows = [{"ts": START + dt.timedelta(hours=i), "x": i % 9, "p": 1} for i in range(24 * 30)]
    model.log(rows, time="ts", prediction="p")
    model.reference(START, START + dt.timedelta(days=20))
    before = model.watch()
    with asking(store, "--every", "0.05") as client:
        for _ in range(60):
            page = client.get("/api/v1/models/m")
            assert page.status_code == 200
            assert page.json()["row"]["state"] == "blind"
        wrong = client.get("/api/v1/models/m/rows", params={"wrong": 1}).json()
        assert wrong["total"] == 0
    assert model.watch().windows == before.windows


def test_a_server_with_a_page_open_ends_at_once_when_told(tmp_path, asking):
    with (
        asking(tmp_path / "store", "--every", "0") as client,
        client.stream("GET", "/api/v1/live") as events,
    ):
        lines = events.iter_lines()
        assert next(lines) == ": open"
        client.process.terminate()
        # The stream is ended in good order: one that has to be cut off when the time to finish
        # is over raises here.
        assert list(lines) == [""]
        assert client.process.wait(timeout=60) == 0


@pytest.mark.parametrize("every", ["nan", "inf", "-5", "1e11", "often"])
def test_an_interval_that_is_none_is_refused(run_whence, tmp_path, every):
    done = run_whence("serve", f"--every={every}", cwd=tmp_path, status=2)
    assert "--every" in done.stderr


def test_a_name_for_others_needs_a_token(run_whence, tmp_path):
    done = run_whence("serve", "--port=0", "--name=whence.example", cwd=tmp_path, status=2)
    assert "whence.example can be reached from other machines" in done.stderr
    assert "whence token create" in done.stderr


def test_the_map_shows_all_time_since_the_reference_however_many_windows(tmp_path, asking):
    store = tmp_path / "store"
    model = whence.model("m", store=store)
    times = [START + dt.timedelta(hours=hour) for hour in range(24 * 14)]
    rows = [{"ts": at, "p": 1, "x": at.hour % 5} for at in times]
    model.log(rows, time="ts", prediction="p")
    model.reference(START, START + dt.timedelta(days=4))
    model.watch(by="hour")
    with asking(store, "--every", "0") as client:
        cells = client.get("/api/v1/models/m/drift").json()
    first, last = START + dt.timedelta(days=4), START + dt.timedelta(days=14)
    assert (cells["start"][0], cells["end"][-1]) == (
        first.timestamp() * 1000,
        last.timestamp() * 1000,
    )
    assert len(cells["start"]) == 120
