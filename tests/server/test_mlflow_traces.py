"""Traces over MLflow's API: told, read, searched, assessed, measured and removed."""

import functools
import json
import math
import uuid

import numpy as np
import pytest

V2, V3 = "/api/2.0/mlflow/traces", "/api/3.0/mlflow/traces"


@pytest.fixture(scope="module")
def client(tmp_path_factory, asking):
    with asking(tmp_path_factory.mktemp("traces") / "store", "--every", "0") as found:
        yield found


@pytest.fixture
def experiment(client):
    return new_experiment(client)


def new_experiment(client):
    made = client.post("/api/2.0/mlflow/experiments/create", json={"name": uuid.uuid4().hex})
    return made.json()["experiment_id"]


@pytest.fixture
def start(client, experiment):
    """Tell a trace and return how it is read."""
    return functools.partial(tell, client, experiment)


def tell(client, experiment, status=200, **said):
    info = {"trace_id": f"tr-{uuid.uuid4().hex}", "trace_location": location(experiment)}
    answer = client.post(V3, json={"trace": {"trace_info": info | said}})
    assert answer.status_code == status, answer.text
    return answer.json()["trace"]["trace_info"] if status == 200 else answer.json()


@pytest.fixture
def send(client, experiment):
    """Send spans in OTLP's JSON; each is its trace, its id and whatever else it says."""
    return functools.partial(export, client, experiment)


def export(client, experiment, *spans):
    said = [
        {"traceId": trace, "spanId": f"{number:016x}", "name": "work",
         "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000",
         **more}
        for trace, number, more in spans
    ]  # fmt: skip
    body = {"resourceSpans": [{"scopeSpans": [{"spans": said}]}]}
    answer = client.post("/v1/traces", json=body, headers={"x-mlflow-experiment-id": experiment})
    assert answer.status_code == 200, answer.text


def location(experiment):
    return {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}


def attributes(**said):
    return {"attributes": [{"key": key.replace("__", "."), "value": any_value(value)}
                           for key, value in said.items()]}  # fmt: skip


def any_value(value):
    if isinstance(value, dict):
        pairs = [{"key": key, "value": any_value(one)} for key, one in value.items()]
        return {"kvlistValue": {"values": pairs}}
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return {kinds[type(value)]: str(value) if type(value) is int else value}


def error(answer, status, code):
    assert (answer.status_code, answer.json()["error_code"]) == (status, code), answer.text
    return answer.json()["message"]


def search(client, experiment, text="", status=200, **more):
    body = {"locations": [location(experiment)], "filter": text, **more}
    answer = client.post(f"{V3}/search", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def ids(found):
    return [one["trace_id"] for one in found.get("traces", [])]


def test_a_trace_reads_back_as_it_was_told(client, experiment, start):
    told = start(
        request_time="2025-01-01T00:00:01.5Z",
        execution_duration="1.25s",
        state="OK",
        request_preview="hi",
        client_request_id="c-1",
        tags={"mlflow.traceName": "answer", "team": "blue"},
        trace_metadata={
            "mlflow.trace.session": "s",
            "mlflow.trace.tokenUsage": '{"input_tokens":3}',
            "own": "1",
        },
    )

    read = client.get(f"{V3}/{told['trace_id']}").json()["trace"]["trace_info"]
    assert read == told
    assert read["request_time"] == "2025-01-01T00:00:01.500Z"
    assert read["execution_duration"] == "1.250s"
    assert read["trace_location"] == location(experiment)
    assert read["tags"] == {
        "mlflow.traceName": "answer",
        "team": "blue",
        "mlflow.artifactLocation": f"mlflow-artifacts:/{experiment}/traces/{told['trace_id']}"
        "/artifacts",
    }
    assert read["trace_metadata"] == {
        "own": "1",
        "mlflow.trace.session": "s",
        "mlflow.trace.tokenUsage": '{"input_tokens": 3}',
        "mlflow.trace.infoFinalized": "true",
    }


def test_what_is_told_again_is_added(start):
    first = start(tags={"a": "1"}, request_preview="in", trace_metadata={"m": "1"}, state="OK")
    again = start(
        trace_id=first["trace_id"], tags={"b": "2"}, response_preview="out", state="ERROR"
    )
    assert {key for key in again["tags"] if "." not in key} == {"a", "b"}
    assert (again["request_preview"], again["response_preview"]) == ("in", "out")
    assert (again["state"], again["trace_metadata"]["m"]) == ("ERROR", "1")


def test_what_cannot_be_told_is_refused(client, start):
    assert "'trace'" in error(client.post(V3, json={}), 400, "INVALID_PARAMETER_VALUE")
    assert start(404, trace_location=location("987654"))["message"] == (
        "No Experiment with id=987654 exists"
    )
    assert "soon" in start(400, request_time="soon")["message"]
    assert "Trace name" in start(400, tags={"mlflow.traceName": "n" * 4097})["message"]


def test_a_trace_that_is_not_there(client):
    assert error(client.get(f"{V3}/tr-no"), 404, "RESOURCE_DOES_NOT_EXIST") == (
        "Trace with ID 'tr-no' not found."
    )
    answer = client.get(f"{V3}/get", params={"trace_id": "tr-no"})
    assert "tr-no is not found" in error(answer, 404, "RESOURCE_DOES_NOT_EXIST")
    assert client.get(f"{V3}/batchGet", params={"trace_ids": ["tr-no"]}).json() == {}


def test_spans_that_a_client_keeps_elsewhere_are_not_here(client, start):
    told = start()
    answer = client.get(f"{V3}/get", params={"trace_id": told["trace_id"]})
    assert "not stored" in error(answer, 500, "INTERNAL_ERROR")


def test_reading_a_trace_waits_for_its_spans(client, start, send):
    trace = uuid.uuid4().hex
    sizes = {"mlflow.trace.sizeStats": json.dumps({"num_spans": 2})}
    start(trace_id=f"tr-{trace}", trace_metadata=sizes)
    send((trace, 1, {}))

    part = {"trace_id": f"tr-{trace}", "allow_partial": "true"}
    assert len(client.get(f"{V3}/get", params=part).json()["trace"]["spans"]) == 1
    assert client.get(f"{V3}/batchGet", params={"trace_ids": [f"tr-{trace}"]}).json() == {}
    late = client.get(f"{V3}/get", params={"trace_id": f"tr-{trace}"})
    assert "not fully exported" in error(late, 404, "RESOURCE_DOES_NOT_EXIST")

    send((trace, 2, {"parentSpanId": f"{1:016x}"}))
    whole = client.get(f"{V3}/get", params={"trace_id": f"tr-{trace}"}).json()["trace"]
    assert len(whole["spans"]) == 2


def test_infos_come_in_the_order_of_their_ids_and_of_their_experiments(client, start):
    first, second = start(), start()
    wanted = [second["trace_id"], "tr-no", first["trace_id"]]
    found = client.post(f"{V3}/batchGetInfos", json={"trace_ids": wanted}).json()["trace_infos"]
    assert [one["trace_id"] for one in found] == [second["trace_id"], first["trace_id"]]
    elsewhere = {"trace_ids": wanted, "experiment_ids": ["0"]}
    assert client.post(f"{V3}/batchGetInfos", json=elsewhere).json() == {}


@pytest.mark.parametrize("version", [V2, V3])
def test_tags_are_set_and_removed(client, start, version):
    trace = start(tags={"a": "1"})["trace_id"]
    path = f"{version}/{trace}/tags"
    assert client.patch(path, json={"key": "b", "value": "2"}).json() == {}
    assert client.patch(path, json={"key": "mlflow.traceName", "value": "new"}).json() == {}
    assert client.request("DELETE", path, json={"key": "a"}).json() == {}

    tags = client.get(f"{V3}/{trace}").json()["trace"]["trace_info"]["tags"]
    assert tags.items() >= {"b": "2", "mlflow.traceName": "new"}.items()
    assert "a" not in tags
    again = client.request("DELETE", path, json={"key": "a"})
    assert "No trace tag with key 'a'" in error(again, 404, "RESOURCE_DOES_NOT_EXIST")
    fixed = client.patch(path, json={"key": "mlflow.trace.spansLocation", "value": "x"})
    assert "immutable" in error(fixed, 400, "INVALID_PARAMETER_VALUE")


@pytest.fixture(scope="module")
def searched(client):
    """Return an experiment and its three traces: c is the oldest, and of spans alone."""
    experiment = new_experiment(client)
    start = functools.partial(tell, client, experiment)
    a = start(
        request_time="2025-01-01T00:00:01Z",
        execution_duration="2s",
        state="OK",
        client_request_id="c",
        tags={"mlflow.traceName": "alpha", "team": "blue"},
    )
    b = start(
        request_time="2025-01-01T00:00:02Z",
        state="ERROR",
        tags={"mlflow.traceName": "beta", "team": "red"},
        trace_metadata={"mlflow.sourceRun": "r1"},
    )
    c = uuid.uuid4().hex
    export(
        client,
        experiment,
        (c, 1, attributes(deep__key="a 'quoted' value", number="Infinity")),
        (c, 2, {"parentSpanId": f"{1:016x}", "name": "ask", "status": {"code": 2},
                **attributes(openinference__span__kind="LLM", session__id="s9")}),
    )  # fmt: skip
    return experiment, {"a": a["trace_id"], "b": b["trace_id"], "c": f"tr-{c}"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "abc"),
        ("status = 'OK'", "ac"),
        ("status IN ('ERROR')", "b"),
        ("name = 'alpha'", "a"),
        ("name RLIKE '^(al|be)'", "ab"),
        ("tags.team != 'red'", "a"),
        ("tags.team IS NULL", "c"),
        ("tags.team LIKE 'B%'", ""),
        ("tags.team ILIKE 'B%'", "a"),
        ("timestamp_ms > 1735689601000", "b"),
        ("timestamp_ms >= 1735689601000", "ab"),
        ("timestamp_ms = 1735689601000", "a"),
        ("timestamp_ms < 1735689601000.5", "ac"),
        ("execution_time_ms > 1000", "a"),
        ("end_time_ms <= 1735689602000", "bc"),
        ("client_request_id = 'c'", "a"),
        ("run_id = 'r1'", "b"),
        ("metadata.mlflow.sourceRun = 'r1'", "b"),
        ("metadata.`mlflow.trace.session` = 's9'", "c"),
        ("span.name = 'ask'", "c"),
        ("span.name = 'ask' AND span.status = 'ERROR' AND span.type = 'LLM'", "c"),
        ("span.name = 'work' AND span.status = 'ERROR'", ""),
        ("span.attributes.deep.key LIKE '%quoted%'", "c"),
        ("span.attributes.deep.key RLIKE 'q.oted'", "c"),
        ("span.attributes.other LIKE '%'", ""),
        ("trace.text LIKE '%quoted%'", "c"),
        ("span.content ILIKE '%QUOTED%'", "c"),
        ("span.content LIKE '%quoted%' AND span.status = 'ERROR'", ""),
    ],
)
def test_traces_are_found(client, searched, text, expected):
    experiment, traces = searched
    found = search(client, experiment, text)
    assert sorted(ids(found)) == sorted(traces[one] for one in expected)


def test_traces_come_in_an_order_and_by_pages(client, searched):
    experiment, traces = searched
    newest_first = [traces[one] for one in "bac"]
    first = search(client, experiment, max_results=2)
    assert ids(first) == newest_first[:2]
    rest = search(client, experiment, max_results=2, page_token=first["next_page_token"])
    assert ids(rest) == newest_first[2:]
    assert "next_page_token" not in rest
    assert ids(search(client, experiment, order_by=["name DESC"])) == newest_first
    by_team = search(client, experiment, order_by=["tags.team", "timestamp ASC"])
    assert ids(by_team) == [traces[one] for one in "abc"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"text": "foo.bar = 'x'"}, "Invalid entity type 'foo'"),
        ({"text": "foo = 'x'"}, "Invalid attribute key 'foo'"),
        ({"text": "span.foo = 'x'"}, "Invalid span attribute 'foo'"),
        ({"text": "span.attributes. = 'x'"}, "cannot be empty"),
        ({"text": "trace.text = 'x'"}, "comparator '='"),
        ({"text": "span.content = 'x'"}, "comparator '='"),
        ({"text": "prompt = 'p'"}, "Invalid prompts filter value 'p'"),
        ({"text": "prompt LIKE 'p/1'"}, "Invalid comparator 'LIKE' for prompts"),
        ({"text": "name RLIKE '('"}, "Invalid regular expression"),
        ({"text": "prompt RLIKE 'p'"}, "Invalid comparator 'RLIKE' for prompts"),
        ({"max_results": 0}, "must be a positive integer"),
        ({"max_results": 501}, "Invalid value 501"),
        ({"order_by": ["text"]}, "'text'"),
    ],
)
def test_what_cannot_be_sought_is_refused(client, experiment, start, asked, said):
    start(tags={"mlflow.traceName": "one"})
    assert said in search(client, experiment, status=400, **asked)["message"]


def test_runs_and_prompts_are_tied_to_traces(client, experiment, start):
    traces = [start()["trace_id"] for _ in range(3)]
    tie = {"trace_ids": traces[:2], "run_id": "r"}
    assert client.post(f"{V2}/link-to-run", json=tie).json() == {}
    assert sorted(ids(search(client, experiment, "run_id = 'r'"))) == sorted(traces[:2])
    many = {"trace_ids": ["t"] * 101, "run_id": "r"}
    answer = client.post(f"{V2}/link-to-run", json=many)
    assert "more than 100" in error(answer, 400, "INVALID_PARAMETER_VALUE")

    used = {"trace_id": traces[2], "prompt_versions": [{"name": "p", "version": "1"}]}
    for _ in "again":
        assert client.post(f"{V2}/link-prompts", json=used).json() == {}
    assert ids(search(client, experiment, "prompt = 'p/1'")) == traces[2:]
    answer = client.post(f"{V2}/link-prompts", json=used | {"trace_id": "tr-no"})
    assert "tr-no" in error(answer, 404, "RESOURCE_DOES_NOT_EXIST")


def test_traces_are_removed_with_what_belongs_to_them(client, experiment, start, send):
    times = [f"2025-01-01T00:00:0{second}.0009Z" for second in range(4)]
    traces = [start(request_time=time)["trace_id"] for time in times]
    remove = f"{V3}/delete-traces"
    oldest = {"experiment_id": experiment, "max_timestamp_millis": 10**15, "max_traces": 1}
    assert client.post(remove, json=oldest).json() == {"traces_deleted": 1}
    until = {"experiment_id": experiment, "max_timestamp_millis": 1735689601000}
    assert client.post(f"{V2}/delete-traces", json=until).json() == {"traces_deleted": 1}
    named = {"experiment_id": experiment, "request_ids": traces[2:3]}
    assert client.post(remove, json=named).json() == {"traces_deleted": 1}
    assert ids(search(client, experiment)) == traces[3:]

    trace = uuid.uuid4().hex
    send((trace, 1, {}))
    named = {"experiment_id": experiment, "request_ids": [f"tr-{trace}"]}
    client.post(remove, json=named)
    send((trace, 2, {}))
    read = client.get(f"{V3}/get", params={"trace_id": f"tr-{trace}"}).json()["trace"]
    assert len(read["spans"]) == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "Either `max_timestamp_millis` or `trace_ids`"),
        ({"max_timestamp_millis": 1, "request_ids": ["a"]}, "Only one of"),
        ({"max_traces": 1, "request_ids": ["a"]}, "`max_traces` can't be specified"),
        ({"max_traces": 0, "max_timestamp_millis": 1}, "positive integer"),
    ],
)
def test_removing_needs_to_know_what(client, experiment, asked, said):
    answer = client.post(f"{V2}/delete-traces", json={"experiment_id": experiment, **asked})
    assert said in error(answer, 400, "INVALID_PARAMETER_VALUE")


def test_the_second_version_of_the_api(client, experiment):
    def pairs(**said):
        return [{"key": key, "value": value} for key, value in said.items()]

    def of(pairs):
        return {one["key"]: one["value"] for one in pairs if "." not in one["key"]}

    begun = {"experiment_id": experiment, "timestamp_ms": 1000, "tags": pairs(a="1", b="1"),
             "request_metadata": pairs(m="1")}  # fmt: skip
    trace = client.post(V2, json=begun).json()["trace_info"]
    assert (trace["status"], trace["execution_time_ms"]) == ("IN_PROGRESS", 0)
    over = {"timestamp_ms": 3000, "status": "OK", "tags": pairs(a="2")}
    ended = client.patch(f"{V2}/{trace['request_id']}", json=over).json()["trace_info"]
    assert (ended["status"], ended["timestamp_ms"], ended["execution_time_ms"]) == (
        "OK",
        1000,
        2000,
    )
    assert (of(ended["tags"]), of(ended["request_metadata"])) == ({"a": "2", "b": "1"}, {"m": "1"})
    assert client.get(f"{V2}/{trace['request_id']}/info").json() == {"trace_info": ended}
    found = client.get(V2, params={"experiment_ids": [experiment]}).json()
    assert found == {"traces": [ended]}


@pytest.fixture
def assess(client, start):
    """Assess a new trace; returns how the assessment is read."""
    trace = start()["trace_id"]

    def tell(status=200, trace=trace, **said):
        said = {
            "assessment_name": "good",
            "source": {"source_type": "HUMAN", "source_id": "me"},
            **said,
        }
        answer = client.post(f"{V3}/{trace}/assessments", json={"assessment": said})
        assert answer.status_code == status, answer.text
        return answer.json()["assessment"] if status == 200 else answer.json()

    tell.path = f"{V3}/{trace}/assessments"
    tell.trace = trace
    return tell


def test_assessments_are_made_read_and_shown_with_their_trace(client, assess):
    feedback = assess(feedback={"value": {"rating": 4, "why": None}}, rationale="r",
                      metadata={"a": "b"}, span_id="0" * 16)  # fmt: skip
    failed = assess(feedback={"error": {"error_code": "E", "error_message": "no"}})
    expected = assess(expectation={"value": {"a": [1, True]}})
    issue = assess(issue={"issue_name": "bug"})

    assert feedback["feedback"] == {"value": {"rating": 4.0, "why": None}}
    assert feedback["metadata"] == {"a": "b"}
    assert failed["feedback"]["error"] == {"error_code": "E", "error_message": "no"}
    text = expected["expectation"]["serialized_value"]["value"]
    assert json.loads(text) == {"a": [1, True]}
    assert issue["issue"] == {"issue_name": "bug"}
    shown = client.get(f"{V3}/{assess.trace}").json()["trace"]["trace_info"]["assessments"]
    assert shown == [feedback, failed, expected, issue]
    read = client.get(f"{assess.path}/{feedback['assessment_id']}").json()
    assert read == {"assessment": feedback}


def test_an_assessment_is_changed_where_the_mask_says(client, assess):
    made = assess(feedback={"value": 1}, rationale="old", metadata={"a": "1"})
    path = f"{assess.path}/{made['assessment_id']}"
    said = {"assessment_name": "better", "feedback": {"value": 2}, "rationale": "new",
            "metadata": {"b": "2"}}  # fmt: skip
    mask = "assessmentName,feedback,metadata"
    changed = client.patch(path, json={"assessment": said, "update_mask": mask}).json()[
        "assessment"
    ]
    assert (changed["assessment_name"], changed["feedback"]) == ("better", {"value": 2.0})
    assert (changed["rationale"], changed["metadata"]) == ("old", {"a": "1", "b": "2"})
    wrong = {"assessment": {"expectation": {"value": 1}}, "update_mask": "expectation"}
    answer = client.patch(path, json=wrong)
    assert error(answer, 400, "INVALID_PARAMETER_VALUE") == (
        "Cannot update expectation value on a Feedback assessment."
    )


def test_an_assessment_that_is_overridden_is_valid_again_without_the_other(client, assess):
    def is_valid(one):
        path = f"{assess.path}/{one['assessment_id']}"
        return client.get(path).json()["assessment"]["valid"]

    first = assess(feedback={"value": True})
    second = assess(feedback={"value": False}, overrides=first["assessment_id"])
    assert (is_valid(first), is_valid(second)) == (False, True)
    path = f"{assess.path}/{second['assessment_id']}"
    assert client.delete(path).json() == {}
    assert client.delete(path).json() == {}
    assert is_valid(first)
    assert "not found for trace" in assess(404, feedback={"value": 1}, overrides="a-no")["message"]


def test_what_is_no_assessment_is_refused(client, assess):
    assert assess(400)["message"] == "Unknown assessment type: None"
    assert "must be specified" in assess(400, expectation={"value": None})["message"]
    assert "not found" in assess(404, trace="tr-no", feedback={"value": 1})["message"]
    bad = {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": "[NaN]"}}
    assert "no JSON" in assess(400, expectation=bad)["message"]
    answer = client.get(f"{assess.path}/a-no")
    assert "'a-no' not found for trace" in error(answer, 404, "RESOURCE_DOES_NOT_EXIST")


def test_traces_are_found_by_their_assessments(client, experiment, assess, start):
    other = start(trace_metadata={"mlflow.trace.session": "s"})["trace_id"]
    assess(feedback={"value": 0.7})
    assess(assessment_name="text", expectation={"value": "yes"})

    def hits(text):
        return ids(search(client, experiment, text))

    assert hits("feedback.good > 0.5") == [assess.trace]
    assert hits("feedback.good > 0.7") == []
    assert hits("expectation.text = 'yes'") == [assess.trace]
    assert hits("feedback.good IS NULL") == [other]
    assert hits("feedback.text = 'yes'") == []
    third = start(trace_metadata={"mlflow.trace.session": "s"})["trace_id"]
    assess(trace=third, assessment_name="polite", feedback={"value": "yes"},
           metadata={"mlflow.trace.session": "s"})  # fmt: skip
    assert sorted(hits("feedback.polite = 'yes'")) == sorted([other, third])


def test_two_filters_have_to_do_with_each_other(client, experiment, start):
    for number in range(10):
        env, kind = ("prod", "TOOL") if number < 6 else ("dev", "TOOL" if number == 6 else "LLM")
        start(tags={"env": env, "kind": kind})

    def ask(one, other):
        asked = {"experiment_ids": [experiment], "filter_string1": one, "filter_string2": other}
        return client.post(f"{V3}/calculate-filter-correlation", json=asked).json()

    found = ask("tags.env = 'prod'", "tags.kind = 'TOOL'")
    counts = [found[f"{name}_count"] for name in ("total", "filter1", "filter2", "joint")]
    assert counts == [10, 6, 7, 6]
    assert found["npmi"] == pytest.approx(math.log(0.6 / (0.6 * 0.7)) / -math.log(0.6))
    never = ask("tags.env = 'prod'", "tags.kind = 'LLM'")
    assert never["npmi"] == -1.0
    assert -1.0 < never["npmi_smoothed"] < 0.0
    assert ask("tags.env = 'none'", "tags.kind = 'LLM'")["npmi"] == "NaN"


@pytest.fixture(scope="module")
def measured(client):
    """Return the latencies of traces by name, in milliseconds, and how to measure them."""
    experiment = new_experiment(client)
    random, latencies, spans = np.random.default_rng(7), {"a": [], "b": []}, []
    for hour in range(30):
        name = "ab"[hour % 2]
        millis = int(random.integers(10, 5000))
        latencies[name].append(millis)
        begin = 1_700_000_000_000 + 3_600_000 * hour
        more = {"startTimeUnixNano": f"{begin}000000", "endTimeUnixNano": f"{begin + millis}000000"}
        tokens = {"input_tokens": hour, "output_tokens": 1, "total_tokens": hour + 1}
        said = {"mlflow.traceTag.mlflow.traceName": name, "mlflow.chat.tokenUsage": tokens}
        spans.append((uuid.uuid4().hex, 1, more | attributes(**said)))
    export(client, experiment, *spans)

    def measure(metric, *kinds, view="TRACES", status=200, **more):
        kinds = [kind if isinstance(kind, dict) else {"aggregation_type": kind} for kind in kinds]
        asked = {"experiment_ids": [experiment], "view_type": view, "metric_name": metric,
                 "aggregations": kinds, **more}  # fmt: skip
        answer = client.post(f"{V3}/metrics", json=asked)
        assert answer.status_code == status, answer.text
        return answer.json().get("data_points", []) if status == 200 else answer.json()["message"]

    return latencies, measure


def test_traces_are_measured_as_numpy_would(measured):
    latencies, measure = measured
    percent = {"aggregation_type": "PERCENTILE", "percentile_value": 95.5}
    points = measure("latency", "AVG", "MIN", "MAX", percent, dimensions=["trace_name"])
    assert [one["dimensions"]["trace_name"] for one in points] == ["a", "b"]
    for point in points:
        own = latencies[point["dimensions"]["trace_name"]]
        wanted = [np.mean(own), min(own), max(own), np.percentile(own, 95.5)]
        assert [*point["values"].values()] == pytest.approx(wanted)
    (tokens,) = measure("input_tokens", "SUM")
    assert tokens["values"] == {"SUM": sum(range(30))}


def test_traces_are_counted_by_time_and_filter(measured):
    _, measure = measured
    first = 1_700_000_000_000 - 1_700_000_000_000 % 36_000_000
    points = measure("trace_count", "COUNT", time_interval_seconds=36_000, start_time_ms=0,
                     end_time_ms=first + 71_999_999)  # fmt: skip
    assert [one["dimensions"]["time_bucket"][:13] for one in points] == [
        "2023-11-14T20",
        "2023-11-15T06",
    ]
    assert points[1]["values"] == {"COUNT": 10.0}
    (only,) = measure("span_count", "COUNT", view="SPANS", filters=["span.name = 'work'"])
    assert only["values"] == {"COUNT": 30.0}
    assert measure("trace_count", "COUNT", filters=["trace.tag.team = 'none'"]) == [
        {"metric_name": "trace_count", "values": {"COUNT": 0.0}}
    ]


def test_what_cannot_be_measured_is_refused(measured):
    _, measure = measured
    assert "metric_name must be one of" in measure("none", "COUNT", status=400)
    assert "invalid aggregation_type" in measure("trace_count", "SUM", status=400)
    assert "invalid dimension" in measure("latency", "AVG", dimensions=["span_name"], status=400)
    wrong = ["span.name = 'x'", "trace.tag = 'x'", "trace.status != 'x'", "nonsense"]
    said = [measure("trace_count", "COUNT", filters=[one], status=400) for one in wrong]
    assert [text.split()[0] for text in said] == ["Filtering", "Filtering", "Invalid", "Invalid"]


def test_the_file_of_a_trace(client, send):
    trace = uuid.uuid4().hex
    send((trace, 1, attributes(fruit="apple")))
    path = "/ajax-api/2.0/mlflow/get-trace-artifact"
    answer = client.get(path, params={"request_id": f"tr-{trace}"})
    assert answer.headers["content-disposition"] == "attachment; filename=traces.json"
    (span,) = answer.json()["spans"]
    assert span["attributes"]["fruit"] == '"apple"'
    assert (span["name"], span["status"]["code"]) == ("work", "STATUS_CODE_UNSET")
    assert error(client.get(path), 400, "BAD_REQUEST")
    no = client.get(path, params={"request_id": "tr-no"})
    assert error(no, 404, "RESOURCE_DOES_NOT_EXIST")


def test_a_file_beside_a_trace(client, experiment, start):
    trace = start()["trace_id"]
    folder = f"{experiment}/traces/{trace}/artifacts"
    put = f"/api/2.0/mlflow-artifacts/artifacts/{folder}/attachments/a.txt"
    assert client.put(put, content=b"hello").status_code == 200
    asked = {"request_id": trace, "path": "a.txt"}
    answer = client.get("/ajax-api/2.0/mlflow/get-trace-artifact", params=asked)
    assert answer.content == b"hello"
    outside = client.get("/ajax-api/2.0/mlflow/get-trace-artifact",
                         params=asked | {"path": "../../a.txt"})  # fmt: skip
    assert outside.status_code in {400, 404}
