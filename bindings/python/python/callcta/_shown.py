"""How values are shown."""

from __future__ import annotations

from typing import Any


def shown(value: Any) -> str:
    """A named tuple without what says nothing: what is None or empty."""
    empty: tuple[object, ...] = (None, "", (), {})
    told = [f"{name}={field!r}" for name, field in value._asdict().items() if field not in empty]
    return f"{type(value).__name__}({', '.join(told)})"
