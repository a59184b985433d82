"""The files of a run that is imported, or a trace: taken in with the times of their logging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import BadInput
from whence.journal.blobs import PIECE
from whence.store.artifacts import Artifact, find, refer, require_free
from whence.store.contents import blobs
from whence.types.paths import safe_path

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.work.importing.brought import Brought
    from whence.work.importing.sources.source import SourceFile

__all__ = ["FileImport"]


class FileImport:
    """Takes files into a folder of artifacts, each once.

    Parameters
    ----------
    what
        Whose they are, in words.
    folder
        Where to; None if their project keeps its files elsewhere than in the store.
    """

    def __init__(self, store: StoreFolder, what: str, folder: str | None, done: Brought) -> None:
        self._store = store
        self._what = what
        self._folder = folder
        self._done = done

    def add(self, file: SourceFile) -> bool:
        """Take a file, unless the store has it as it is; say of one that cannot be taken.

        Returns
        -------
        bool
            Whether it is here now.
        """
        if self._folder is None:
            self._leave_out(file, "its project here keeps its files elsewhere than in the store")
            return False
        try:
            path = safe_path(f"{self._folder}/{file.path}")
            known = find(self._store.metadata, path)
            size = file.place.stat().st_size
            if known is not None and (known.size, known.made) == (size, file.made):
                return True
            self._keep(path, file)
        except (BadInput, OSError) as error:
            self._leave_out(file, str(error))
            return False
        return True

    def _leave_out(self, file: SourceFile, why: str) -> None:
        self._done.notes.append(f"{self._what}: the file {file.place} was left out: {why}")

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
