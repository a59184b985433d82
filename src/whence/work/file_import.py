"""The files of a run that is imported: taken in with the times at which they were logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import BadInput
from whence.journal.blobs import PIECE
from whence.store.artifacts import Artifact, find, refer, require_free
from whence.store.contents import blobs
from whence.store.places import folders_of_run
from whence.types.paths import safe_path

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.work.brought import Brought
    from whence.work.sources.source import SourceFile

__all__ = ["FileImport"]


class FileImport:
    """Takes the files of a run, each once.

    Parameters
    ----------
    run
        Its id; it is in the store already.
    """

    def __init__(self, store: StoreFolder, run: str, done: Brought) -> None:
        self._store = store
        self._run = run
        self._done = done
        # Where MLflow's clients look too; an experiment with a place elsewhere has no such folder.
        self._folder = folders_of_run(store.metadata, run)[-1]

    def add(self, file: SourceFile) -> None:
        """Take a file, unless the store has it as it is; say of one that cannot be taken."""
        try:
            path = safe_path(f"{self._folder}/{file.path}")
            known = find(self._store.metadata, path)
            size = file.place.stat().st_size
            if known is not None and (known.size, known.made) == (size, file.made):
                return
            self._keep(path, file)
        except (BadInput, OSError) as error:
            self._done.notes.append(f"run {self._run}: the file {file.place} was left out: {error}")

    def _keep(self, path: str, file: SourceFile) -> None:
        metadata, kept = self._store.metadata, blobs(self._store)
        require_free(metadata, path)
        with file.place.open("rb") as source, kept.draft() as draft:
            while part := source.read(PIECE):
                draft.write(part)
            if file.digest not in {"", draft.digest()}:
                raise BadInput(f"it has another SHA-256 than {file.digest}, as was said of it")
            draft.sync()
            with kept.keeping():
                blob = draft.keep(lasting=True)
                with metadata.transaction():
                    require_free(metadata, path)
                    refer(metadata, [Artifact(path, *blob, file.made)])
        self._done.files += 1
        self._done.bytes += blob.size
