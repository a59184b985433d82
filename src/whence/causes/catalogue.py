"""The catalogue, in the order in which causes are preferred when they explain equally well.

The first can be undone at once, the next say where to look; a concept shift everywhere is the
vaguest answer that still says something, and a mix shift is what is left when no relation
changed. A new cause is a new file with NAME, QUESTION and ``test``, entered here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from whence.causes import (
    change_within_a_slice,
    concept_shift,
    data_collection_change,
    label_delay,
    label_quality,
    label_shift,
    mix_shift,
    pipeline_break,
    seasonality,
    unseen_value_or_range,
    version_change,
)

if TYPE_CHECKING:
    from whence.causes.evidence import Evidence, Outcome

__all__ = ["CATALOGUE", "Cause"]


class Cause(Protocol):
    """One way models fail."""

    NAME: str
    QUESTION: str

    def test(self, evidence: Evidence) -> Outcome:
        """Say how well this cause explains the failing rows."""


CATALOGUE: tuple[Cause, ...] = (
    seasonality,
    pipeline_break,
    unseen_value_or_range,
    version_change,
    label_delay,
    label_shift,
    label_quality,
    change_within_a_slice,
    concept_shift,
    data_collection_change,
    mix_shift,
)
