"""Why can't this Page send a call button that works?

`client.doctor()` looks at what a button needs, from the connection to the person who is to get it,
and says what keeps it from working, why that matters and what mends it: the same as the program's
`callcta doctor`. It only reads, unless it is asked to send a test card.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from callcta._shown import shown

__all__ = ["Check", "CheckStatus", "Diagnosis"]

CheckStatus: TypeAlias = Literal["ok", "warn", "fail", "unknown", "skipped"]


class Check(NamedTuple):
    """One thing that was looked at.

    Attributes:
        id: A name that stays, such as `audio`.
        title: What it is about, in words.
        status: `ok`; `warn` if it works and deserves a look; `fail`; `unknown` if it can't be told;
            `skipped` if something that it needs isn't as it should be.
        result: What was found, in one sentence.
        evidence: What that rests on, if there is more to say.
        why: Why it matters for the button.
        fix: What mends it, if something is to be mended.
        because: The id of the check for whose sake this one was skipped.
        kind: The kind of the error that came while looking, if one did.
    """

    id: str
    title: str
    status: CheckStatus
    result: str
    evidence: str | None
    why: str
    fix: str | None
    because: str | None
    kind: str | None

    def to_dict(self) -> dict[str, Any]:
        """The attributes as what JSON can hold."""
        return self._asdict()

    def __repr__(self) -> str:
        """Leaves out what says nothing."""
        return shown(self)


class Diagnosis(NamedTuple):
    """What was found, and what that means. It comes from `client.doctor()`.

    Nothing in it shows a token, a secret or a PSID.

    Attributes:
        status: `ok`, `warn`, `fail`, or `unknown` if what matters most can't be told.
        verdict: The verdict, in one sentence.
        checks: What was looked at, in order.
        text: A line for each check, what is to be mended below it, and the verdict at the end; what
            `str` gives.
    """

    status: CheckStatus
    verdict: str
    checks: tuple[Check, ...]
    text: str

    @property
    def cause(self) -> Check | None:
        """The first thing that keeps the button from working, if there is one."""
        return next((check for check in self.checks if check.status == "fail"), None)

    def check(self, id: str) -> Check | None:  # noqa: A002 (it is called so)
        """The check with this id, if it was made."""
        return next((check for check in self.checks if check.id == id), None)

    def to_dict(self) -> dict[str, Any]:
        """The attributes as what JSON can hold."""
        checks = [check.to_dict() for check in self.checks]
        return {"status": self.status, "verdict": self.verdict, "checks": checks}

    def __str__(self) -> str:
        """The text for people."""
        return self.text

    def __repr__(self) -> str:
        """Leaves the text out, which says the same."""
        shown = f"status={self.status!r}, verdict={self.verdict!r}, checks={self.checks!r}"
        return f"Diagnosis({shown})"


def diagnosis_of(told: tuple[Mapping[str, Any], str]) -> Diagnosis:
    """What the core tells, as JSON and as lines."""
    diagnosis, text = told
    checks = tuple(Check(**check) for check in diagnosis["checks"])
    return Diagnosis(diagnosis["status"], diagnosis["verdict"], checks, text)
