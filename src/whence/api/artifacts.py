"""Artifacts of a run, as a program logs them."""

from __future__ import annotations

import io
import os
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from whence import record
from whence.errors import BadInput

if TYPE_CHECKING:
    from whence.record import ArtifactRecords

__all__ = ["Artifacts"]

_IMAGES = {
    b"\x89PNG\r\n\x1a\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"GIF87a": ".gif",
    b"GIF89a": ".gif",
}
"""What files of images begin with."""

_WEBP = (b"RIFF", b"WEBP")


class Artifacts:
    """What a run logs beside numbers: files, texts, tables, images, figures, models.

    Each is a path in the run with a content; the same path again replaces it. Equal contents are
    kept once.
    """

    id: str
    _store: Path
    _ended: bool

    @cached_property
    def _artifacts(self) -> ArtifactRecords:
        # Loaded with the first artifact: OpenSSL, which hashes, takes longer than all else.
        return record.ArtifactRecords(self._store, self.id)

    def log_artifact(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Log a file, or a folder with all in it.

        Parameters
        ----------
        path
            Where it is now; it is copied, so it may change or go afterwards.
        name
            Its path in the run, with ``/`` between names; its own name if None.

        Raises
        ------
        BadInput
            If there is none, or it cannot be read, or the name is no path.
        Unwritable
            If the store cannot be written.

        Examples
        --------
        >>> import whence
        >>> from pathlib import Path
        >>> with whence.start_run(name="with files") as run:
        ...     _ = Path("notes.txt").write_text("learning rate halved")
        ...     run.log_artifact("notes.txt")
        >>> [one.path for one in whence.open().run("with files").artifacts()]
        ['notes.txt']
        """
        self._check_open()
        source = Path(path)
        called = name or source.resolve().name
        for file, each in record.files_of(source, called):
            self._artifacts.file(file, each)

    def log_text(self, text: str, name: str) -> None:
        """Log a text, as UTF-8, under a name such as ``"report.md"``; see `log_artifact`."""
        if not isinstance(text, str):
            raise BadInput(f"the text of {name!r} is {text!r:.80}; give a str")
        self._put(text.encode(errors="surrogatepass"), name)

    def log_table(self, table: Any, name: str) -> None:  # noqa: ANN401 - rows, or any library's frame
        """Log a table as JSON: ``{"columns": [...], "data": [[...], ...]}``.

        For a large one write a Parquet file and log that.

        Parameters
        ----------
        table
            A list of dicts, a dict of columns, or a frame (Arrow, pandas, Polars, ...).
        name
            Its path in the run; ``.json`` is appended where it is missing.
        """
        self._put(record.table_as_json(table), _with_suffix(name, ".json"))

    def log_image(self, image: Any, name: str, *, step: int | None = None) -> None:  # noqa: ANN401 - of any library
        """Log an image.

        Parameters
        ----------
        image
            An image of Pillow; an array, height x width (x 3 or 4 colours) of integers from 0 to
            255 or floats from 0 to 1, for which Pillow is needed; or the bytes of a PNG, JPEG,
            GIF or WebP file.
        name
            Its path in the run; the ending is appended where it is missing.
        step
            Which of several of that name: it becomes ``name/STEP.png``.

        Raises
        ------
        BadInput
            If it is no image.
        MissingDependency
            If an array is given and the extra ``images`` is not installed.
        """
        content, suffix = _image(image)
        if step is not None:
            ending = PurePosixPath(name).suffix
            name = f"{name.removesuffix(ending)}/{int(step)}{ending}"
        self._put(content, _with_suffix(name, suffix))

    def log_figure(self, figure: Any, name: str) -> None:  # noqa: ANN401 - of any library
        """Log a figure: of Matplotlib as an image, of Plotly and its like as a page of HTML.

        Parameters
        ----------
        figure
            Anything with ``savefig``, ``to_html`` or ``write_html``.
        name
            Its path in the run; its ending says the format, ``.png`` or ``.html`` where there is
            none.

        Raises
        ------
        BadInput
            If it has none of them.
        """
        if hasattr(figure, "savefig"):
            called = name if PurePosixPath(name).suffix else f"{name}.png"
            written = io.BytesIO()
            figure.savefig(written, format=PurePosixPath(called).suffix.removeprefix("."))
            self._put(written.getvalue(), called)
        elif hasattr(figure, "to_html"):
            self._put(figure.to_html().encode(), _with_suffix(name, ".html"))
        elif hasattr(figure, "write_html"):
            page = io.StringIO()
            figure.write_html(page)
            self._put(page.getvalue().encode(), _with_suffix(name, ".html"))
        else:
            raise BadInput(
                f"{figure!r:.80} is no figure that is known: it has no savefig, to_html or "
                "write_html; save it to a file, and log that with log_artifact"
            )

    def log_model(self, model: Any, name: str) -> None:  # noqa: ANN401 - any object at all
        """Log a model: a file or folder as it is, or an object as ``name/model.pkl``.

        Prefer a file that your library saves. A pickle runs whatever code it holds when it is
        loaded, and loads only where the same versions of everything are installed.

        Parameters
        ----------
        model
            A path, or an object.
        name
            Its path in the run.
        """
        if isinstance(model, (str, os.PathLike)):
            self.log_artifact(model, name)
            return
        import pickle  # noqa: PLC0415 - few need it

        self._check_open()
        with self._artifacts.opened(f"{name}/model.pkl") as draft:
            try:
                pickle.dump(model, draft, protocol=5)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                raise BadInput(
                    f"the model {model!r:.80} cannot be pickled: {error}; save it to a file as its "
                    "library does, and log its path"
                ) from error

    def _put(self, content: bytes, name: str) -> None:
        self._check_open()
        self._artifacts.content(content, name)

    def _check_open(self) -> None:
        if self._ended:
            raise BadInput(f"run {self.id} is finished; start another to log more")


def _with_suffix(name: str, suffix: str) -> str:
    return name if PurePosixPath(name).suffix.lower() == suffix else f"{name}{suffix}"


def _image(image: Any) -> tuple[bytes, str]:  # noqa: ANN401 - of any library
    if isinstance(image, (bytes, bytearray)):
        content = bytes(image)
        for start, suffix in _IMAGES.items():
            if content.startswith(start):
                return content, suffix
        if (content[:4], content[8:12]) == _WEBP:
            return content, ".webp"
        raise BadInput(
            f"the image begins with {content[:8]!r}; give the bytes of a PNG, JPEG, GIF or WebP "
            "file, an array, or an image of Pillow"
        )
    if hasattr(image, "save") and hasattr(image, "mode"):
        written = io.BytesIO()
        image.save(written, "PNG")
        return written.getvalue(), ".png"
    if not hasattr(image, "__array__"):
        raise BadInput(f"{image!r:.80} is no image; give an array, an image of Pillow, or bytes")
    from whence.api.dependencies import require  # noqa: PLC0415 - for arrays only

    require("images")
    from whence.inputs.encode import as_png  # noqa: PLC0415 - needs the extra `images`

    return as_png(image), ".png"
