"""OpenTelemetry's spans over HTTP: taken as they come, and what they tell of their traces."""

import base64
import gzip
import json
import math
import uuid

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from whence.store import span_facts, spans
from whence.store.folder import StoreFolder

PROTOBUF, JSON = "application/x-protobuf", "application/json"
V3 = "/api/3.0/mlflow/traces"
SECOND = 1_000_000_000
BEGIN = 1_700_000_000 * SECOND


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("otlp") / "store"


@pytest.fixture(scope="module")
def client(store, asking):
    with asking(store, "--every", "0") as found:
        yield found


@pytest.fixture
def trace():
    """Return a new id of a trace, as OpenTelemetry has it."""
    return uuid.uuid4().bytes


@pytest.fixture
def send(client):
    """Send a message or bytes and return the answer."""

    def post(message, status=200, kind=PROTOBUF, experiment="0", **headers):
        body = message if isinstance(message, bytes) else message.SerializeToString()
        said = {"content-type": kind, "x-mlflow-experiment-id": experiment}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        said = {name: value for name, value in said.items() if value is not None}
        answer = client.post("/v1/traces", content=body, headers=said)
        assert answer.status_code == status, answer.text
        return answer

    return post


@pytest.fixture
def info(client):
    """Return what is read of a trace without its spans."""

    def read(trace):
        return client.get(f"{V3}/tr-{trace.hex()}").json()["trace"]["trace_info"]

    return read


def request(*own, resource=()):
    message = ExportTraceServiceRequest()
    of = message.resource_spans.add()
    for key, value in dict(resource).items():
        of.resource.attributes.add(key=key, value=any_value(value))
    of.scope_spans.add().spans.extend(own)
    return message


def span(trace, number=1, parent=None, start=0.0, stop=1.0, said=None, **more):
    """Return a span; its times in seconds."""
    one = Span(
        trace_id=trace,
        span_id=number.to_bytes(8, "big"),
        parent_span_id=b"" if parent is None else parent.to_bytes(8, "big"),
        start_time_unix_nano=BEGIN + round(start * SECOND),
        end_time_unix_nano=0 if stop is None else BEGIN + round(stop * SECOND),
        **{"name": "work", **more},
    )
    for key, value in (said or {}).items():
        one.attributes.add(key=key, value=any_value(value))
    return one


def any_value(value):
    made = AnyValue()
    if isinstance(value, dict):
        made.kvlist_value.SetInParent()
        for key, one in value.items():
            made.kvlist_value.values.add(key=key, value=any_value(one))
    elif isinstance(value, list):
        made.array_value.SetInParent()
        made.array_value.values.extend(any_value(one) for one in value)
    elif value is not None:
        kinds = {bool: "bool", str: "string", int: "int", float: "double", bytes: "bytes"}
        setattr(made, f"{kinds[type(value)]}_value", value)
    return made


def as_json(message):
    """Return a message as OTLP's JSON: ids are hexadecimal digits, not base64."""
    said = MessageToDict(message)
    for resource in said["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for one in scope["spans"]:
                for of in (one, *one.get("links", [])):
                    for key in {"traceId", "spanId", "parentSpanId"} & of.keys():
                        of[key] = base64.b64decode(of[key]).hex()
    return json.dumps(said).encode()


def kept(store, trace):
    """Return the spans of a trace in the store."""
    name = f"tr-{trace.hex()}"
    return spans.of_traces(StoreFolder(store).metadata, [name])[name]


SAID = {
    "text": "é 'quoted'",
    "json": '{"a": 1}',
    "yes": True,
    "int": 2**62 + 1,
    "float": 1.0,
    "infinite": -math.inf,
    "bytes": b"\x00\xff",
    "nothing": None,
    "list": [1, 1.0, "x", [None, False]],
    "empty": [],
    "object": {"a": {"b": 2.5, "c": {}}},
}


def full(trace):
    one = span(
        trace,
        said=SAID,
        kind=Span.SPAN_KIND_SERVER,
        trace_state="a=b",
        flags=257,
        dropped_attributes_count=2,
        status=Status(code=Status.STATUS_CODE_ERROR, message="boom"),
    )
    event = one.events.add(time_unix_nano=BEGIN + 5, name="event")
    event.attributes.add(key="k", value=any_value(1))
    link = one.links.add(trace_id=b"o" * 16, span_id=b"s" * 8)
    link.attributes.add(key="why", value=any_value("x"))
    return one


@pytest.mark.parametrize("kind", [PROTOBUF, f"{JSON}; charset=utf-8"])
def test_spans_are_kept_as_they_came(store, send, trace, kind):
    message = request(full(trace))
    answer = send(message if kind == PROTOBUF else as_json(message), kind=kind)
    assert (answer.content, answer.headers["content-type"]) == (b"", PROTOBUF)

    (one,) = kept(store, trace)
    assert one.attributes == SAID
    assert [type(value) for value in one.attributes.values()] == [
        type(value) for value in SAID.values()
    ]
    assert (one.id, one.parent, one.name) == ("0" * 15 + "1", None, "work")
    assert (one.started, one.ended) == (BEGIN, BEGIN + SECOND)
    assert (one.status, one.message) == ("ERROR", "boom")
    assert one.events == [("event", BEGIN + 5, {"k": 1})]
    assert one.links == [((b"o" * 16).hex(), (b"s" * 8).hex(), {"why": "x"})]
    assert one.more == {
        "kind": "SPAN_KIND_SERVER",
        "traceState": "a=b",
        "flags": 257,
        "droppedAttributesCount": 2,
    }


def test_no_number_reads_back_as_none(store, send, trace):
    send(request(span(trace, said={"a": math.nan, "b": [math.nan, math.inf]})))
    (one,) = kept(store, trace)
    assert math.isnan(one.attributes["a"])
    assert math.isnan(one.attributes["b"][0])
    assert one.attributes["b"][1] == math.inf


def test_mlflow_reads_a_span_in_otlp_json(client, send, trace):
    send(request(full(trace)))
    asked = {"trace_id": f"tr-{trace.hex()}"}
    (one,) = client.get(f"{V3}/get", params=asked).json()["trace"]["spans"]
    said = {pair["key"]: pair.get("value") for pair in one["attributes"]}
    assert said["int"] == {"int_value": 2**62 + 1}
    assert said["float"] == {"double_value": 1.0}
    assert said["infinite"] == {"double_value": "-Infinity"}
    assert said["nothing"] is None
    # Makers without objects write them as texts, and MLflow shows what is meant.
    meant = {"values": [{"key": "a", "value": {"int_value": 1}}]}
    assert said["json"] == {"kvlist_value": meant}
    assert said["mlflow.traceRequestId"] == {"string_value": f"tr-{trace.hex()}"}
    assert base64.b64decode(one["trace_id"]) == trace
    assert one["start_time_unix_nano"] == BEGIN
    assert one["status"] == {"code": "STATUS_CODE_ERROR", "message": "boom"}
    assert one["events"][0]["attributes"] == [{"key": "k", "value": {"int_value": 1}}]


def test_a_compressed_body_is_taken(store, send, trace):
    body = gzip.compress(request(span(trace)).SerializeToString())
    send(body, content_encoding="gzip")
    assert len(kept(store, trace)) == 1


@pytest.mark.parametrize(("service", "shown"), [("claude-code", "claude-code"), ("shop", None)])
def test_known_programs_are_named_in_their_roots(store, send, info, trace, service, shown):
    own = request(span(trace, 1), span(trace, 2, 1), resource={"service.name": service})
    send(own)
    root, child = sorted(kept(store, trace), key=lambda one: one.id)
    assert root.attributes.get("service.name") == shown
    assert "service.name" not in child.attributes
    assert info(trace)["tags"]["service.name"] == service


def test_a_trace_is_told_by_its_spans(send, info, trace):
    asked = {
        "messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hi"}]
    }
    of_root = {
        "input.value": json.dumps(asked),
        "output.value": "bye",
        "session.id": "s",
        "user.id": "u",
        "mlflow.traceTag.team": "blue",
        "mlflow.traceTag.mlflow.traceName": "talk",
    }
    root = span(trace, 1, start=0.2504, stop=2.0, said=of_root)
    tokens = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": "50"}
    child = span(trace, 2, 1, start=0.5, stop=3.0, said=tokens)
    send(request(child, root, resource={"service.name": "shop", "telemetry.sdk.name": "x", "n": 3}))

    read = info(trace)
    assert (read["request_time"], read["execution_duration"]) == (
        "2023-11-14T22:13:20.250Z",
        "2.750s",
    )
    assert (read["state"], read["request_preview"], read["response_preview"]) == (
        "OK",
        "hi",
        '"bye"',
    )
    own = {key: value for key, value in read["tags"].items() if key != "mlflow.artifactLocation"}
    assert own == {
        "service.name": "shop",
        "n": "3",
        "team": "blue",
        "mlflow.traceName": "talk",
        "mlflow.trace.spansLocation": "TRACKING_STORE",
    }
    used = json.loads(read["trace_metadata"].pop("mlflow.trace.tokenUsage"))
    assert used == {"input_tokens": 100, "output_tokens": 50, "total_tokens": 150}
    assert read["trace_metadata"] == {"mlflow.trace.session": "s", "mlflow.trace.user": "u"}


def test_spans_come_in_any_order_and_number_of_requests(send, info, trace):
    send(request(span(trace, 2, 1, start=1.0, stop=2.0)))
    assert info(trace)["state"] == "IN_PROGRESS"
    failed = Status(code=Status.STATUS_CODE_ERROR)
    send(request(span(trace, 1, start=0.0, stop=3.0, status=failed)))
    send(request(span(trace, 3, 1, start=2.0, stop=5.0)))
    read = info(trace)
    assert (read["state"], read["execution_duration"]) == ("ERROR", "5s")
    assert read["request_time"] == "2023-11-14T22:13:20Z"


def test_what_a_span_counted_with_those_below_it_counts_once(send, info, trace):
    def counted(number):
        tokens = {"input_tokens": number, "output_tokens": 0, "total_tokens": number}
        cost = {"input_cost": number / 4, "output_cost": 0.0, "total_cost": number / 4}
        return {"mlflow.chat.tokenUsage": tokens, "mlflow.llm.cost": cost}

    def tokens():
        return json.loads(info(trace)["trace_metadata"]["mlflow.trace.tokenUsage"])["input_tokens"]

    send(request(span(trace, 4, 3, said=counted(5)), span(trace, 5, 3, said=counted(7))))
    assert tokens() == 12
    send(request(span(trace, 6, 1, said=counted(100))))
    assert tokens() == 112
    # The span above two of them has what they used, and 1 more; the same twice counts once.
    above = request(span(trace, 3, 2, said=counted(13)), span(trace, 2, 1), span(trace, 1))
    for _ in "again":
        send(above)
        assert tokens() == 113
    cost = json.loads(info(trace)["trace_metadata"]["mlflow.trace.cost"])
    assert cost == {"input_cost": 113 / 4, "output_cost": 0.0, "total_cost": 113 / 4}


def test_what_was_told_holds_against_spans(client, send, info, trace):
    told = {
        "trace_id": f"tr-{trace.hex()}",
        "trace_location": {"mlflow_experiment": {"experiment_id": "0"}},
        "request_time": "2023-11-14T22:13:25Z",
        "execution_duration": "1s",
        "state": "OK",
        "request_preview": "told",
    }
    client.post(V3, json={"trace": {"trace_info": told}})
    failed = Status(code=Status.STATUS_CODE_ERROR)
    send(request(span(trace, said={"input.value": "x"}, status=failed)))
    read = info(trace)
    assert {key: read[key] for key in told if key != "trace_location"} == {
        key: told[key] for key in told if key != "trace_location"
    }


def test_a_call_may_be_spread_over_attributes(store, send, info, trace):
    said = {
        "ai.operationId": "ai.streamText.doStream",
        "ai.prompt.messages": '[{"role": "user", "content": "hi"}]',
        "ai.prompt.tools": ['{"name": "look"}'],
        "ai.response.text": "bye",
        "ai.response.finishReason": "stop",
        "ai.prompter": "no part of it",
    }
    send(request(span(trace, said=said)))
    (one,) = kept(store, trace)
    assert span_facts.inputs_of(one.attributes) == {
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"name": "look"}],
    }
    assert span_facts.outputs_of(one.attributes) == {"text": "bye", "finishReason": "stop"}
    assert info(trace)["request_preview"] == "hi"


def test_messages_may_be_told_by_events(client, send, info, trace):
    asked = span(trace)
    for name, said in {
        "gen_ai.system.message": {"content": "be kind"},
        "gen_ai.user.message": {"content": '{"text": "hi"}', "role": "customer"},
        "gen_ai.choice": {"content": "bye", "finish_reason": "stop"},
        "exception": {"content": "none of it"},
    }.items():
        event = asked.events.add(time_unix_nano=BEGIN, name=name)
        for key, value in said.items():
            event.attributes.add(key=key, value=any_value(value))
    send(request(asked))
    file = "/ajax-api/3.0/mlflow/get-trace-artifact"
    (one,) = client.get(file, params={"request_id": f"tr-{trace.hex()}"}).json()["spans"]
    assert json.loads(one["attributes"]["mlflow.spanInputs"]) == [
        {"role": "system", "content": "be kind"},
        {"role": "customer", "content": {"text": "hi"}},
    ]
    answered = [{"role": "assistant", "content": "bye"}]
    assert json.loads(one["attributes"]["mlflow.spanOutputs"]) == answered
    assert json.loads(info(trace)["response_preview"]) == answered


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"gen_ai.request.model": "m"}, "LLM"),
        ({"gen_ai.request.model": "m", "gen_ai.operation.name": "chat"}, "CHAT_MODEL"),
        ({"span.type": "claude_code.tool"}, "TOOL"),
        ({"span.type": "interaction"}, "AGENT"),
        ({"mlflow.spanType": '"CHAIN"'}, "CHAIN"),
        ({"mlflow.spanType": '"UNKNOWN"', "openinference.span.kind": "TOOL"}, "TOOL"),
        ({"traceloop.span.kind": "unknown"}, "UNKNOWN"),
        ({"ai.operationId": '["no text"]'}, None),
        ({"url.path": "/"}, None),
    ],
)
def test_what_a_span_does_may_be_told_in_many_ways(store, send, trace, said, kind):
    send(request(span(trace, said=said)))
    assert kept(store, trace)[0].kind == kind


def test_several_traces_in_one_request(send, info, store):
    several = [uuid.uuid4().bytes for _ in range(3)]
    send(request(*(span(trace, number) for trace in several for number in (1, 2))))
    assert [len(kept(store, trace)) for trace in several] == [2, 2, 2]
    assert {info(trace)["state"] for trace in several} == {"OK"}


def test_rooted_traces_are_tied_to_a_run(client, send, trace):
    rootless, run = uuid.uuid4().bytes, uuid.uuid4().hex
    send(request(span(trace), span(rootless, 2, 1)), x_mlflow_run_id=run)
    asked = {"locations": [{"mlflow_experiment": {"experiment_id": "0"}}],
             "filter": f"run_id = '{run}'"}  # fmt: skip
    found = client.post(f"{V3}/search", json=asked).json()["traces"]
    assert [one["trace_id"] for one in found] == [f"tr-{trace.hex()}"]


def test_a_span_that_is_not_over_has_no_end(store, send, info, trace):
    send(request(span(trace, stop=None)))
    assert kept(store, trace)[0].ended is None
    assert "execution_duration" not in info(trace)


def test_one_odd_attribute_costs_no_span(send, info, trace):
    send(request(span(trace, said={"mlflow.traceTag.a//b": "x", "mlflow.traceTag.ok": "1"}),
                 resource={"../up": "x", "long": "y" * 9000}))  # fmt: skip
    tags = info(trace)["tags"]
    assert "ok" in tags
    assert not {"a//b", "../up"} & tags.keys()
    assert len(tags["long"]) == 4096


@pytest.mark.parametrize(
    ("body", "kind", "status", "detail"),
    [
        (b"this is no protobuf at all", PROTOBUF, 400, "Invalid OpenTelemetry format"),
        (b"", PROTOBUF, 400, "Invalid OpenTelemetry format - no spans found"),
        (b"", JSON, 400, "Invalid OpenTelemetry format"),
        (b"{", JSON, 400, "Invalid OpenTelemetry format"),
        (b"[]", JSON, 400, "Invalid OpenTelemetry format"),
        (b"{}", JSON, 400, "Invalid OpenTelemetry format - no spans found"),
        (b"x", "text/plain", 400, "Invalid Content-Type: text/plain."),
        (b"x", None, 400, "Invalid Content-Type: None."),
    ],
)
def test_what_is_no_otlp_is_refused(send, body, kind, status, detail):
    assert send(body, status, kind=kind).json()["detail"].startswith(detail)


def test_spans_need_ids_and_an_experiment(send, trace):
    missing = send(request(span(trace)), 422, experiment=None).json()["detail"]
    assert missing[0]["loc"] == ["header", "x-mlflow-experiment-id"]
    assert "Cannot convert" in send(request(span(b"")), 422).json()["detail"]
    late = span(trace)
    late.start_time_unix_nano = 2**64 - 1
    assert "Cannot convert" in send(request(late), 422).json()["detail"]
    digits = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "zz"}]}]}]})
    assert send(digits.encode(), 400, kind=JSON).json()["detail"] == "Invalid OpenTelemetry format"
    said = send(request(span(trace)), 404, experiment="987").json()
    assert said["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert said["message"] == "No Experiment with id=987 exists"
    assert send(request(span(trace)), 400, experiment="abc").json()["error_code"] == (
        "INVALID_PARAMETER_VALUE"
    )


def test_a_request_without_spans_is_nothing_wrong(send):
    send(request())


def test_deep_attributes_are_refused_not_followed(send, trace):
    deep = {"stringValue": "x"}
    for _ in range(60):
        deep = {"arrayValue": {"values": [deep]}}
    one = {"traceId": trace.hex(), "spanId": "1" * 16, "attributes": [{"key": "k", "value": deep}]}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]})
    send(body.encode(), 400, kind=JSON)
