"""MLflow's REST API over the same store: what its clients in Python, R and Java speak.

An adapter: it words requests and answers as MLflow does, and everything it needs is the store's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse
from starlette.routing import Route

from whence.server.mlflow.artifact_files import artifact_routes
from whence.server.mlflow.artifacts import ARTIFACTS
from whence.server.mlflow.assessments import ASSESSMENTS
from whence.server.mlflow.evaluation_datasets import EVALUATION_DATASETS
from whence.server.mlflow.experiments import EXPERIMENTS
from whence.server.mlflow.label_schemas import LABEL_SCHEMAS
from whence.server.mlflow.logged_models import LOGGED_MODELS
from whence.server.mlflow.metrics import METRICS
from whence.server.mlflow.old_traces import OLD_TRACES
from whence.server.mlflow.otlp import otlp_routes
from whence.server.mlflow.promptlab import PROMPTLAB
from whence.server.mlflow.registry import REGISTRY
from whence.server.mlflow.review_queues import REVIEW_QUEUES
from whence.server.mlflow.run_logging import LOGGING
from whence.server.mlflow.runs import RUNS
from whence.server.mlflow.scorers import SCORERS
from whence.server.mlflow.search import SEARCH
from whence.server.mlflow.strays import stray_routes
from whence.server.mlflow.trace_edits import TRACE_EDITS
from whence.server.mlflow.trace_metrics import TRACE_METRICS
from whence.server.mlflow.trace_search import TRACE_SEARCH
from whence.server.mlflow.traces import TRACES
from whence.server.mlflow.versions import VERSIONS
from whence.server.mlflow.wire import Call, Message, routes_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from whence.server.shared import Shared

__all__ = ["mlflow_routes"]

SPOKEN = "3.17.2"
"""The version of MLflow whose API this is."""


def mlflow_routes(shared: Shared) -> list[Route]:
    """Return every route of MLflow's API."""
    calls = (
        *ARTIFACTS,
        *EXPERIMENTS,
        *RUNS,
        *SEARCH,
        *LOGGING,
        *PROMPTLAB,
        *METRICS,
        *LOGGED_MODELS,
        *EVALUATION_DATASETS,
        *REGISTRY,
        *VERSIONS,
        *TRACE_EDITS,
        *TRACE_METRICS,
        *TRACE_SEARCH,
        *TRACES,
        *OLD_TRACES,
        *ASSESSMENTS,
        *SCORERS,
        *LABEL_SCHEMAS,
        *REVIEW_QUEUES,
        *_SERVER,
    )
    own = [*artifact_routes(shared), *otlp_routes(shared)]
    known = [*own, *routes_of(shared, calls), Route("/version", _version)]
    return [*known, *stray_routes(known)]


async def _version(_: Request) -> Response:
    return PlainTextResponse(SPOKEN)


def _server_info(_: Shared, __: Message) -> dict[str, object]:
    return {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        "trace_archival_enabled": False,
        "multipart_uploads_enabled": False,
        "multipart_downloads_enabled": False,
        "presigned_upload_run_id_supported": True,
        "presigned_upload_model_id_supported": True,
        "features_enabled": {"gateway": False},
    }


_SERVER = (Call("GET", "3.0/mlflow/server-info", _server_info),)
