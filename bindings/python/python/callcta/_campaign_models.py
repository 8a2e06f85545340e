"""What a campaign tells."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

from callcta._shown import shown

State: TypeAlias = Literal[
    "queued", "in_flight", "sent", "rejected", "unknown", "skipped", "assumed_sent"
]


class Finding(NamedTuple):
    """One kind of thing that is wrong with some rows.

    Attributes:
        weight: `fatal` (nothing can be planned as long as it is so), `error` (its rows can't be
            sent; they can be skipped) or `warning`.
        rule: Which rule, such as `blank_cell`.
        place: The column, or the place in the message; empty for the row as a whole.
        rows: How many rows.
        lines: Where the first of them are, five at most: lines of a file, else numbers from 1.
        message: What is wrong, as the first of the rows says.
    """

    weight: Literal["fatal", "error", "warning"]
    rule: str
    place: str
    rows: int
    lines: tuple[int, ...]
    message: str

    def __repr__(self) -> str:
        """Leaves out what says nothing."""
        return shown(self)


class Plan(NamedTuple):
    """What was planned, or would be.

    Attributes:
        ok: Whether it can be used. If not, nothing was planned.
        rows: How many rows there are.
        ready: How many wait to be sent.
        skipped: How many were skipped from the beginning.
        pages: How many of each Page wait.
        input_hash: What tells the recipients from any others.
        message_hash: What tells the message from any other.
        findings: What is wrong, the heaviest first.
        notes: What else people should know.
    """

    ok: bool
    rows: int
    ready: int
    skipped: int
    pages: Mapping[str, int]
    input_hash: str
    message_hash: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Leaves out what says nothing."""
        return shown(self)


class OfKind(NamedTuple):
    """How many rows are in a state for a reason.

    Attributes:
        state: The state.
        kind: The reason: a kind of error, `worker_lost`, or why they were skipped.
        rows: How many.
        meaning: What that means, and what to do about it.
    """

    state: State
    kind: str
    rows: int
    meaning: str | None = None

    def __repr__(self) -> str:
        """Leaves out what says nothing."""
        return shown(self)


class Standing(NamedTuple):
    """How a campaign stands.

    Attributes:
        status: `running`, `pausing`, `paused` (something is left to send, and nobody does),
            `finished`, or `finished_needs_attention` if some were rejected or skipped, or are
            unknown.
        rows: All rows of the campaign.
        states: How many are in each state; they add up to the rows.
        kinds: How many are in a state for a reason.
        campaign: What tells the campaign from all others.
        input_hash: As of the plan.
        message_hash: As of the plan.
        paused: The Pages with queued rows that somebody must see to, and why.
        ended: Of a run that has just ended: `finished`, `drained`, `held` (rows are left, but each
            Page that has some is paused) or `journal_failed`.
    """

    status: Literal["running", "pausing", "paused", "finished", "finished_needs_attention"]
    rows: int
    states: Mapping[State, int]
    kinds: tuple[OfKind, ...]
    campaign: str
    input_hash: str
    message_hash: str
    paused: Mapping[str, str] = MappingProxyType({})
    ended: Literal["finished", "drained", "held", "journal_failed"] | None = None

    def __repr__(self) -> str:
        """Leaves out what says nothing."""
        return shown(self)


class Held(NamedTuple):
    """A Page that is held up in a run.

    Attributes:
        page: The Page.
        limited_for: For how many seconds the platform takes nothing.
        paused: What somebody must see to.
        starts_in: In how many seconds the run is to begin.
        quiet_for: For how many seconds it has quiet hours.
    """

    page: str
    limited_for: float | None = None
    paused: str | None = None
    starts_in: float | None = None
    quiet_for: float | None = None

    def __repr__(self) -> str:
        """Leaves out what says nothing."""
        return shown(self)


class Snapshot(NamedTuple):
    """How far a run is.

    Attributes:
        rows: All rows of the campaign.
        done: How many are neither queued nor in flight.
        states: How many are in each state; they add up to the rows.
        settled: How many this run has settled.
        rate: How many of them per second, lately.
        pace: How many per second the open Pages may start together, if that is bounded.
        left: How many seconds it will take, by this run alone; None until enough is known.
        draining: Whether nothing more is started.
        journal: Why the journal can't be written, as long as it can't.
        held: The Pages that are held up.
    """

    rows: int
    done: int
    states: Mapping[State, int]
    settled: int
    rate: float
    pace: float | None
    left: float | None
    draining: bool
    journal: str | None
    held: tuple[Held, ...]

    def __repr__(self) -> str:
        """Leaves out what says nothing."""
        return shown(self)


class Settled(NamedTuple):
    """What echoes did.

    Attributes:
        settled: How many rows are sent now, by what they were before.
        known: Echoes of rows that were known to be sent.
        strangers: Echoes that fit no row.
        unread: What was neither a webhook's body nor an event.
    """

    settled: Mapping[State, int]
    known: int
    strangers: int
    unread: int

    def __repr__(self) -> str:
        """Leaves out what says nothing."""
        return shown(self)


def finding_of(told: Any) -> Finding:
    """One finding."""
    return Finding(**told)._replace(lines=tuple(told["lines"]))


def plan_of(told: Any) -> Plan:
    """A plan."""
    findings = tuple(map(finding_of, told["findings"]))
    return Plan(**told)._replace(findings=findings, notes=tuple(told["notes"]))


def standing_of(told: Any) -> Standing:
    """How a campaign stands."""
    kinds = tuple(OfKind(**kind) for kind in told["kinds"])
    return Standing(**told)._replace(kinds=kinds)


def snapshot_of(told: Any) -> Snapshot:
    """How far a run is."""
    return Snapshot(**told)._replace(held=tuple(Held(**held) for held in told["held"]))
