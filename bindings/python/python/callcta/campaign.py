"""A message to everybody in a file, a frame or any iterable, nobody twice.

    >>> from callcta.campaign import Campaign
    >>> campaign = Campaign("autumn.journal")
    >>> plan = campaign.plan(rows, message, page_id="1234567890")        # doctest: +SKIP
    >>> standing = campaign.run({"1234567890": "a Page access token"})   # doctest: +SKIP

A plan puts a row per recipient into a journal before anything is sent. A row is in flight, on the
disk, before its first byte leaves; so a run that was killed goes on where it was, with `run` again
or with the program `callcta campaign resume`, and sends nothing again that may have arrived.

A journal in PostgreSQL, `Campaign("postgresql://db.example/callcta", campaign="autumn")`, is
shared: rows may be added, and any number of processes on any number of machines may run it.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
import time
from collections.abc import (
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, TypedDict, Unpack

from callcta import _native
from callcta._campaign_errors import (
    CampaignError,
    CampaignErrorKind,
    ChangedError,
    InputError,
    InUseError,
    JournalError,
    MovedError,
    OutputError,
    TemplateError,
)
from callcta._campaign_models import (
    Finding,
    Held,
    OfKind,
    Plan,
    Settled,
    Snapshot,
    Standing,
    State,
    finding_of,
    plan_of,
    snapshot_of,
    standing_of,
)
from callcta._campaign_rows import Recipients, chunks, event_lines, message_text
from callcta._campaign_run import Run, drain, ends, tell
from callcta._campaign_run import standing as standing_of_run
from callcta._native import PACE, Message

__all__ = [
    "Campaign",
    "CampaignError",
    "CampaignErrorKind",
    "ChangedError",
    "ConnectionSettings",
    "Finding",
    "Held",
    "InUseError",
    "InputError",
    "JournalError",
    "MovedError",
    "OfKind",
    "OutputError",
    "Plan",
    "Recipients",
    "Run",
    "Settled",
    "Snapshot",
    "Standing",
    "State",
    "TemplateError",
    "Tokens",
    "Which",
]

# An access token for each Page; `run_async` takes what must be awaited, too.
Tokens: TypeAlias = (
    Mapping[str, str] | Callable[[str], str | None] | Callable[[str], Awaitable[str | None]]
)
_Message: TypeAlias = str | os.PathLike[str] | Message | Mapping[str, Any]

# A run on a daemon thread is drained, as its process would otherwise end in its midst.
atexit.register(_native._end_runs)

# How many seconds until `pause` looks again whether somebody runs the campaign.
_LOOK = 0.05
# How many events are settled together.
_TOGETHER = 1000


class ConnectionSettings(TypedDict, total=False):
    """How the platform is reached; see `callcta.Client`."""

    app_secret: str | None
    base_url: str | None
    version: str | None
    token_placement: Literal["header", "query", "body"] | None
    timeout: float | None
    connect_timeout: float | None
    body_limit: int | None
    max_idle_connections: int | None
    user_agent: str | None
    headers: Mapping[str, str] | None
    proxy: str | None
    proxy_from_env: bool | None
    extra_ca_pem: str | None
    calling_not_enabled_codes: Sequence[tuple[int, int | None]] | None


class Which(TypedDict, total=False):
    """Which rows; all of them by default.

    Attributes:
        states: Those in one of these states.
        kinds: Those of one of these kinds, such as `outside_window`.
        page_id: Those of this Page.
    """

    states: Sequence[State]
    kinds: Sequence[str]
    page_id: str | None


def _given(which: Which) -> dict[str, Any]:
    return {name: value for name, value in which.items() if value is not None}


class Campaign:
    """A campaign by its journal. It keeps nothing open, and nothing secret.

    It can be used from several threads and processes at once; one at a time may run it, or put
    rows back, unless the journal is in PostgreSQL: then all may. All methods may be called while
    it runs elsewhere, but `run` and `retry` of a journal in a file. The child
    of a fork can't use it if the fork happened while its parent ran or planned a campaign: start
    such processes by `spawn`.

    Attributes:
        journal: Where the journal is, as it was given.
        campaign: The campaign's name, if it was given apart from that.
    """

    def __init__(
        self,
        journal: str | os.PathLike[str],
        *,
        campaign: str | None = None,
        journal_moved: bool = False,
    ) -> None:
        """Opens nothing yet.

        Args:
            journal: The file of the journal, which needn't be there yet, or
                `postgresql://…?campaign=autumn` for one that machines share; what that leaves out
                comes from the environment, as in all programs that use libpq. The program
                `callcta campaign migrate` makes its tables.
            campaign: The campaign's name in PostgreSQL, unless the address has it.
            journal_moved: Whether you know that the journal was moved or restored, and that no
                other copy was used since.
        """
        self.journal: Final = os.fspath(journal)
        self.campaign: Final = campaign
        self._place = (self.journal, campaign, journal_moved)

    def _ask(self, name: str, **arguments: Any) -> Any:
        return _native._campaign(self._place, name, arguments)

    @property
    def shared(self) -> bool:
        """Whether machines may share it: rows may be added, and any number may run it."""
        return bool(_native._place(self._place)["shared"])

    @property
    def exists(self) -> bool:
        """Whether it has been planned."""
        return bool(self._ask("exists"))

    def create(
        self, message: _Message, columns: Sequence[str], *, page_id: str | None = None
    ) -> None:
        """Makes a campaign without rows in a journal that machines share, unless it is there.

        So whoever plans rows in parts, in several processes, knows before that all of it fits.

        Args:
            message: As for `plan`.
            columns: What each row will have at least.
            page_id: The Page of rows that name none.

        Raises:
            InputError: A column is missing: `psid`, `key`, or `page` without a `page_id`.
            TemplateError: There is no column for a placeholder, or the message can't be read.
            ChangedError: The campaign has another message.
            InvalidArgumentError: The journal is a file.
            JournalError: It can't be read or written.
        """
        given = {"message": message_text(message), "columns": list(columns), "page_id": page_id}
        self._ask("create", **given)

    def plan(
        self,
        recipients: Recipients,
        message: _Message,
        *,
        page_id: str | None = None,
        format: Literal["auto", "csv", "tsv", "jsonl"] | None = None,  # noqa: A002 (as the program)
        skip_invalid: bool = False,
        allow_repeated: bool = False,
        ids_confirmed: bool = False,
        check_only: bool = False,
        exist_ok: bool = False,
    ) -> Plan:
        """Reads all recipients, and fills in and checks the message of each, without sending.

        A journal that machines share takes in what is new, as often as it is called: rows whose
        `key` is there already stay as they are. The key is required there.

        Args:
            recipients: The name of a CSV, TSV or JSON lines file; or rows, which are read one after
                another: mappings, named tuples, dataclasses, other objects, or a frame of pandas or
                polars. `psid` is the person, `key` what tells the row from all others, `page` the
                Page, `window_until` the time after which the row is skipped; all else fills the
                message's `{{placeholders}}`. Give ids as texts or whole numbers: a float has lost
                digits, and is refused.
            message: JSON (a text that begins with a brace, or a dictionary), a `Message`, or the
                name of a file.
            page_id: The Page of rows that name none.
            format: How the file is written; found from its name or its first byte by default.
            skip_invalid: Whether to skip rows that can't be sent, instead of planning nothing.
            allow_repeated: Whether somebody may get several messages from one Page.
            ids_confirmed: Whether ids that look rounded, as by a spreadsheet, are right.
            check_only: Whether to keep nothing.
            exist_ok: Whether it is good that the same was planned before; then nothing is changed.
                Needs no word in a journal that machines share.

        Returns:
            What was planned. If that is not `ok`, nothing was, and the `findings` say why.

        Raises:
            CampaignError: The recipients or the message can't be read, there is another plan, or
                the journal can't be written.
            InvalidArgumentError: An argument can't be used.
            BaseException: What the rows raise.
        """
        given: dict[str, Any] = {
            "message": message_text(message),
            "page_id": page_id,
            "format": format,
            "skip_invalid": skip_invalid,
            "allow_repeated": allow_repeated,
            "ids_confirmed": ids_confirmed,
            "check_only": check_only,
            "exist_ok": exist_ok,
        }
        rows = None
        if isinstance(recipients, str | os.PathLike):
            given["path"] = os.fspath(recipients)
        else:
            rows = chunks(recipients)
        return plan_of(_native._plan(self._place, given, rows))

    def run(
        self,
        tokens: Tokens | None = None,
        *,
        pace: float | None = PACE,
        workers: int | None = None,
        suppress: str | os.PathLike[str] | None = None,
        start_at: datetime | None = None,
        quiet_hours: str | None = None,
        time_zone: str | Mapping[str, str] | None = None,
        journal_patience: float | None = None,
        lease_time: float | None = None,
        on_progress: Callable[[Snapshot], object] | None = None,
        every: float = 1.0,
        **settings: Unpack[ConnectionSettings],
    ) -> Standing:
        """Sends what is queued, and nothing that may have arrived; also goes on after an end.

        It takes as long as it takes, on threads that need no GIL. **Whatever is raised meanwhile,
        by Ctrl-C or by `on_progress`, is raised when what is under way has been settled**; nothing
        more is started then, and `run` goes on another time. A second Ctrl-C doesn't wait for
        answers: what is under way becomes unknown. The exception has `standing`.

        Args:
            tokens: The access token of each Page, by its id: a mapping, or what is called once for
                each Page that has something to send, on this thread. It should take less than the
                `lease_time`; a Page of a journal that machines share is paused if it has none.
                Nothing of it is kept. By default those of
                the environment: `CALLCTA_PAGE_ID`, `CALLCTA_ACCESS_TOKEN`, `CALLCTA_BASE_URL` and
                so on, as for `Client.from_env`.
            pace: Most messages that each Page starts per second, None for no bound.
            workers: Most messages that are under way at once, each on a thread. Defaults to 8 per
                Page, 64 at least and 1024 at most.
            suppress: A file with the PSIDs of those who must not be written to, one per line. It is
                looked at before each message.
            start_at: Nothing is sent before this moment, which needs a time zone. One that is more
                than an hour past is refused.
            quiet_hours: Hours in which nobody is written to, such as `21:00-08:00`.
            time_zone: Whose clock that is: a zone such as `Africa/Lagos` for all Pages, or zones by
                their ids. A Page without one is paused while there are quiet hours.
            journal_patience: How many seconds a journal that can't be written is tried again
                before the run ends without it. Defaults to 60.
            lease_time: How many seconds a Page waits for a process that went away without a word,
                in a journal that machines share: from 2 to 3600. Defaults to 15.
            on_progress: Called with a `Snapshot` from time to time and at the end, on this thread.
            every: How many seconds there are between two of them.
            **settings: How the platform is reached.

        Returns:
            How the campaign stands then. `ended` says how the run ended.

        Raises:
            InUseError: It runs already.
            JournalError: The journal can't be read or written, such as on a full disk. Of one that
                failed meanwhile the error has `standing`.
            CampaignError: It can't be run for another reason.
            InvalidArgumentError: An argument can't be used, or a token is missing.
        """
        found, given = _prepared(
            tokens,
            pace,
            workers,
            suppress,
            start_at,
            quiet_hours,
            time_zone,
            journal_patience,
            lease_time,
            settings,
        )
        run = None
        try:
            run = self._start({page: found(page) for page in self._first_pages()}, given)
            ended = False
            while not ended:
                ended = ends(run, every if on_progress else 3600, found)
                snapshot = snapshot_of(run.snapshot())
                if on_progress and snapshot.rows:  # it has begun
                    on_progress(snapshot)
        except BaseException as raised:
            if run is not None:
                drain(run)
                tell(raised, run)
            raise
        return standing_of_run(run)

    def run_async(
        self,
        tokens: Tokens | None = None,
        *,
        pace: float | None = PACE,
        workers: int | None = None,
        suppress: str | os.PathLike[str] | None = None,
        start_at: datetime | None = None,
        quiet_hours: str | None = None,
        time_zone: str | Mapping[str, str] | None = None,
        journal_patience: float | None = None,
        lease_time: float | None = None,
        every: float = 1.0,
        **settings: Unpack[ConnectionSettings],
    ) -> Run:
        """The same as `run` without blocking the event loop.

        Nothing is sent before the `Run` is awaited, or iterated for its snapshots.
        """
        found, given = _prepared(
            tokens,
            pace,
            workers,
            suppress,
            start_at,
            quiet_hours,
            time_zone,
            journal_patience,
            lease_time,
            settings,
        )
        return Run(self._first_pages, found, lambda known: self._start(known, given), every)

    def _first_pages(self) -> Iterable[str]:
        """The Pages whose tokens are needed before a run; others may come later."""
        return () if self.shared else self._ask("pages")

    def _start(self, tokens: Mapping[str, Any], given: dict[str, Any]) -> _native._Run:
        known = {page: token for page, token in tokens.items() if token is not None}
        return _native._Run(self._place, given, known, self.shared)

    def pause(self, *, wait: bool = True) -> int | None:
        """Asks those who run it, in whatever process, to stop.

        In a journal that machines share nobody runs it from then on, until `resume` is called.

        Args:
            wait: Whether to return only when nothing more is sent.

        Returns:
            How many messages were under way; None if nobody runs it.
        """
        in_flight: int | None = self._ask("pause")
        while in_flight is not None and wait and self._ask("held"):
            time.sleep(_LOOK)
        return in_flight

    def resume(self) -> None:
        """Lets it be run again after a pause, in a journal that machines share.

        One in a file needs no such word: whoever runs it says so.
        """
        self._ask("resume")

    def status(self) -> Standing:
        """How it stands, while it runs or not."""
        return standing_of(self._ask("status"))

    def count(self, **which: Unpack[Which]) -> int:
        """How many rows there are."""
        return int(self._ask("count", **_given(which)))

    def retry(self, *, risk_duplicates: bool = False, **which: Unpack[Which]) -> int:
        """Puts rows back into the queue; `count` tells before how many.

        Args:
            risk_duplicates: Whether to put back what is `unknown`, too: **people may get the
                message twice**.
            **which: Those that were `rejected` by default; `skipped` and `unknown` can be named.

        Returns:
            How many.

        Raises:
            InvalidArgumentError: Rows in such a state can't be put back, or the risk isn't taken.
            InUseError: It runs.
        """
        given = _given(which)
        return int(self._ask("retry", which=given, risk_duplicates=risk_duplicates))

    def change_message(self, message: _Message) -> tuple[Finding, ...]:
        """Changes the message of all that is sent from now on, while it runs or not.

        Returns:
            What is wrong with it for some rows. It is changed if there are warnings at most.
        """
        return tuple(map(finding_of, self._ask("change_message", message=message_text(message))))

    def change_pace(self, pace: float | None) -> None:
        """Changes the pace of those who run it, until their run ends; None for no bound.

        Raises:
            InvalidArgumentError: Nobody runs it, or it is no pace.
        """
        self._ask("change_pace", pace=pace)

    def settle(self, events: str | os.PathLike[str] | Iterable[Any]) -> Settled:
        """Settles rows by the echoes of their messages, whether it runs or not.

        Nothing is verified: give what comes from a receiver that did that.

        Args:
            events: The name of a file with webhooks' bodies or events, one per line; or many of
                them: events of `callcta.webhook`, what their `to_dict` told, or bodies. What is no
                echo of this campaign doesn't count.
        """
        if isinstance(events, str | os.PathLike):
            told = _native._settle(self._place, os.fspath(events), [])
            return Settled(**told)
        lines = event_lines(events)
        settled: dict[Any, int] = {}
        known = strangers = unread = 0
        while True:
            some = list(itertools.islice(lines, _TOGETHER))
            told = _native._settle(self._place, None, some)
            for state, count in told["settled"].items():
                settled[state] = settled.get(state, 0) + count
            known += told["known"]
            strangers += told["strangers"]
            unread += told["unread"]
            if len(some) < _TOGETHER:
                return Settled(settled, known, strangers, unread)

    def assume_sent(self, *, kinds: Sequence[str] = ()) -> int:
        """Takes unknown rows for sent, by your word: all, or those of some kinds.

        Returns:
            How many.
        """
        return int(self._ask("assume_sent", kinds=list(kinds)))

    def rows(self, **which: Unpack[Which]) -> Iterator[dict[str, str]]:
        """The rows with what became of each, in the order of the plan.

        Yields:
            The columns that came in, and `callcta_state`, `callcta_kind`, `callcta_message_id` and
            so on, unless they are blank. Planned again, they are the same rows.
        """
        given, after = _given(which), 0
        while after is not None:
            chunk = self._ask("rows", which=given, after=after)
            for line in chunk["lines"].splitlines():
                yield json.loads(line)
            after = chunk["last"]

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        format: Literal["csv", "jsonl"] = "csv",  # noqa: A002 (as the program)
        excel: bool = False,
        **which: Unpack[Which],
    ) -> int:
        """Writes the rows into a file.

        Args:
            path: The file, which is written over.
            format: CSV or JSON lines.
            excel: Whether it is for Excel: with a byte order mark, and ids as texts.
            **which: Those that are wanted.

        Returns:
            How many.

        Raises:
            OutputError: It can't be written.
        """
        given = {"which": _given(which), "path": os.fspath(path), "format": format, "excel": excel}
        return int(self._ask("export", **given))

    def report(self, path: str | os.PathLike[str]) -> None:
        """Writes a page of HTML that needs nothing but itself: how it stands, with plots.

        It names no people and has no texts of messages.

        Args:
            path: The file, which is written over.

        Raises:
            OutputError: It can't be written.
        """
        self._ask("report", path=os.fspath(path))

    def __repr__(self) -> str:
        """Shows the journal, without a password."""
        try:
            shown = _native._place(self._place)["shown"]
        except Exception:
            return "Campaign(…)"
        return f"Campaign({shown!r})"


def _prepared(
    tokens: Tokens | None,
    pace: float | None,
    workers: int | None,
    suppress: str | os.PathLike[str] | None,
    start_at: datetime | None,
    quiet_hours: str | None,
    time_zone: str | Mapping[str, str] | None,
    journal_patience: float | None,
    lease_time: float | None,
    settings: ConnectionSettings,
) -> tuple[Callable[[str], Any], dict[str, Any]]:
    """What gives tokens, and the other arguments of a run."""
    client = {name: value for name, value in settings.items() if value is not None}
    if tokens is None:
        found: dict[str, Any] = {**_native._environment()}
        tokens = {found.pop("page_id"): found.pop("access_token")}
        client = found | client
    get: Callable[[str], Any] = tokens if callable(tokens) else tokens.get
    zones = [] if time_zone is None else [time_zone]
    if isinstance(time_zone, Mapping):
        zones = [f"{page}={zone}" for page, zone in time_zone.items()]
    return get, {
        "pace": pace,
        "workers": workers,
        "suppress": None if suppress is None else os.fspath(suppress),
        "start_at": None if start_at is None else start_at.isoformat(),
        "quiet_hours": quiet_hours,
        "time_zones": zones,
        "journal_patience": journal_patience,
        "lease_time": lease_time,
        "client": client,
    }
