"""Tables as Parquet files that pandas, R and DuckDB open as they are, each column with its unit and meaning inside."""

import os
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from alprsim.tables import Table, TableError

SCHEMA_VERSION = 1
"""Of every file we write; raised when a column changes its name, dtype or meaning."""

T = TypeVar("T", bound=Table)


def save(table: Table, file: Path, *, extra: dict[str, Any] | None = None, fast: bool = False) -> None:
    """Write a table, whole or not at all: to a temporary name first, then moved.

    Parameters
    ----------
    table
        Any of ``tables.TABLES``.
    file
        The folder must exist.
    extra
        More columns (name → array of as many rows), for tables that are widened for people, such as latitude.
    fast
        For large sorted integer columns: delta encoding, the lightest compression, no statistics.
    """
    write(_arrow(table, extra or {}), file, fast=fast)


def write(content: pa.Table, file: Path, *, fast: bool = False) -> None:
    """Write an Arrow table, whole or not at all."""
    partial = file.with_name(file.name + ".partial")
    pq.write_table(content, partial, **_options(content.column_names, fast=fast))
    os.replace(partial, file)


class Appender:
    """A table written part by part, whole or not at all: under a temporary name until it is closed."""

    def __init__(self, file: Path, *, fast: bool = False) -> None:
        self._file, self._partial, self._fast = file, file.with_name(file.name + ".partial"), fast
        self._writer: pq.ParquetWriter | None = None

    def add(self, table: Table, extra: dict[str, Any] | None = None) -> None:
        """Append rows, as `save` writes them; every part has the same columns."""
        part = _arrow(table, extra or {})
        if self._writer is None:
            options = _options(part.column_names, fast=self._fast)
            self._writer = pq.ParquetWriter(self._partial, part.schema, **options)
        self._writer.write_table(part)

    def close(self) -> None:
        """Move what was written, at least one part, to its place."""
        assert self._writer is not None, f"nothing was written to {self._file}"
        self._writer.close()
        os.replace(self._partial, self._file)


def read(kind: type[T], file: Path) -> T:
    """Read a table that ``save`` wrote; its extra columns are left out."""
    with pq.ParquetFile(file) as opened:
        names = [c.name for c in kind.columns()]
        missing = [name for name in names if name not in opened.schema_arrow.names]
        if missing:
            raise TableError(f"{file} has no column {', '.join(missing)}: it is not a table of {kind.__name__}")
        content = opened.read(columns=names, use_threads=False)
    return kind(**{name: _array(content[name]) for name in names})


def _options(names: list[str], *, fast: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"compression": "zstd", "compression_level": 1 if fast else 3}
    if fast:
        encodings = dict.fromkeys(names, "DELTA_BINARY_PACKED")
        options |= {"use_dictionary": False, "column_encoding": encodings, "write_statistics": False}
    return options


def _array(values: pa.ChunkedArray) -> "np.ndarray[Any, Any]":
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return np.array(values.to_pylist(), np.str_)
    chunks = [np.from_dlpack(chunk) for chunk in values.chunks if len(chunk)]
    if not chunks:
        return np.empty(0, values.type.to_pandas_dtype())
    return chunks[0] if len(chunks) == 1 else np.concatenate(chunks)


def _arrow(table: Table, extra: dict[str, Any]) -> pa.Table:
    """Return the table with its columns' units and meanings, and the extra columns behind them."""
    declared = {c.name: c for c in table.columns()}
    arrays = {
        name: values if isinstance(values, pa.Array) else pa.array(values)
        for name, values in {**table.data(), **extra}.items()
    }
    fields = [
        pa.field(name, array.type, metadata=_describe(declared[name].unit, declared[name].meaning))
        if name in declared
        else pa.field(name, array.type)
        for name, array in arrays.items()
    ]
    metadata = {"alprsim.table": type(table).__name__, "alprsim.schema": str(SCHEMA_VERSION)}
    return pa.table(list(arrays.values()), schema=pa.schema(fields, metadata=metadata))


def _describe(unit: str, meaning: str) -> dict[str, str]:
    return {"unit": unit, "meaning": meaning}
