"""From an incident to a verdict: the ledger of the drop, the causes, what stays unexplained."""

from whence.why.calendar import Calendar
from whence.why.diagnosis import diagnose

__all__ = ["Calendar", "diagnose"]
