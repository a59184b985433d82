"""Who is measured, and where each keeps what it logs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PEERS", "QUIET", "Peer"]


@dataclass(frozen=True, slots=True)
class Peer:
    """A tracker.

    Attributes
    ----------
    title
        Its column in the table.
    package
        What is installed, ``""`` for nothing.
    name
        What a program imports, and the file here that uses it: ``with_<name>.py``.
    place
        Where it logs to, of the folder it is given.
    reads_with
        What must be installed to read, if more than to log.
    server
        Whether it logs through a server, on the store at `place`.
    reads
        Whether it can read what it logged; otherwise we count the points of its files.
    queries
        Whether it can sort runs by a metric.
    logs
        Whether it can be used without its server at all.
    """

    title: str
    package: str
    name: str
    place: str = "{folder}"
    reads_with: str | None = None
    server: bool = False
    reads: bool = True
    queries: bool = True
    logs: bool = True


_SQLITE = "sqlite:///{folder}/mlflow.db"

PEERS = (
    Peer("Whence", "whence", "whence", reads_with="whence[app]"),
    Peer("trackio", "trackio", "trackio"),
    Peer("comet, offline", "comet_ml", "comet", reads=False, queries=False),
    Peer("wandb, offline", "wandb", "wandb", reads=False, queries=False),
    Peer("aim", "aim", "aim"),
    Peer("mlflow, files", "mlflow", "mlflow", "file://{folder}"),
    Peer("mlflow, SQLite", "mlflow", "mlflow", _SQLITE),
    Peer("mlflow, HTTP", "mlflow", "mlflow", _SQLITE, server=True),
    Peer("langfuse", "langfuse", "langfuse", logs=False),
    Peer("bare `os.write`", "", "bare", queries=False),
)

QUIET = {
    "COMET_LOGGING_CONSOLE": "ERROR",
    "COMET_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "GIT_PYTHON_REFRESH": "quiet",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGFUSE_TRACING_ENABLED": "false",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    # Whatever would still call home meets a proxy that nobody has started.
    "ALL_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}
"""Offline and without telemetry, in each peer's own words."""
