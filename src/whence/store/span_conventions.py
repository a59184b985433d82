"""Under which names the makers of spans say what a span did: their conventions, as a table.

Sources: OpenTelemetry's semantic conventions for generative AI, OpenInference, OpenLLMetry
(Traceloop), Claude Code, Google ADK, Vercel AI SDK, VoltAgent, LiveKit, Laminar, Langfuse,
Spring AI, and the attributes of MLflow's own SDK, which go before all others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CALLS",
    "CONVENTIONS",
    "COST",
    "GIVEN",
    "IMPLIED",
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


GIVEN = Given()

SESSION = ("session.id", "gen_ai.conversation.id")
USER = ("user.id",)


class Convention(NamedTuple):
    """The attributes of one convention; several names of a fact in order of rank.

    Attributes
    ----------
    kind, kinds
        Which attributes hold the kind of a span, and what their values mean here.
    inputs, outputs
        What went in and came out; patterns match whole names.
    tokens
        By the names of `TOKENS`.
    model, provider
        Of a language model.
    tools
        Which ones it could call.
    """

    kind: tuple[str, ...] = ()
    kinds: Mapping[str, str] = {}
    inputs: tuple[str | re.Pattern[str], ...] = ()
    outputs: tuple[str | re.Pattern[str], ...] = ()
    tokens: Mapping[str, tuple[str, ...]] = {}
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

_CLAUDE_CODE = Convention(
    kind=("span.type",),
    kinds={
        f"{prefix}{one}": kind
        for prefix in ("claude_code.", "")
        for one, kind in (("interaction", "AGENT"), ("llm_request", "LLM"), ("tool", "TOOL"))
    },
)

_LIVE_KIT = Convention(
    inputs=("lk.user_input", "lk.user_transcript", "lk.chat_ctx", "lk.input_text"),
    outputs=("lk.response.text", "lk.response.function_calls"),
)

_LAMINAR = Convention(
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
    _CLAUDE_CODE,
    _GEN_AI,
    _TRACELOOP,
    _GOOGLE_ADK,
    _VERCEL,
    _VOLT_AGENT,
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

IMPLIED = {
    "gen_ai.request.model": "LLM",
    "lk.retry_count": "LLM",
    "lk.function_tool.name": "TOOL",
    "lk.agent_name": "AGENT",
    "lk.instructions": "AGENT",
    "lk.generation_id": "AGENT",
}
"""What a span does that has an attribute but does not say its kind: OpenTelemetry's, LiveKit's."""
