"""Native functions that wait, for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from callcta._given_up import tell_request
from callcta._native import _CancelToken
from callcta.errors import CallCtaError, CancelledError

# How many seconds a request that is given up has to say what became of it.
_GRACE = 1.0

_T = TypeVar("_T")


async def wait(ask: Callable[..., _T], *given: Any) -> _T:
    """Lets a function wait in the default executor; its last argument gives it up."""
    token = _CancelToken()
    future = asyncio.get_running_loop().run_in_executor(None, lambda: ask(*given, token))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError as cancelled:
        token.cancel()
        # It ends at once, unless it still waits for a thread.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([future], timeout=_GRACE)
        tell_request(cancelled, _became(future))
        raise


def _became(future: asyncio.Future[Any]) -> CallCtaError | None:
    """What a request failed with that was given up."""
    if not future.done():
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        return CancelledError("given up while it was being made", reason="aborted")
    error = None if future.cancelled() else future.exception()
    return error if isinstance(error, CallCtaError) else None
