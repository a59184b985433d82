"""Datasets: what a program says of the data it used and made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from whence import record
from whence.api.location import locate
from whence.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Dataset", "dataset"]

_DIGEST = 32
"""Hexadecimal digits of a content's SHA-256 that tell datasets of one name apart: 128 bits."""


class Dataset(NamedTuple):
    """One version of some data; `dataset` makes one.

    Attributes
    ----------
    name, digest
        How people call it, and what tells this content from others.
    kind, source
        Where it lies.
    made_from
        References to what it was made from.

    Examples
    --------
    >>> import whence
    >>> str(whence.dataset("clicks", digest="2026-11"))
    'dataset:clicks@2026-11'
    """

    name: str
    digest: str
    kind: str = ""
    source: str = ""
    made_from: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"dataset:{self.name}@{self.digest}"


def dataset(
    name: str,
    source: str | os.PathLike[str] = "",
    *,
    digest: str | None = None,
    made_from: Sequence[str | Dataset] = (),
    store: str | os.PathLike[str] | None = None,
) -> Dataset:
    """State a dataset and what produced it, and return it for ``run.use_dataset``.

    Parameters
    ----------
    name
        How people call it, at most 200 characters.
    source
        A file or folder, whose content makes the digest; or any address, with `digest`.
    digest
        What tells this content from others of the name.
    made_from
        What produced it: ``"predictions:shop@7"`` (what version 7 of the model showed),
        ``"labels:shop"``, ``"run:ID"``, ``"model:shop@7"``, another dataset.
    store
        The store's folder or a server's address; by default ``WHENCE_STORE``, else ``./.whence``.

    Raises
    ------
    BadInput
        If there is neither a file nor a digest, or a reference names nothing.
    Unwritable
        If the store cannot be written.

    Examples
    --------
    >>> import whence
    >>> clicks = whence.dataset("clicks", digest="2026-11", made_from=["predictions:shop@7"])
    >>> with whence.start_run(project="shop") as run:
    ...     run.use_dataset(clicks, context="training")
    """
    from whence.types.lineage import Ref  # noqa: PLC0415 - a run that names no dataset needs none

    where = locate(store)
    found = Path(source) if source else None
    there = found is not None and found.exists()
    if digest is None:
        if found is None or not there:
            raise BadInput(
                f"dataset {name!r} has no digest and its source {os.fspath(source)!r} is no file "
                "here; give digest=, whatever tells this content from others of the name"
            )
        digest = _digest(found)
    origins = tuple(str(Ref.parse(str(one))) for one in made_from)
    kind = "file" if there else ("address" if source else "")
    said = Dataset(name, digest, kind, os.fspath(source), origins)
    record.say_dataset(
        where, name=name, digest=digest, kind=kind, source=said.source, made_from=origins
    )
    return said


def _digest(path: Path) -> str:
    """Return what tells the content of a file, or of a folder's files and their names."""
    import hashlib  # noqa: PLC0415 - a run that names no dataset needs none

    def of_file(file: Path) -> bytes:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").digest()

    if path.is_file():
        return of_file(path).hex()[:_DIGEST]
    whole = hashlib.sha256()
    for file in sorted(one for one in path.rglob("*") if one.is_file()):
        name = file.relative_to(path).as_posix().encode(errors="surrogatepass")
        whole.update(b"%d:%s%s" % (len(name), name, of_file(file)))
    return whole.hexdigest()[:_DIGEST]
