"""The service: photos come in, the network answers, answers and late labels are logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from whence.demo.phone import NEW, shoot
from whence.demo.remedies import Served
from whence.demo.serving import read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    from whence.demo.network import Network
    from whence.demo.traffic import Request

    Progress = Callable[[str, float], None]

__all__ = ["ModelLog", "serve"]


class ModelLog(Protocol):
    """What the case needs of `whence.Model`."""

    def log(
        self,
        frame: list[dict[str, Any]],
        *,
        id: str,  # noqa: A002 - the role's name
        time: str,
        prediction: str,
        proba: str,
        images: str,
        version: str,
    ) -> int:
        """Record predictions."""
        ...

    def label(
        self,
        frame: list[dict[str, Any]],
        *,
        id: str,  # noqa: A002 - the role's name
        label: str,
        time: str,
    ) -> int:
        """Record labels."""
        ...

    def reference(self, start: datetime, end: datetime) -> None:
        """Declare the healthy period."""
        ...


def serve(
    model: ModelLog,
    network: Network,
    traffic: list[list[Request]],
    folder: Path,
    codes: dict[str, int],
    *,
    version: str,
    rng: Generator,
    tell: Progress,
) -> list[Served]:
    """Answer and log each day's requests, and the labels that became known by its end.

    Parameters
    ----------
    model
        Where predictions and labels are logged.
    network
        What answers.
    traffic
        The requests of each day.
    folder
        Where the uploaded files are kept, one folder a day.
    codes
        Class name -> number.
    version
        Of the network; it never changes in this case.
    rng
        Draws each photo's crop.
    tell
        Called with "serving" and the share of days done.
    """
    served: list[Served] = []
    waiting: list[Request] = []
    for number, those in enumerate(traffic):
        if those:
            files = [_upload(request, folder, rng) for request in those]
            images = [read(file.read_bytes()) for file in files]
            chances = network.probabilities(images)
            _log_predictions(model, those, files, chances, list(codes), version)
            served += [
                Served(
                    photo=image,
                    at=request.at,
                    known=request.known,
                    person=request.scene.person,
                    new_phone=request.phone is NEW and request.scene.original is None,
                    label=codes[request.scene.label],
                    predicted=int(chance.argmax()),
                )
                for request, image, chance in zip(those, images, chances, strict=True)
            ]
            last = those[-1].at
            _log_labels(model, [request for request in waiting if request.known <= last])
            waiting = [request for request in waiting if request.known > last] + those
        tell("serving", (number + 1) / len(traffic))
    _log_labels(model, waiting)
    return served


def _upload(request: Request, folder: Path, rng: Generator) -> Path:
    """Write the file a request sends, and return where."""
    day = folder / f"{request.at:%Y-%m-%d}"
    day.mkdir(parents=True, exist_ok=True)
    file = day / f"{request.id}.jpg"
    scene = request.scene
    if scene.original is not None:
        file.write_bytes(scene.original.read_bytes())
    elif scene.image is not None:
        file.write_bytes(shoot(scene.image, request.phone, request.at, request.light, rng))
    return file


def _log_predictions(
    model: ModelLog,
    those: Sequence[Request],
    files: Sequence[Path],
    chances: NDArray[np.float32],
    names: Sequence[str],
    version: str,
) -> None:
    rows = [
        {
            "id": request.id,
            "ts": request.at,
            "photo": str(file),
            "country": request.country,
            "app_version": request.app_version,
            "prediction": names[int(chance.argmax())],
            "confidence": float(chance.max()),
        }
        for request, file, chance in zip(those, files, chances, strict=True)
    ]
    model.log(
        rows,
        id="id",
        time="ts",
        prediction="prediction",
        proba="confidence",
        images="photo",
        version=version,
    )


def _log_labels(model: ModelLog, those: Sequence[Request]) -> None:
    if those:
        rows = [{"id": one.id, "label": one.scene.label, "at": one.known} for one in those]
        model.label(rows, id="id", label="label", time="at")
