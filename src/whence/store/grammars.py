"""What can be searched for: of runs, projects, models... the kinds, their keys and comparisons.

The words, keys and comparisons are those of MLflow 3.17's search, and so are the sentences in
which a filter is refused, since its clients look for them. `OWN_RUNS` allows more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "EVALUATION_DATASETS",
    "EXPERIMENTS",
    "LOGGED_MODELS",
    "MODEL_VERSIONS",
    "NUMBERS",
    "OWN_RUNS",
    "REGISTERED_MODELS",
    "RUNS",
    "TRACES",
    "Field",
    "Grammar",
    "Kind",
    "Operator",
    "Type",
    "shown",
]

Operator: TypeAlias = Literal[
    "=", "!=", ">", ">=", "<", "<=", "LIKE", "ILIKE", "RLIKE",
    "IN", "NOT IN", "IS NULL", "IS NOT NULL",
]  # fmt: skip

Type: TypeAlias = Literal["text", "number", "integer", "time", "either"]
"""text: a quoted value; integer: a number without a fraction; time: a quoted time of ISO 8601
with its zone; either: a quoted text, or a number, which is then compared as one."""

NUMBERS: frozenset[Operator] = frozenset({"=", "!=", ">", ">=", "<", "<="})
_TEXTS: frozenset[Operator] = frozenset({"=", "!=", "LIKE", "ILIKE"})
_SAME: frozenset[Operator] = frozenset({"=", "!="})
_ONLY_SAME: frozenset[Operator] = frozenset({"="})
_LISTS: frozenset[Operator] = frozenset({"IN", "NOT IN"})
_NULLS: frozenset[Operator] = frozenset({"IS NULL", "IS NOT NULL"})
_PATTERNS: frozenset[Operator] = frozenset({"RLIKE"})


class Field(NamedTuple):
    """What a key holds and how it can be compared.

    Attributes
    ----------
    type
        What it is compared with.
    operators
        The comparisons that it takes; which of them go with a number decides `type`.
    name
        What it is called in a condition, if not by its key.
    """

    type: Type
    operators: frozenset[Operator]
    name: str = ""


class Kind(NamedTuple):
    """A kind of facts, such as metrics.

    Attributes
    ----------
    name
        What conditions call it.
    words
        What it is called before the dot; the first is the one that is written.
    field
        What every key of it holds; None if only those in `fields` are known.
    fields
        What known keys hold.
    expected
        How another value than a text is refused.
    unknown
        How a key that is not known is refused.
    """

    name: str
    words: tuple[str, ...]
    field: Field | None = None
    fields: Mapping[str, Field] = {}
    expected: str = "Expected a quoted string value for {kind} (e.g. 'my-value')."
    unknown: str = "Invalid {kind} key '{key}' specified. Valid keys are '{keys}'"


class Grammar(NamedTuple):
    """What filters and orders of one thing can speak of.

    Attributes
    ----------
    about
        The thing: ``"runs"``.
    kinds
        Of filters.
    orders
        Of orders.
    unknown
        How another word before the dot is refused.
    """

    about: str
    kinds: tuple[Kind, ...]
    orders: tuple[Kind, ...]
    unknown: str


def shown(words: frozenset[Operator] | Mapping[str, Field]) -> str:
    """Return words as MLflow shows a set, in order."""
    return "{" + ", ".join(repr(str(word)) for word in sorted(words)) + "}"


def _fields(
    type_: Type, operators: frozenset[Operator], *keys: str, **other: str
) -> dict[str, Field]:
    """Return keys that hold the same; of `other` a condition has the second name."""
    plain = {key: Field(type_, operators, key) for key in keys}
    return plain | {key: Field(type_, operators, name) for key, name in other.items()}


_NUMBER = Field("number", NUMBERS)
_TEXT = Field("text", _TEXTS)
_OPTIONAL = Field("text", _TEXTS | _NULLS)

_TAG = Kind("tag", ("tags", "tag"), _TEXT)
_OPTIONAL_TAG = _TAG._replace(field=_OPTIONAL)
_METRIC = Kind("metric", ("metrics", "metric"), _NUMBER)
_PARAM = Kind("parameter", ("params", "param", "parameters", "parameter"), _OPTIONAL)
_ATTRIBUTE = Kind(
    "attribute",
    ("attributes", "attribute", "attr", "run"),
    expected="Expected a quoted string value for attributes.",
)

_RUN_FIELDS = {
    **_fields("text", _TEXTS | _LISTS, "run_id", "run_name", "user_id", "status", "artifact_uri"),
    **{name: Field("text", _TEXTS | _LISTS, "run_name")
       for name in ("run name", "Run name", "Run Name")},
    **_fields(
        "number", NUMBERS, "start_time", "end_time", created="start_time", Created="start_time"
    ),
}  # fmt: skip

_OF_RUNS = _ATTRIBUTE._replace(fields=_RUN_FIELDS)

_DATASET = Kind(
    "dataset",
    ("dataset", "datasets"),
    fields=_fields("text", _TEXTS | _LISTS, "name", "digest", "context"),
    expected="Expected a quoted string value for dataset attributes.",
)

_NO_SUCH_KIND = (
    "Invalid entity type '{word}'. Valid values are "
    "['metric', 'parameter', 'tag', 'attribute', 'dataset']"
)

RUNS = Grammar(
    "runs",
    (_METRIC, _OPTIONAL_TAG, _PARAM, _OF_RUNS, _DATASET),
    (_METRIC, _OPTIONAL_TAG, _PARAM, _OF_RUNS),
    _NO_SUCH_KIND,
)
"""Runs as MLflow searches them; times are numbers of milliseconds since 1970 (UTC)."""

_OF_OWN_RUNS = _ATTRIBUTE._replace(
    fields={
        **_RUN_FIELDS,
        **_fields("text", _TEXTS | _LISTS, "project", id="run_id", name="run_name", user="user_id"),
        **_fields("text", _TEXTS | _LISTS | _NULLS, "parent"),
        **_fields("time", NUMBERS, "started"),
        **_fields("time", NUMBERS | _NULLS, "ended"),
    }
)
_OWN_KINDS = (
    _METRIC._replace(field=Field("number", NUMBERS | _NULLS)),
    _TAG._replace(field=Field("text", _TEXTS | _LISTS | _NULLS)),
    _PARAM._replace(field=Field("either", _TEXTS | _LISTS | _NULLS | NUMBERS)),
    _OF_OWN_RUNS,
)

OWN_RUNS = Grammar("runs", (*_OWN_KINDS, _DATASET), _OWN_KINDS, _NO_SUCH_KIND)
"""Runs as Whence searches them: also by their own names, and params as numbers."""

_WORDS = ("attribute",)
_NO_SUCH_WORD = "Invalid entity type '{word}'. Valid entity types are ('attribute', 'tag', 'tags')"
_OF_EXPERIMENTS = Kind(
    "attribute",
    _WORDS,
    fields={
        **_fields("text", _TEXTS, "name"),
        **_fields("text", _SAME | _LISTS, "experiment_id"),
        **_fields("integer", NUMBERS, "creation_time", "last_update_time"),
    },
    expected="Expected a quoted string value for attributes.",
)

EXPERIMENTS = Grammar(
    "experiments", (_OPTIONAL_TAG, _OF_EXPERIMENTS), (_OF_EXPERIMENTS,), _NO_SUCH_WORD
)
"""Projects, under MLflow's name; times in milliseconds."""

_EXPECTED_OF_MODELS = (
    "Expected a quoted string value or a list of quoted string values for attributes."
)
_NO_SUCH_ORDER = "Invalid order by key '{key}' specified. Valid keys are '{keys}'"

REGISTERED_MODELS = Grammar(
    "registered models",
    (
        _TAG,
        Kind("attribute", _WORDS, None, _fields("text", _TEXTS | _LISTS, "name"),
             _EXPECTED_OF_MODELS),
    ),
    (
        Kind("attribute", _WORDS, None,
             _fields("text", _TEXTS, "name", "last_updated_timestamp",
                     timestamp="last_updated_timestamp"),
             unknown=_NO_SUCH_ORDER),
    ),
    _NO_SUCH_WORD,
)  # fmt: skip
"""Registered models; in an order ``timestamp`` is the time of the last change."""

MODEL_VERSIONS = Grammar(
    "model versions",
    (
        _TAG,
        Kind("attribute", _WORDS, None,
             {**_fields("text", _TEXTS | _LISTS, "name", "run_id"),
              **_fields("text", _TEXTS, "source_path"),
              **_fields("integer", NUMBERS, "version_number")},
             _EXPECTED_OF_MODELS),
    ),
    (
        Kind("attribute", _WORDS, None,
             _fields("text", _TEXTS, "name", "version_number", "creation_timestamp",
                     "last_updated_timestamp")),
    ),
    _NO_SUCH_WORD,
)  # fmt: skip
"""Versions of registered models."""

_OF_LOGGED_MODELS = Kind(
    "attribute",
    ("attributes",),
    fields={
        **_fields("text", _TEXTS | _LISTS, "name", "model_id", "model_type", "status",
                  "source_run_id"),
        **_fields("number", NUMBERS, "creation_timestamp", "last_updated_timestamp",
                  creation_time="creation_timestamp", last_updated_time="last_updated_timestamp",
                  creation_timestamp_ms="creation_timestamp",
                  last_updated_timestamp_ms="last_updated_timestamp"),
    },
)  # fmt: skip
_LISTED = Field("text", _TEXTS | _LISTS)
_METRIC_OF_MODELS = Kind("metric", ("metrics",), _NUMBER)

LOGGED_MODELS = Grammar(
    "logged models",
    (
        _METRIC_OF_MODELS,
        Kind("tag", ("tags",), _LISTED),
        Kind("parameter", ("params",), _LISTED),
        _OF_LOGGED_MODELS,
    ),
    (_METRIC_OF_MODELS, _OF_LOGGED_MODELS),
    "Invalid entity type: '{word}'. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
)
"""Logged models; times in milliseconds."""

_IN_TRACES = Field("text", _TEXTS | _PATTERNS | _NULLS)
_ASSESSED = Field("either", _TEXTS | _PATTERNS | _NULLS | NUMBERS)
_SPAN = Field("text", _TEXTS | _PATTERNS | _LISTS)
_TAG_OF_TRACES = Kind("tag", ("tags", "tag"), _IN_TRACES)
_METADATA_OF_TRACES = Kind("request_metadata", ("metadata", "request_metadata"), _IN_TRACES)
_OF_TRACES = Kind(
    "attribute",
    ("trace", "attributes", "attribute"),
    fields={
        **_fields("text", _TEXTS | _PATTERNS | _LISTS, "request_id", "status",
                  "client_request_id", "name", "run_id"),
        **_fields("text", _TEXTS | _PATTERNS, "prompt", "text"),
        **_fields("number", NUMBERS, "timestamp_ms", "execution_time_ms", "end_time_ms",
                  timestamp="timestamp_ms", execution_time="execution_time_ms",
                  end_time="end_time_ms"),
    },
    expected=_EXPECTED_OF_MODELS,
)  # fmt: skip

TRACES = Grammar(
    "traces",
    (
        _TAG_OF_TRACES,
        _METADATA_OF_TRACES,
        Kind("span", ("span",), _SPAN),
        Kind("feedback", ("feedback",), _ASSESSED),
        Kind("expectation", ("expectation",), _ASSESSED),
        Kind("issue", ("issue",), None, _fields("text", _ONLY_SAME, "id"),
             unknown="Invalid issue attribute '{key}'. Supported attributes: id"),
        _OF_TRACES,
    ),
    (
        _TAG_OF_TRACES,
        _METADATA_OF_TRACES,
        _OF_TRACES._replace(
            fields={key: field for key, field in _OF_TRACES.fields.items()
                    if key not in {"client_request_id", "prompt", "text"}}
            | _fields("text", _TEXTS, "experiment_id")
        ),
    ),
    "Invalid entity type '{word}'. Valid values are attribute, expectation, feedback, issue, "
    "metadata, request_metadata, span, tag and trace",
)  # fmt: skip
"""Traces; times in milliseconds."""

_NO_SUCH_KEY = "Invalid attribute key '{key}' specified. Valid keys are: {keys}"

EVALUATION_DATASETS = Grammar(
    "evaluation datasets",
    (
        _TAG,
        Kind("attribute", _WORDS, None,
             {**_fields("text", _TEXTS | NUMBERS | {"IN"}, "name"),
              **_fields("text", _TEXTS, "created_by", "last_updated_by"),
              **_fields("integer", NUMBERS, "created_time", "last_update_time")},
             unknown=_NO_SUCH_KEY),
    ),
    (
        Kind("attribute", _WORDS, None,
             _fields("text", _TEXTS, "name", "created_time", "last_update_time"),
             unknown=_NO_SUCH_KEY),
    ),
    "Invalid identifier token '{word}' specified",
)  # fmt: skip
"""Datasets of questions to evaluate with; times in milliseconds."""
