"""What the spans of agents' tools mean to MLflow's clients: each maker has names of its own."""

import json
import uuid

import pytest


@pytest.fixture(scope="module")
def client(tmp_path_factory, asking):
    with asking(tmp_path_factory.mktemp("spans") / "store", "--every", "0") as found:
        yield found


@pytest.fixture
def told(client):
    """Send a span and return what MLflow's names say of it, and of its trace."""

    def tell(said, *events):
        trace = uuid.uuid4().hex
        span = {
            "traceId": trace,
            "spanId": "0000000000000001",
            "name": "work",
            "startTimeUnixNano": "1700000000000000000",
            "endTimeUnixNano": "1700000001000000000",
            "attributes": key_values(said),
            "events": [{"name": name, "attributes": key_values(more)} for name, more in events],
        }
        sent = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
        headers = {"x-mlflow-experiment-id": "0"}
        answer = client.post("/v1/traces", json=sent, headers=headers)
        assert answer.status_code == 200, answer.text
        asked = {"request_id": f"tr-{trace}"}
        file = client.get("/ajax-api/3.0/mlflow/get-trace-artifact", params=asked).json()
        own = file["spans"][0]["attributes"]
        info = client.get(f"/api/3.0/mlflow/traces/tr-{trace}").json()["trace"]["trace_info"]
        meant = {
            name.removeprefix("mlflow."): json.loads(text)
            for name, text in own.items()
            if name.startswith("mlflow.") and name != "mlflow.traceRequestId"
        }
        return meant, info

    return tell


def key_values(said):
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int)
         else {"stringValue": value}}
        for key, value in said.items()
    ]  # fmt: skip


@pytest.mark.parametrize("prefix", ["claude_code.", ""])
def test_claude_code(told, prefix):
    asked, info = told({"span.type": f"{prefix}interaction", "user_prompt": "mend it"})
    assert asked == {"spanType": "AGENT", "spanInputs": "mend it"}
    assert info["request_preview"] == '"mend it"'
    hidden = {"user_prompt": "<REDACTED>", "new_context": "all of it"}
    asked, _ = told({"span.type": f"{prefix}interaction", **hidden})
    assert asked["spanInputs"] == "all of it"
    call = {"new_context": "q", "response.model_output": "a", "input_tokens": 5,
            "output_tokens": 6, "cache_read_tokens": 100, "cache_creation_tokens": 7}  # fmt: skip
    answered, info = told({"span.type": f"{prefix}llm_request", **call})
    used = {"input_tokens": 112, "output_tokens": 6, "total_tokens": 118,
            "cache_read_input_tokens": 100, "cache_creation_input_tokens": 7}  # fmt: skip
    assert answered == {
        "spanType": "LLM", "spanInputs": "q", "spanOutputs": "a", "chat.tokenUsage": used,
    }  # fmt: skip
    assert json.loads(info["trace_metadata"]["mlflow.trace.tokenUsage"]) == used


@pytest.mark.parametrize(
    ("said", "events", "inputs", "outputs"),
    [
        ({"tool_input": '{"a": 1}', "file_path": "/x"}, [], {"a": 1}, None),
        ({"full_command": "ls", "file_path": "/x"}, [], {"full_command": "ls", "file_path": "/x"},
         None),
        ({"full_command": "<REDACTED>", "new_context": "done"}, [], None, "done"),
        ({}, [("tool.output", {"diff": "+1"})], None, "+1"),
        ({}, [("tool.output", {"output": "<REDACTED>", "content": "c"})], None, "c"),
        ({}, [("other", {"output": "o"})], None, None),
    ],
)  # fmt: skip
def test_tools_of_claude_code(told, said, events, inputs, outputs):
    meant, _ = told({"span.type": "claude_code.tool", **said}, *events)
    assert (meant.get("spanInputs"), meant.get("spanOutputs")) == (inputs, outputs)


def test_its_names_mean_nothing_in_spans_of_others(told):
    said = {"user_prompt": "p", "new_context": "c", "tool_input": "i", "input_tokens": 5}
    others = ("memory", "claude_code.hook", '["interaction"]', '{"a": 1}')
    for kind in ({}, *({"span.type": other} for other in others)):
        meant, _ = told({**kind, **said}, ("tool.output", {"output": "o"}))
        assert meant.keys() <= {"spanType"}


@pytest.mark.parametrize(
    ("said", "inputs", "outputs"),
    [
        ("plain", {"contents": "plain"}, "plain"),
        ('{"x": 1}', {"x": 1}, {"x": 1}),
        (
            '[{"role": "model", "parts": [{"text": "a"}]}, {"role": "model", "parts": [{"b": 1}]}]',
            {"contents": [{"role": "model", "parts": [{"text": "a"}]},
                          {"role": "model", "parts": [{"b": 1}]}]},
            {"candidates": [{"content": {"role": "model", "parts": [{"text": "a"}, {"b": 1}]}}]},
        ),
    ],
)  # fmt: skip
def test_gemini_cli(told, said, inputs, outputs):
    named = {"gen_ai.agent.name": "gemini-cli", "gen_ai.operation.name": "llm_call"}
    messages = {"gen_ai.input.messages": said, "gen_ai.output.messages": said}
    meant, _ = told({**named, **messages})
    assert meant == {"spanType": "LLM", "message.format": "gemini", "spanInputs": inputs,
                     "spanOutputs": outputs}  # fmt: skip
    meant, _ = told({**named, **messages, "gen_ai.agent.name": "another"})
    assert meant.keys() <= {"spanInputs", "spanOutputs"}


@pytest.mark.parametrize(
    ("said", "kind", "form"),
    [
        ({"lk.function_tool.id": "7"}, "TOOL", "livekit"),
        ({"lk.tts.label": "x", "lk.agent_name": "a"}, "UNKNOWN", "livekit"),
        ({"lk.agent_name": "a", "lk.tts.label": "x"}, "AGENT", "livekit"),
        ({"lk.agent_name": "a", "gen_ai.request.model": "m"}, "LLM", "livekit"),
        ({"voltagent.operation_id": "o", "entity.type": "agent"}, "AGENT", "voltagent"),
        ({"lmnr.span.type": "EXECUTOR"}, "AGENT", "openai"),
        ({"ai.operationId": "ai.streamText.doStream"}, "LLM", "vercel_ai"),
        ({"ai.operationId": "ai.streamText"}, "LLM", None),
        ({"lmnr.span.type": "LLM", "mlflow.message.format": '"anthropic"'}, "LLM", "anthropic"),
    ],
)
def test_how_messages_are_shown_and_what_is_implied(told, said, kind, form):
    meant, _ = told(said)
    assert (meant["spanType"], meant.get("message.format")) == (kind, form)
