"""Under which names the makers of spans say what a span did: their conventions, as a table.

Sources: OpenTelemetry's semantic conventions for generative AI, OpenInference, OpenLLMetry
(Traceloop), Claude Code, Gemini CLI, Google ADK, Vercel AI SDK, VoltAgent, LiveKit, Laminar,
Langfuse, Spring AI, and the attributes of MLflow's own SDK, which go before all others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from whence.store.span_gemini import answer_of, request_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "CALLS",
    "CALL_FORMAT",
    "CONVENTIONS",
    "COST",
    "GIVEN",
    "HIDDEN",
    "SESSION",
    "TOKENS",
    "USER",
    "Convention",
]

TOKENS = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_input_tokens_above_1hr",
)
"""What is counted of tokens; the first three are known of every count."""

COST = ("input_cost", "output_cost", "total_cost")
"""What is counted of money, in US dollars."""


class Given(NamedTuple):
    """The attributes that say a fact as it is meant, without a convention of others."""

    kind: str = "mlflow.spanType"
    inputs: str = "mlflow.spanInputs"
    outputs: str = "mlflow.spanOutputs"
    tokens: str = "mlflow.chat.tokenUsage"
    cost: str = "mlflow.llm.cost"
    model: str = "mlflow.llm.model"
    provider: str = "mlflow.llm.provider"
    tools: str = "mlflow.chat.tools"
    format: str = "mlflow.message.format"


GIVEN = Given()

HIDDEN = "<REDACTED>"
"""What Claude Code writes instead of a text that it was not told to send."""

SESSION = ("session.id", "gen_ai.conversation.id")
USER = ("user.id",)


class Convention(NamedTuple):
    """The attributes of one convention; several names of a fact in order of rank.

    Attributes
    ----------
    when
        An attribute, and those of its values that tell the spans to which this applies; all if
        None.
    kind, kinds
        Which attributes hold the kind of a span, and what their values mean here.
    implied
        Attributes by which a span has a kind that it does not say; the span's first counts.
    inputs, outputs
        What went in and came out; patterns match whole names.
    shape_input, shape_output
        Bring that into another form.
    form
        The form of the messages, by which pages know how to show them, and the attributes that
        tell it.
    input_parts
        What went in, if it is told as several attributes, each optional.
    output_events
        Events that tell what came out, and the attributes of each that may hold it.
    tokens
        By the names of `TOKENS`.
    apart
        Whether the tokens that went in are counted without those of the cache.
    model, provider
        Of a language model.
    tools
        Which ones it could call.
    """

    when: tuple[str, frozenset[str]] | None = None
    kind: tuple[str, ...] = ()
    kinds: Mapping[str, str] = {}
    implied: tuple[tuple[re.Pattern[str], str], ...] = ()
    inputs: tuple[str | re.Pattern[str], ...] = ()
    outputs: tuple[str | re.Pattern[str], ...] = ()
    shape_input: Callable[[object], object] | None = None
    shape_output: Callable[[object], object] | None = None
    form: tuple[str, re.Pattern[str]] | None = None
    input_parts: tuple[str, ...] = ()
    output_events: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tokens: Mapping[str, tuple[str, ...]] = {}
    apart: bool = False
    model: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()


_OPEN_INFERENCE = Convention(
    kind=("openinference.span.kind",),
    kinds={one: one for one in (
        "TOOL", "CHAIN", "LLM", "RETRIEVER", "EMBEDDING", "AGENT", "RERANKER", "GUARDRAIL",
        "EVALUATOR", "UNKNOWN")},
    inputs=("input.value",),
    outputs=("output.value",),
    tokens={
        "input_tokens": ("llm.token_count.prompt",),
        "output_tokens": ("llm.token_count.completion",),
        "total_tokens": ("llm.token_count.total",),
        "cache_read_input_tokens": ("llm.token_count.prompt_details.cache_read",),
        "cache_creation_input_tokens": ("llm.token_count.prompt_details.cache_write",),
    },
    model=("llm.response.model_name", "llm.model_name", "llm.request.model_name",
           "embedding.model_name"),
    provider=("llm.provider",),
)  # fmt: skip

_GEN_AI = Convention(
    kind=("gen_ai.operation.name",),
    kinds={
        "chat": "CHAT_MODEL",
        "create_agent": "AGENT",
        "embeddings": "EMBEDDING",
        "execute_tool": "TOOL",
        "generate_content": "LLM",
        "invoke_agent": "AGENT",
        "text_completion": "LLM",
        "response": "LLM",
    },
    inputs=("gen_ai.input.messages", "gen_ai.tool.call.arguments"),
    outputs=("gen_ai.output.messages", "gen_ai.tool.call.result"),
    tokens={
        "input_tokens": ("gen_ai.usage.input_tokens",),
        "output_tokens": ("gen_ai.usage.output_tokens",),
        "cache_read_input_tokens": ("gen_ai.usage.cache_read.input_tokens",),
        "cache_creation_input_tokens": (
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation.input_tokens",
        ),
    },
    model=("gen_ai.response.model", "gen_ai.request.model"),
    provider=("gen_ai.provider.name",),
    tools=("gen_ai.tool.definitions",),
)

_TRACELOOP = Convention(
    kind=("traceloop.span.kind",),
    kinds={"workflow": "WORKFLOW", "task": "TASK", "agent": "AGENT", "tool": "TOOL",
           "unknown": "UNKNOWN"},
    inputs=(
        "traceloop.entity.input",
        re.compile(r"gen_ai\.prompt\.\d+\.content"),
        re.compile(r"gen_ai\.completion\.\d+\.tool_calls\.\d+\.arguments"),
    ),
    outputs=("traceloop.entity.output", re.compile(r"gen_ai\.completion\.\d+\.content")),
    tokens={
        "input_tokens": ("gen_ai.usage.prompt_tokens",),
        "output_tokens": ("gen_ai.usage.completion_tokens",),
        "total_tokens": ("llm.usage.total_tokens",),
    },
    provider=("gen_ai.system",),
)  # fmt: skip

_GOOGLE_ADK = Convention(
    inputs=("gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args"),
    outputs=("gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response"),
)

_VERCEL = Convention(
    kind=("ai.operationId",),
    kinds={
        **{f"ai.{verb}{what}{inner}": "LLM" for what in ("Text", "Object")
           for verb, inner in (("generate", ""), ("generate", ".doGenerate"),
                               ("stream", ""), ("stream", ".doStream"))},
        "ai.toolCall": "TOOL",
        "ai.embed": "EMBEDDING",
        "ai.embed.doEmbed": "EMBEDDING",
        "ai.embedMany": "EMBEDDING",
    },
    inputs=("ai.prompt", "ai.toolCall.args", "ai.value", "ai.values"),
    outputs=("ai.response.text", "ai.toolCall.result", "ai.response.object", "ai.embedding",
             "ai.embeddings"),
)  # fmt: skip

_VOLT_AGENT = Convention(
    form=("voltagent", re.compile(r"voltagent\.(operation|conversation)_id")),
    kind=("span.type", "entity.type"),
    kinds={"agent": "AGENT", "llm": "LLM", "tool": "TOOL", "memory": "MEMORY"},
    inputs=("agent.messages", "llm.messages", "input"),
    outputs=("output",),
    tokens={
        "input_tokens": ("usage.prompt_tokens", "llm.usage.prompt_tokens"),
        "output_tokens": ("usage.completion_tokens", "llm.usage.completion_tokens"),
        "total_tokens": ("usage.total_tokens", "llm.usage.total_tokens"),
    },
)

_GEMINI = Convention(
    when=("gen_ai.agent.name", frozenset({"gemini-cli"})),
    kind=("gen_ai.operation.name",),
    kinds={"llm_call": "LLM", "tool_call": "TOOL", "agent_call": "AGENT"},
    inputs=_GEN_AI.inputs,
    outputs=_GEN_AI.outputs,
    shape_input=request_of,
    shape_output=answer_of,
    form=("gemini", re.compile(r"gen_ai\.agent\.name")),
)


def _claude(span: str) -> tuple[str, frozenset[str]]:
    """Return what tells a span of Claude Code; some versions leave out its prefix."""
    return "span.type", frozenset({span, f"claude_code.{span}"})


_CLAUDE_CODE = (
    Convention(
        when=_claude("interaction"),
        implied=((re.compile(r"span\.type"), "AGENT"),),
        inputs=("user_prompt", "new_context"),
    ),
    Convention(
        when=_claude("llm_request"),
        implied=((re.compile(r"span\.type"), "LLM"),),
        inputs=("new_context",),
        outputs=("response.model_output",),
        tokens={
            "input_tokens": ("input_tokens",),
            "output_tokens": ("output_tokens",),
            "cache_read_input_tokens": ("cache_read_tokens",),
            "cache_creation_input_tokens": ("cache_creation_tokens",),
        },
        apart=True,
    ),
    Convention(
        when=_claude("tool"),
        implied=((re.compile(r"span\.type"), "TOOL"),),
        inputs=("tool_input",),
        input_parts=("full_command", "file_path", "skill_name", "subagent_type"),
        outputs=("new_context",),
        output_events=(("tool.output", ("output", "content", "diff")),),
    ),
)

_ASKED = Convention(implied=((re.compile(r"gen_ai\.request\.model"), "LLM"),))

_LIVE_KIT = Convention(
    form=("livekit", re.compile(r"lk\..*")),
    implied=(
        (re.compile(r"lk\.retry_count"), "LLM"),
        (re.compile(r"lk\.function_tool.*"), "TOOL"),
        (re.compile(r"lk\.(agent_name|instructions|generation_id)"), "AGENT"),
        (
            re.compile(
                r"lk\.(tts.*|input_text|user_transcript|transcript_confidence|"
                r"transcription_delay)"
            ),
            "UNKNOWN",
        ),
    ),
    inputs=("lk.user_input", "lk.user_transcript", "lk.chat_ctx", "lk.input_text"),
    outputs=("lk.response.text", "lk.response.function_calls"),
)

_LAMINAR = Convention(
    form=("openai", re.compile(r"lmnr\.span\.type")),
    kind=("lmnr.span.type",),
    kinds={
        "LLM": "LLM",
        "TOOL": "TOOL",
        "DEFAULT": "CHAIN",
        "PIPELINE": "CHAIN",
        "EXECUTOR": "AGENT",
        "EVALUATOR": "EVALUATOR",
        "HUMAN_EVALUATOR": "EVALUATOR",
        "EVALUATION": "EVALUATOR",
        "CACHED": "LLM",
    },
    inputs=("lmnr.span.input",),
    outputs=("lmnr.span.output",),
)

_LANGFUSE = Convention(
    kind=("langfuse.observation.type",),
    kinds={
        "generation": "LLM",
        "embedding": "EMBEDDING",
        "tool": "TOOL",
        "retriever": "RETRIEVER",
        "agent": "AGENT",
        "chain": "CHAIN",
        "evaluator": "EVALUATOR",
        "guardrail": "GUARDRAIL",
        "span": "UNKNOWN",
    },
    inputs=("langfuse.observation.input",),
    outputs=("langfuse.observation.output",),
)

CONVENTIONS = (
    _OPEN_INFERENCE,
    _GEMINI,
    *_CLAUDE_CODE,
    _GEN_AI,
    _TRACELOOP,
    _GOOGLE_ADK,
    _VERCEL,
    _VOLT_AGENT,
    _ASKED,
    _LIVE_KIT,
    _LAMINAR,
    _LANGFUSE,
)
"""In the order in which they are asked."""


class Spread(NamedTuple):
    """Spans that have what went in and came out as many attributes, one for each part of it.

    Attributes
    ----------
    kind, kinds
        Which attribute tells such a span, and its values.
    inputs, outputs
        What the names of the parts begin with.
    """

    kind: str
    kinds: frozenset[str]
    inputs: str
    outputs: str


CALLS = Spread(
    kind="ai.operationId",
    kinds=frozenset({"ai.generateText.doGenerate", "ai.streamText.doStream"}),
    inputs="ai.prompt.",
    outputs="ai.response.",
)
"""Calls of a language model by the Vercel AI SDK."""

CALL_FORMAT = "vercel_ai"
"""The form of those that `CALLS` tells."""
