"""Rows and messages on their way into a campaign."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from callcta._native import Message

# A file, or rows: mappings, dataclasses, named tuples, objects, or a frame of pandas or polars.
Recipients: TypeAlias = str | os.PathLike[str] | Iterable[Any]

# How many rows are handed over at once.
_TOGETHER = 256

_PLAIN = (str, int, bool, type(None))


def message_text(message: str | os.PathLike[str] | Message | Mapping[str, Any]) -> str:
    """A message as JSON."""
    if isinstance(message, Message):
        return json.dumps(message.to_dict())
    if isinstance(message, Mapping):
        return json.dumps(dict(message))
    if isinstance(message, str) and message.lstrip().startswith("{"):
        return message
    # Bytes that are no UTF-8 are told by the core, as those of any text that is no JSON.
    return Path(message).read_text(encoding="utf-8", errors="replace")


def chunks(recipients: Iterable[Any]) -> Callable[[], bytes | None]:
    """What hands rows over as JSON lines, some at a time, and None at the end."""
    lines = _lines(recipients)

    def take() -> bytes | None:
        taken: list[bytes] = []
        for line in lines:
            taken.append(line)
            if len(taken) == _TOGETHER:
                break
        return b"".join(taken) if taken else None

    return take


def _lines(recipients: Any) -> Iterator[bytes]:
    for number, row in enumerate(_rows(recipients), 1):
        cells = {_name(name, number): _cell(cell, number, name) for name, cell in _cells(row)}
        text = json.dumps(cells, ensure_ascii=False, separators=(",", ":"))
        try:
            yield f"{text}\n".encode()
        except UnicodeEncodeError:  # half a character, which the core tells
            yield f"{json.dumps(cells)}\n".encode()


def _rows(recipients: Any) -> Iterator[Any]:
    """The rows of whatever it is; frames are known by their methods, without an import."""
    if hasattr(recipients, "iter_rows"):  # polars
        return iter(recipients.iter_rows(named=True))
    if hasattr(recipients, "itertuples"):  # pandas; keeps each column's type
        columns = [str(column) for column in recipients.columns]
        rows = recipients.itertuples(index=False, name=None)
        return (dict(zip(columns, row, strict=True)) for row in rows)
    if hasattr(recipients, "to_batches"):  # pyarrow
        batches = recipients.to_batches()
        return (row for batch in batches for row in batch.to_pylist())
    if isinstance(recipients, Mapping):
        raise TypeError("recipients must be a file or many rows, not one mapping")
    return iter(recipients)


def _cells(row: Any) -> Any:
    if hasattr(row, "items"):
        return row.items()
    if hasattr(row, "_asdict"):
        return row._asdict().items()
    if hasattr(row, "keys"):  # of sqlite3
        return [(name, row[name]) for name in row.keys()]  # noqa: SIM118
    if hasattr(row, "__dataclass_fields__"):
        return [(name, getattr(row, name)) for name in row.__dataclass_fields__]
    if hasattr(row, "__dict__"):
        names: list[str] = [*vars(row)]
        return [(name, getattr(row, name)) for name in names if not name.startswith("_")]
    raise TypeError(f"a row must be a mapping or an object with attributes, not {_class(row)}")


def _name(name: Any, number: int) -> str:
    if isinstance(name, str):
        return name
    raise TypeError(f"row {number}: the names of cells must be texts, not {_class(name)}")


def _cell(cell: Any, number: int, name: Any) -> str | int | float | bool | None:
    if isinstance(cell, _PLAIN):
        return cell
    if isinstance(cell, float):
        # pandas has it for what is missing.
        if cell != cell:
            return None
        if cell in (float("inf"), float("-inf")):
            raise ValueError(f"row {number}: {name} is infinite")
        return float(cell)
    if type(cell).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat())
    if hasattr(cell, "dtype") and hasattr(cell, "item"):  # numpy
        return _cell(cell.item(), number, name)
    if type(cell).__name__ in ("Decimal", "UUID"):
        return str(cell)
    raise TypeError(f"row {number}: {name} must be a text, a number or a time, not {_class(cell)}")


def _class(value: object) -> str:
    return type(value).__name__


def event_lines(events: Iterable[Any]) -> Iterator[str]:
    """Webhooks' bodies, events and their dictionaries as lines."""
    for event in events:
        if isinstance(event, bytes | bytearray):
            yield event.decode(errors="replace")
        elif isinstance(event, str):
            yield event
        else:
            told = event.to_dict() if hasattr(event, "to_dict") else dict(event)
            yield json.dumps(told)
