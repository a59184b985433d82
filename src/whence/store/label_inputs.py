"""How people answer a question on a trace: with what control, and within which bounds."""

from __future__ import annotations

import msgspec

from whence.errors import BadInput

__all__ = ["Categorical", "Input", "Numeric", "PassFail", "Text", "check_change", "check_input"]

_MOST_OPTIONS, _LONGEST_LABEL = 10, 64
"""Options to choose from, and characters of what a button or an option says."""


class PassFail(msgspec.Struct, frozen=True, tag="pass_fail"):
    """One of two buttons, the good one first."""

    positive_label: str = ""
    negative_label: str = ""


class Categorical(msgspec.Struct, frozen=True, tag="categorical"):
    """One of several options, or as many of them as apply."""

    options: tuple[str, ...] = ()
    multi_select: bool = False


class Numeric(msgspec.Struct, frozen=True, tag="numeric"):
    """A number; a bound that is None is none."""

    min_value: float | None = None
    max_value: float | None = None


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Free words, of at most so many characters if that is said."""

    max_length: int | None = None


Input = PassFail | Categorical | Numeric | Text
"""One control."""


def check_input(found: Input) -> None:
    """Refuse a control that nobody could answer with.

    Raises
    ------
    BadInput
        If labels are missing, too long or the same, or bounds leave nothing between them.
    """
    match found:
        case PassFail():
            _check_labels("labels", (found.positive_label, found.negative_label))
        case Categorical():
            if not 1 <= len(found.options) <= _MOST_OPTIONS:
                raise BadInput(
                    f"the label schema has {len(found.options)} options; give 1 to {_MOST_OPTIONS}"
                )
            _check_labels("options", found.options)
        case Numeric(least, most):
            if least is not None and most is not None and least >= most:
                raise BadInput(
                    f"the label schema's numbers go from {least} to {most}; give a smaller "
                    "min_value or a larger max_value"
                )
        case Text(longest):
            if longest is not None and longest < 1:
                raise BadInput(f"the label schema's max_length is {longest}; give at least 1")


def _check_labels(what: str, labels: tuple[str, ...]) -> None:
    for label in labels:
        if not 1 <= len(label) <= _LONGEST_LABEL:
            raise BadInput(
                f"the label schema's {what} hold {label!r:.80}; each has 1 to {_LONGEST_LABEL} "
                "characters"
            )
    if len(set(labels)) < len(labels):
        raise BadInput(f"the label schema's {what} are {list(labels)}; give each only once")


def check_change(before: Input, after: Input) -> None:
    """Refuse another control, under which the answers so far would mean nothing.

    Raises
    ------
    BadInput
        If the kind of control changes, or whether several options may be chosen.
    """
    if type(before) is not type(after):
        raise BadInput(
            f"the label schema's input is {type(before).__name__} and would become "
            f"{type(after).__name__}; make another label schema"
        )
    if (
        isinstance(before, Categorical)
        and isinstance(after, Categorical)
        and before.multi_select is not after.multi_select
    ):
        raise BadInput("multi_select of a label schema cannot change; make another label schema")
