"""Files a user imports: Parquet, CSV and Arrow IPC, read in pieces."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from whence.errors import BadInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FORMATS", "digest", "pieces", "schema"]

FORMATS = (".parquet", ".pq", ".csv", ".arrow", ".feather", ".ipc")
"""The file endings that are understood."""

_GZIP = b"\x1f\x8b"
"""What a file that gzip compressed begins with (RFC 1952, section 2.3.1)."""

PIECE = 1_000_000
"""Rows taken into memory, and made one epoch, at a time."""


def schema(path: Path, text: frozenset[str] = frozenset()) -> pa.Schema:
    """Return a file's columns and types; `text` names columns of a CSV to be read as text.

    Raises
    ------
    NotFound
        If there is no such file.
    BadInput
        If it is of an unknown format, empty, or broken.
    """
    with _reading(path):
        if _ending(path) in {".parquet", ".pq"}:
            return pa.parquet.read_schema(path)
        if _ending(path) == ".csv":
            return _csv(path, text).schema
        return _ipc(path).schema


def pieces(path: Path, text: frozenset[str] = frozenset()) -> Iterator[pa.Table]:
    """Yield a file as tables of at most `PIECE` rows; an empty file yields none.

    Raises
    ------
    BadInput
        If the file breaks off or cannot be decoded.
    """
    with _reading(path):
        held: list[pa.RecordBatch] = []
        rows = 0
        for batch in _batches(path, text):
            start = 0
            while rows + batch.num_rows - start >= PIECE:
                take = PIECE - rows
                yield pa.Table.from_batches([*held, batch.slice(start, take)])
                held, rows, start = [], 0, start + take
            held.append(batch.slice(start))
            rows += batch.num_rows - start
        if rows:
            yield pa.Table.from_batches(held)


def _batches(path: Path, text: frozenset[str]) -> Iterator[pa.RecordBatch]:
    if _ending(path) in {".parquet", ".pq"}:
        with pa.parquet.ParquetFile(path) as source:
            # Whole row groups: batches of another size cost twice the time.
            for group in range(source.num_row_groups):
                yield from source.read_row_group(group).to_batches()
    elif _ending(path) == ".csv":
        yield from _csv(path, text).to_batches()
    else:
        yield from _ipc(path).to_batches()


def _csv(path: Path, text: frozenset[str]) -> pa.Table:
    with path.open("rb") as file:
        if file.read(len(_GZIP)) == _GZIP:  # else told by what its bytes happen to look like
            raise BadInput(f"{path} is compressed by gzip; gunzip it first")
    # Read whole: only then is a column's type inferred from all of it. Only an empty cell is
    # missing: "NA" may be a country.
    table = pa.csv.read_csv(
        path,
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(text, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    _require_utf8(path, table.schema)
    return table


def _require_utf8(path: Path, schema: pa.Schema) -> None:
    # Text that is no UTF-8 is handed out as bytes, and a column's name only when it is asked for.
    try:
        columns = zip(schema.names, schema.types, strict=True)
        foreign = [f"column {name!r}" for name, of in columns if pa.types.is_binary(of)]
    except UnicodeDecodeError:
        foreign = ["the name of a column"]
    if foreign:
        raise BadInput(
            f"{path} is not in UTF-8 ({foreign[0]} holds other bytes); "
            f"convert it, for example: iconv -f latin1 -t utf-8 {path.name}"
        )


def _ipc(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        try:
            return pa.ipc.open_file(source).read_all()
        except pa.ArrowInvalid:
            source.seek(0)
            return pa.ipc.open_stream(source).read_all()


def digest(path: Path, options: bytes) -> str:
    """Return the SHA-256 of a file's content and the options it is imported with, in hex."""
    with path.open("rb") as file:
        seen = hashlib.file_digest(file, "sha256")
    seen.update(options)
    return seen.hexdigest()


def _ending(path: Path) -> str:
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise BadInput(
            f"{path} is of no known format ({ending or 'no ending'}); "
            f"give a file that ends in {', '.join(FORMATS)}"
        )
    return ending


class _reading:  # noqa: N801 - used as a statement: with _reading(path)
    """Turn what goes wrong with a file into an error that names it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        if not self._path.is_file():
            what = "is a folder" if self._path.is_dir() else "does not exist"
            raise NotFound(f"the file {self._path} {what}; name one or more data files")

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, (pa.ArrowException, OSError)):
            raise BadInput(
                f"cannot read {self._path}: {str(error).splitlines()[0]}; "
                "check that it is whole and of the format its name says"
            ) from error
