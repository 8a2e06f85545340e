"""Runs of campaigns, until they end in whatever way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from inspect import isawaitable
from typing import Any

from callcta import _native
from callcta._campaign_errors import CampaignError, JournalError
from callcta._campaign_models import Snapshot, Standing, snapshot_of, standing_of

# How many seconds until an event loop looks again whether a run has ended.
_POLL = 0.02


class Run:
    """A run in an event loop, from `Campaign.run_async`.

    `await run` waits for its end and gives the `Standing`; `async for snapshot in run` tells how
    far it is, at last when it has ended. Either begins it, once.

    Whoever is cancelled, or leaves the loop, drains the run: nothing more is started, and what is
    under way is waited for. A second cancellation makes that unknown.

    Attributes:
        standing: How the campaign stands, once the run has ended.
    """

    def __init__(
        self,
        pages: Callable[[], Iterable[str]],
        tokens: Callable[[str], Any],
        start: Callable[[dict[str, Any]], _native._Run],
        every: float,
    ) -> None:
        """Begins nothing yet."""
        self._pages, self._tokens, self._start, self._every = pages, tokens, start, every
        self._native: _native._Run | None = None
        self._begun = False
        self.standing: Standing | None = None

    def __repr__(self) -> str:
        """Shows how it ended, once it has."""
        return "Run()" if self.standing is None else f"Run(standing={self.standing!r})"

    def drain(self) -> None:
        """Starts nothing more; the run ends when all that is under way has been settled."""
        if self._native is not None:
            self._native.drain()

    def __await__(self) -> Generator[Any, None, Standing]:
        """Waits for the end."""
        return self._standing().__await__()

    def __aiter__(self) -> AsyncGenerator[Snapshot, None]:
        """Tells how far it is."""
        return self._snapshots(self._every)

    async def _standing(self) -> Standing:
        if self.standing is None:
            async for _ in self._snapshots(3600):
                pass
        if self.standing is None:
            raise RuntimeError("this run was given up")
        return self.standing

    async def _snapshots(self, every: float) -> AsyncGenerator[Snapshot, None]:
        if self._begun:
            raise RuntimeError("a run can be awaited or iterated once")
        self._begun = True
        run = None
        try:
            tokens: dict[str, Any] = {}
            for page in await asyncio.to_thread(self._pages):
                tokens[page] = await _awaited(self._tokens(page))
            self._native = run = self._start(tokens)
            del tokens
            ended = False
            while not ended:
                ended = await _ends(run, every, self._tokens)
                snapshot = snapshot_of(run.snapshot())
                if snapshot.rows:  # it has begun
                    yield snapshot
        except BaseException as raised:
            if run is not None:
                run.drain()
                await _drained(run)
                self.standing = tell(raised, run)
            raise
        self.standing = standing(run)


def drain(run: _native._Run) -> None:
    """Starts nothing more, and waits for what is under way."""
    run.drain()
    while True:
        try:
            while not run.wait(3600):
                pass
        except BaseException:
            run.break_off()
        else:
            return


def ends(run: _native._Run, seconds: float, token: Callable[[str], Any]) -> bool:
    """Waits at most so long, and answers what the run asks; whether it has ended."""
    until = time.monotonic() + seconds
    while not run.wait(max(until - time.monotonic(), 0)):
        page = run.asked()
        if page is not None:
            run.answer(token(page))
        elif time.monotonic() >= until:
            return False
    return True


async def _ends(
    run: _native._Run, seconds: float, tokens: Callable[[str], Any] | None = None
) -> bool:
    """The same in an event loop."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while not run.wait(0):
        page = run.asked() if tokens else None
        if tokens and page is not None:
            run.answer(await _awaited(tokens(page)))
            continue
        left = until - loop.time()
        if left <= 0:
            return False
        await asyncio.sleep(min(_POLL, left))
    return True


async def _awaited(token: Any) -> Any:
    return await token if isawaitable(token) else token


async def _drained(run: _native._Run) -> None:
    while True:
        try:
            while not await _ends(run, 3600):
                pass
        except asyncio.CancelledError:
            run.break_off()
        else:
            return


def standing(run: _native._Run) -> Standing:
    """How the campaign stands after a run; raises what ended that."""
    told = run.result()
    failure = told.pop("failure", None)
    after = standing_of(told)
    if failure is not None:
        error = JournalError(failure)
        error.standing = after
        raise error
    return after


def tell(raised: BaseException, run: _native._Run) -> Standing | None:
    """Adds what is known about a run that has been drained."""
    try:
        after = standing(run)
    except CampaignError as error:
        raised.add_note(f"callcta: {error}")
        return error.standing
    raised.add_note(f"callcta: the campaign is {after.status}; run goes on with it")
    if not isinstance(raised, GeneratorExit):
        # Whatever it is: no type of exception declares it.
        raised.standing = after  # type: ignore[attr-defined]  # pyright: ignore
    return after
