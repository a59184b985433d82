"""Regular expressions in filters of traces.

SQLite knows none, and Python's can be made to search for ever: those of RE2 cannot
(https://swtch.com/~rsc/regexp/regexp1.html), and it is in pyarrow. So the texts that there are
are matched at once, and the filter asks for those that fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import BadInput

if TYPE_CHECKING:
    from whence.store.conditions import Condition
    from whence.store.metadata import Metadata

__all__ = ["without_patterns"]

_ATTRIBUTES = {
    "request_id": "SELECT id FROM traces",
    "status": "SELECT DISTINCT state FROM traces",
    "client_request_id": "SELECT DISTINCT client FROM traces",
    "name": "SELECT DISTINCT name FROM traces",
    "run_id": "SELECT DISTINCT value FROM trace_metadata WHERE key = 'mlflow.sourceRun'",
}
_SPANS = {
    "name": "SELECT DISTINCT name FROM spans",
    "type": "SELECT DISTINCT kind FROM spans",
    "status": "SELECT DISTINCT status FROM spans",
}
_SPAN_ATTRIBUTE = (
    "SELECT DISTINCT CASE said.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
    " ELSE CAST(said.value AS TEXT) END FROM spans,"
    " json_each(spans.content, '$.attributes') AS said"
    " WHERE said.key = ?"
)
_OF_KIND = {
    "tag": "SELECT DISTINCT value FROM trace_tags WHERE key = ?",
    "request_metadata": (
        "SELECT DISTINCT value FROM trace_metadata WHERE key = ?1"
        " UNION SELECT session FROM traces WHERE ?1 = 'mlflow.trace.session'"
    ),
    "span": _SPAN_ATTRIBUTE,
    "feedback": (
        "SELECT DISTINCT CASE json_type(value) WHEN 'text' THEN json_extract(value, '$')"
        " ELSE value END FROM assessments WHERE name = ?"
    ),
}
_OF_KIND["expectation"] = _OF_KIND["feedback"]


def without_patterns(metadata: Metadata, one: Condition) -> Condition:
    """Return a condition that asks for the texts that fit, where one asks for a pattern.

    Raises
    ------
    BadInput
        If the pattern is none.
    """
    if one.operator != "RLIKE" or (one.kind == "attribute" and one.key not in _ATTRIBUTES):
        return one
    if one.kind == "attribute":
        found = metadata.all(_ATTRIBUTES[one.key])
    elif one.kind == "span" and one.key in _SPANS:
        found = metadata.all(_SPANS[one.key])
    else:
        key = one.key.removeprefix("attributes.") if one.kind == "span" else one.key
        found = metadata.all(_OF_KIND[one.kind], key)
    texts = [text for (text,) in found if isinstance(text, str)]
    return one._replace(operator="IN", value=tuple(_fitting(texts, str(one.value))))


def _fitting(texts: list[str], pattern: str) -> list[str]:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and few filters need it
    import pyarrow.compute as pc  # noqa: PLC0415 - as above

    try:
        fits = pc.match_substring_regex(pa.array(texts, pa.string()), pattern)
    except pa.ArrowInvalid as error:
        raise BadInput(f"Invalid regular expression '{pattern}': {error}") from None
    return [text for text, hit in zip(texts, fits.to_pylist(), strict=True) if hit]
