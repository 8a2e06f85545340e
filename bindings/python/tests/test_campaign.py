"""Campaigns: rows of all kinds, runs that end in all ways, and what is known afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import decimal
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from callcta import AudioCallButton, ButtonTemplate, InvalidArgumentError, _native
from callcta.campaign import (
    Campaign,
    CampaignError,
    ChangedError,
    InputError,
    InUseError,
    JournalError,
    Snapshot,
    Standing,
    TemplateError,
)
from callcta.testing import Emulator
from callcta.webhook import parse_unverified

PAGE, OTHER = "100000000000001", "100000000000002"
TOKENS = {PAGE: "token-1", OTHER: "token-2"}
MESSAGE = json.dumps(
    {
        "attachment": {
            "type": "template",
            "payload": {
                "template_type": "button",
                "text": "Dear {{ name }}",
                "buttons": [{"type": "audio_call", "title": "Call Now"}],
            },
        }
    }
)


def people(count: int, page: str = PAGE) -> list[dict[str, Any]]:
    return [
        {"psid": f"{page[-1]}{n:015}", "key": f"{page}-{n}", "page": page, "name": f"N{n}"}
        for n in range(count)
    ]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    pages = {
        page: {"tokens": [{"token": token}], "audio_enabled": True}
        for page, token in TOKENS.items()
    }
    state = {"pages": pages, "strangers": "welcome"}
    with Emulator(state=state, keep_messages=10_000, threads=8) as emulator:
        yield emulator


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    return Campaign(tmp_path / "journal")


def sent(emulator: Emulator) -> Counter[str]:
    return Counter(message.recipient for message in emulator.messages())


def test_a_campaign_of_two_pages_goes_out_once(emulator: Emulator, campaign: Campaign) -> None:
    rows = people(30) + people(20, OTHER)
    assert not campaign.exists
    checked = campaign.plan(iter(rows), MESSAGE, check_only=True)
    assert (checked.ok, checked.pages, campaign.exists) == (True, {PAGE: 30, OTHER: 20}, False)
    assert campaign.plan(rows, MESSAGE) == checked
    assert campaign.status().status == "paused"
    asked: list[str] = []

    def token(page: str) -> str:
        asked.append(page)
        return TOKENS[page]

    told: list[Snapshot] = []
    standing = campaign.run(
        token, pace=None, base_url=emulator.url, on_progress=told.append, every=0.01
    )
    assert sorted(asked) == [PAGE, OTHER]
    assert (standing.status, standing.ended, standing.states["sent"]) == (
        "finished",
        "finished",
        50,
    )
    assert sum(standing.states.values()) == standing.rows == 50
    assert (told[-1].done, told[-1].settled) == (50, 50)
    for snapshot in told:
        assert sum(snapshot.states.values()) == snapshot.rows == 50
        assert 0 <= snapshot.done <= 50
        assert snapshot.left is None or snapshot.left >= 0
    assert sent(emulator) == Counter(row["psid"] for row in rows)
    assert campaign.status() == standing._replace(ended=None)
    # Nothing is left to do, and nothing of a token is in the journal.
    assert campaign.run({}, base_url=emulator.url).ended == "finished"
    for path in Path(campaign.journal).parent.iterdir():
        assert b"token-" not in path.read_bytes()


def test_rows_come_out_as_they_went_in(emulator: Emulator, campaign: Campaign) -> None:
    rows = people(2500)
    campaign.plan(rows, MESSAGE)
    out = list(campaign.rows())
    assert [{name: row[name] for name in rows[0]} for row in out] == rows
    assert {row["callcta_state"] for row in out} == {"queued"}
    assert campaign.count(states=["queued"], page_id=PAGE) == 2500
    assert list(campaign.rows(states=["sent"])) == []
    again = Campaign(f"{campaign.journal}.again")
    assert again.plan(out, MESSAGE).rows == 2500
    path = Path(f"{campaign.journal}.csv")
    assert campaign.export(path) == 2500
    assert Campaign(f"{campaign.journal}.third").plan(path, MESSAGE).ready == 2500
    page = path.with_suffix(".html")
    campaign.report(page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "2,500" in text
    assert "<svg" in text
    assert all(row["psid"] not in text for row in rows)
    for write in campaign.export, campaign.report:
        with pytest.raises(CampaignError) as raised:
            write(path.parent / "no" / "folder")
        assert raised.value.kind == "output"


class Tuple(NamedTuple):
    psid: str
    name: str


@dataclasses.dataclass
class Data:
    psid: str
    name: str


class Plain:
    def __init__(self, psid: str, name: str) -> None:
        self.psid, self.name, self._hidden = psid, name, object()


class PolarsLike:
    """As much of a polars frame as is used."""

    def iter_rows(self, *, named: bool) -> Iterator[dict[str, Any]]:
        assert named
        yield {"psid": 1254477777772919, "name": "A"}


class PandasLike:
    """As much of a pandas frame as is used."""

    columns = ("psid", "name")

    def itertuples(self, *, index: bool, name: None) -> Iterator[tuple[Any, ...]]:
        assert (index, name) == (False, None)
        yield 1254477777772919, "A"


class Keys:
    """As sqlite3.Row is."""

    def keys(self) -> list[str]:
        return ["psid", "name"]

    def __getitem__(self, name: str) -> str:
        return {"psid": "1254477777772919", "name": "A"}[name]


@pytest.mark.parametrize(
    "recipients",
    [
        [Tuple("1254477777772919", "A")],
        [Data("1254477777772919", "A")],
        (Plain("1254477777772919", "A"),),
        [Keys()],
        PolarsLike(),
        PandasLike(),
        [{"psid": 1254477777772919, "name": "A", "gone": None, "nan": math.nan}],
        [{"psid": decimal.Decimal(1254477777772919), "name": "A"}],
    ],
    ids=lambda given: type(given).__name__,
)
def test_many_kinds_of_rows_are_read(recipients: Any, campaign: Campaign) -> None:
    plan = campaign.plan(recipients, MESSAGE, page_id=PAGE)
    assert plan.ok, plan.findings
    (row,) = campaign.rows()
    assert (row["psid"], row["name"]) == ("1254477777772919", "A")


def test_cells_are_texts_as_people_write_them(campaign: Campaign) -> None:
    cells = {
        "number": 5,
        "part": 1.5,
        "yes": True,
        "id": uuid.UUID(int=7),
        "price": decimal.Decimal("9.90"),
        "window_until": datetime(2100, 1, 1, tzinfo=UTC),
    }
    campaign.plan([{"psid": "1", "name": "ü", **cells}], MESSAGE, page_id=PAGE)
    (row,) = campaign.rows()
    assert row["window_until"] == "2100-01-01T00:00:00Z"
    told = [row[name] for name in ("number", "part", "yes", "id", "price", "name")]
    assert told == ["5", "1.5", "true", str(uuid.UUID(int=7)), "9.90", "ü"]


def test_an_id_that_is_a_float_has_lost_digits(campaign: Campaign) -> None:
    rows = [{"psid": psid, "name": "A"} for psid in (1.25447777777e15, 7, "1.25E+15")]
    plan = campaign.plan(rows, MESSAGE, page_id=PAGE)
    assert (plan.ok, campaign.exists) == (False, False)
    lines = {line for finding in plan.findings for line in finding.lines}
    assert (lines, {finding.weight for finding in plan.findings}) == ({1, 3}, {"fatal"})
    assert any("write ids as text" in finding.message for finding in plan.findings)


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ([{"psid": "1", "name": object()}], TypeError, "row 1: name must be a text"),
        ([{"psid": "1", 5: "x"}], TypeError, "row 1: the names of cells must be texts"),
        ([{"psid": "1", "name": math.inf}], ValueError, "row 1: name is infinite"),
        ([5], TypeError, "a row must be a mapping"),
        ({"psid": "1"}, TypeError, "not one mapping"),
        ([], InputError, "there are no rows"),
    ],
)
def test_what_no_row_can_be_is_refused(
    rows: Any, error: type[Exception], words: str, campaign: Campaign
) -> None:
    with pytest.raises(error, match=words):
        campaign.plan(rows, MESSAGE, page_id=PAGE)
    assert os.listdir(Path(campaign.journal).parent) == []


def test_a_column_of_floats_hides_no_other_column(campaign: Campaign) -> None:
    rows = [{"psid": 1.25447777777e15, "name": "A"}] * 3
    (finding,) = campaign.plan(rows, MESSAGE, page_id=PAGE).findings
    assert (finding.rule, finding.place, finding.rows) == ("excel_changed", "psid", 3)


def test_half_a_character_is_told(campaign: Campaign) -> None:
    plan = campaign.plan([{"psid": "1", "name": "\ud800"}], MESSAGE, page_id=PAGE)
    assert [finding.rule for finding in plan.findings] == ["malformed_json"]


def test_what_the_rows_raise_is_raised_and_nothing_planned(campaign: Campaign) -> None:
    def rows() -> Iterator[dict[str, str]]:
        yield from ({"psid": f"{n + 1}", "name": "A"} for n in range(1000))
        raise KeyError("row")

    with pytest.raises(KeyError, match="row"):
        campaign.plan(rows(), MESSAGE, page_id=PAGE)
    assert os.listdir(Path(campaign.journal).parent) == []


def test_a_message_has_many_forms(tmp_path: Path, campaign: Campaign) -> None:
    path = tmp_path / "message.json"
    path.write_text(MESSAGE)
    model = ButtonTemplate("Dear {{ name }}", [AudioCallButton("Call Now")])
    for message in (path, str(path), json.loads(MESSAGE), model, MESSAGE):
        plan = campaign.plan(people(1), message, check_only=True)
        assert plan.ok, plan
    for wrong in ("{", '{"text": "{{ nobody }}"}'):
        with pytest.raises(TemplateError):
            campaign.plan(people(1), wrong)


def test_the_same_plan_may_be_made_again_and_no_other(campaign: Campaign) -> None:
    first = campaign.plan(people(3), MESSAGE)
    with pytest.raises(JournalError, match="is there already"):
        campaign.plan(people(3), MESSAGE)
    assert campaign.plan(people(3), MESSAGE, exist_ok=True) == first
    with pytest.raises(ChangedError, match="the recipients changed") as raised:
        campaign.plan(people(4), MESSAGE, exist_ok=True)
    again = pickle.loads(pickle.dumps(raised.value))
    assert (type(again), again.kind, str(again)) == (ChangedError, "changed", str(raised.value))
    with pytest.raises(ChangedError, match="the message changed"):
        campaign.plan(people(3), MESSAGE.replace("Dear", "Hi"), exist_ok=True)
    assert campaign.change_message(MESSAGE.replace("Dear", "Hi")) == ()
    assert campaign.plan(people(3), MESSAGE.replace("Dear", "Hi"), exist_ok=True).rows == 3


def test_every_kind_of_error_has_a_class() -> None:
    kinds = set(_native._campaign_kinds()) - {"invalid_argument"}
    assert kinds == {error.kind for error in CampaignError.__subclasses__()}


def test_arguments_are_refused_in_words_that_show_nothing(campaign: Campaign) -> None:
    campaign.plan(people(1), MESSAGE)
    for wrong in (
        lambda: Campaign("postgresql://user:secret@host/x").exists,
        lambda: campaign.run({PAGE: "secret\n"}),
        lambda: campaign.run({PAGE: 5}),  # type: ignore[dict-item]  # pyright: ignore
        lambda: campaign.run(TOKENS, pace=1000),
        lambda: campaign.run(TOKENS, workers=0),
        lambda: campaign.run(TOKENS, base_url="secret"),
        lambda: campaign.run({OTHER: "secret"}),
        lambda: campaign.count(states=["secret"]),  # type: ignore[list-item]  # pyright: ignore
        lambda: campaign.retry(states=["sent"]),
        lambda: campaign.change_pace(5),
    ):
        with pytest.raises((InvalidArgumentError, TypeError)) as raised:
            wrong()
        assert "secret" not in str(raised.value)
    with pytest.raises(InvalidArgumentError, match=f"no access token for the Page {PAGE}"):
        campaign.run({OTHER: "token"})
    assert campaign.status().states["queued"] == 1


class Hanging:
    """A campaign whose messages hang, so that all of them are under way."""

    def __init__(self, emulator: Emulator, campaign: Campaign, count: int = 4) -> None:
        self.emulator, self.campaign, self.count = emulator, campaign, count
        campaign.plan(people(count), MESSAGE)
        emulator.arm(times=None, delay=2)

    @property
    def settings(self) -> dict[str, Any]:
        return {"pace": None, "base_url": self.emulator.url}

    def all_are_under_way(self) -> bool:
        return self.emulator.posts == self.count


def end_when(ready: Callable[[], bool]) -> Callable[[Snapshot], None]:
    def tell(_: Snapshot) -> None:
        if ready():
            raise LookupError("on purpose")

    return tell


def threads() -> int:
    return len(os.listdir("/proc/self/task"))


def test_a_callback_that_raises_drains_and_leaves_no_thread(
    emulator: Emulator, campaign: Campaign
) -> None:
    hanging = Hanging(emulator, campaign)
    before = threads()
    with pytest.raises(LookupError) as raised:
        campaign.run(
            TOKENS,
            on_progress=end_when(hanging.all_are_under_way),
            every=0.01,
            **hanging.settings,
        )
    # The kernel lists a thread for a moment longer than joining it takes.
    patience = time.monotonic() + 10
    while threads() > before and time.monotonic() < patience:
        time.sleep(0)
    assert threads() <= before
    standing: Standing = vars(raised.value)["standing"]
    assert (standing.ended, standing.states["sent"], standing.states["unknown"]) == (
        "drained",
        4,
        0,
    )
    assert "callcta: the campaign is finished" in raised.value.__notes__[0]


def test_ctrl_c_drains_and_a_second_one_does_not_wait(
    emulator: Emulator, campaign: Campaign
) -> None:
    hanging = Hanging(emulator, campaign)
    emulator.clear_faults()
    emulator.arm(times=None, delay=60)
    pressed: list[int] = []

    def press() -> None:
        while not hanging.all_are_under_way():
            pass
        os.kill(os.getpid(), signal.SIGINT)

    def again(*_: object) -> None:
        pressed.append(1)
        if len(pressed) == 1:
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, again)
    presser = threading.Thread(target=press)
    presser.start()
    try:
        with pytest.raises(KeyboardInterrupt) as raised:
            campaign.run(TOKENS, **hanging.settings)
    finally:
        signal.signal(signal.SIGINT, before)
        presser.join()
    assert len(pressed) == 2
    standing: Standing = vars(raised.value)["standing"]
    assert standing.states["unknown"] == 4
    assert campaign.count(states=["unknown"]) == 4


def test_two_runs_at_once_are_refused(emulator: Emulator, campaign: Campaign) -> None:
    hanging = Hanging(emulator, campaign)
    errors: list[Exception] = []

    def tell(_: Snapshot) -> None:
        if hanging.all_are_under_way() and not errors:
            assert campaign.status().status == "running"
            with pytest.raises(InUseError, match="another process has this journal") as raised:
                campaign.run(TOKENS, **hanging.settings)
            errors.append(raised.value)
            assert campaign.pause(wait=False) == 4

    campaign.run(TOKENS, on_progress=tell, every=0.01, **hanging.settings)
    assert len(errors) == 1
    assert campaign.pause() is None


def test_pages_that_somebody_must_see_to_are_told(emulator: Emulator, campaign: Campaign) -> None:
    campaign.plan(people(3) + people(3, OTHER), MESSAGE)
    standing = campaign.run({**TOKENS, OTHER: "wrong"}, base_url=emulator.url, pace=None)
    assert (standing.status, standing.ended) == ("paused", "held")
    assert list(standing.paused) == [OTHER]
    assert standing.paused[OTHER].startswith("authentication: ")
    assert campaign.status().paused == standing.paused
    assert (standing.states["sent"], standing.states["queued"]) == (3, 3)
    assert campaign.run(TOKENS, base_url=emulator.url).status == "finished"


def test_what_is_unknown_is_settled_by_echoes_or_a_word(
    emulator: Emulator, campaign: Campaign
) -> None:
    campaign.plan(people(4), MESSAGE)
    emulator.arm("drop", apply="after", times=4)
    standing = campaign.run(TOKENS, base_url=emulator.url, pace=None)
    assert standing.status == "finished_needs_attention"
    assert [(kind.state, kind.rows) for kind in standing.kinds] == [("unknown", 4)]
    assert standing.kinds[0].meaning
    bodies = [
        json.dumps(
            {
                "object": "page",
                "entry": [
                    {
                        "id": PAGE,
                        "time": 1,
                        "messaging": [
                            {
                                "sender": {"id": PAGE},
                                "recipient": {"id": message.recipient},
                                "timestamp": 1,
                                "message": {
                                    "mid": message.message_id,
                                    "is_echo": True,
                                    "metadata": message.body["message"]["metadata"],
                                },
                            }
                        ],
                    }
                ],
            }
        )
        for message in emulator.messages()
    ]
    (event,) = parse_unverified(bodies[0].encode()).events
    settled = campaign.settle([event, event.to_dict(), bodies[1], bodies[2].encode(), "x"])
    assert (settled.settled, settled.known, settled.unread) == ({"unknown": 3}, 1, 1)
    with pytest.raises(InvalidArgumentError, match="that risk must be accepted"):
        campaign.retry(states=["unknown"])
    assert campaign.assume_sent(kinds=["none"]) == 0
    assert campaign.assume_sent() == 1
    assert campaign.status().status == "finished"
    path = Path(f"{campaign.journal}.events")
    path.write_text("\n".join(bodies))
    # Echoes are more than a word.
    assert campaign.settle(path).settled == {"assumed_sent": 1}


def test_rejected_rows_are_put_back(emulator: Emulator, campaign: Campaign) -> None:
    campaign.plan(people(3), MESSAGE)
    emulator.arm("graph", status=400, code=10, subcode=2018278, times=2)
    standing = campaign.run(TOKENS, base_url=emulator.url, pace=None)
    assert standing.states["rejected"] == 2
    assert campaign.count(kinds=["outside_window"]) == 2
    assert campaign.retry(kinds=["outside_window"]) == 2
    assert campaign.run(TOKENS, base_url=emulator.url, pace=None).status == "finished"


def test_a_full_disk_is_an_error_that_says_so(emulator: Emulator, campaign: Campaign) -> None:
    with pytest.raises(JournalError):
        Campaign("/proc/no/journal").plan(people(1), MESSAGE)
    with pytest.raises(JournalError, match="plan the campaign first"):
        campaign.status()


# asyncio


def test_snapshots_come_while_an_event_loop_runs(emulator: Emulator, campaign: Campaign) -> None:
    campaign.plan(people(200), MESSAGE)

    async def token(page: str) -> str:
        await asyncio.sleep(0)
        return TOKENS[page]

    async def main() -> list[Snapshot]:
        run = campaign.run_async(token, base_url=emulator.url, pace=None, every=0.01)
        told = [snapshot async for snapshot in run]
        assert run.standing is not None
        assert run.standing.status == "finished"
        with pytest.raises(RuntimeError, match="once"):
            async for _ in run:
                pass
        assert await run == run.standing
        return told

    told = asyncio.run(main())
    assert told[-1].done == 200
    assert all(sum(snapshot.states.values()) == snapshot.rows for snapshot in told)
    assert asyncio.run(_again(campaign, emulator)).status == "finished"


async def _again(campaign: Campaign, emulator: Emulator) -> Any:
    return await campaign.run_async(TOKENS, base_url=emulator.url)


@pytest.mark.parametrize("how", ["cancelled", "left"])
def test_who_is_cancelled_or_leaves_drains(
    emulator: Emulator, campaign: Campaign, how: str
) -> None:
    hanging = Hanging(emulator, campaign)
    before = threads()

    async def main() -> None:
        run = campaign.run_async(TOKENS, every=0.01, **hanging.settings)

        async def until_all_are_under_way() -> None:
            async with contextlib.aclosing(run.__aiter__()) as snapshots:
                async for _ in snapshots:
                    if hanging.all_are_under_way():
                        if how == "left":
                            break
                        task.cancel()

        task = asyncio.ensure_future(until_all_are_under_way())
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled() == (how == "cancelled")
        assert run.standing is not None
        assert run.standing.ended == "drained"

    asyncio.run(main())
    assert threads() <= before + 1  # of to_thread
    assert campaign.status().states["sent"] == 4


def test_a_run_that_is_dropped_ends_by_itself(emulator: Emulator, campaign: Campaign) -> None:
    campaign.plan(people(300), MESSAGE)
    given = {"pace": 20, "client": {"base_url": emulator.url}}
    run = _native._Run((campaign.journal, None, False), given, TOKENS, False)
    while emulator.posts < 3:
        pass
    del run
    while campaign.status().status in ("running", "pausing"):
        pass
    states = campaign.status().states
    assert (states["in_flight"], states["unknown"]) == (0, 0)
    assert states["queued"] > 0


# Processes

SCRIPT = """
import os, sys, threading
from callcta.campaign import Campaign
journal, url, page, token = sys.argv[1:5]
campaign = Campaign(journal)
settings = {"base_url": url, "pace": 300}
"""


def start(script: str, campaign: Campaign, emulator: Emulator) -> subprocess.Popen[str]:
    given = [campaign.journal, emulator.url, PAGE, TOKENS[PAGE]]
    command = [sys.executable, "-X", "faulthandler", "-c", SCRIPT + script, *given]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe)


def test_what_was_killed_goes_on_and_sends_nothing_twice(
    emulator: Emulator, campaign: Campaign
) -> None:
    rows = people(400)
    campaign.plan(rows, MESSAGE)
    for number in range(1, 4):
        process = start("campaign.run({page: token}, **settings)", campaign, emulator)
        while emulator.posts < 80 * number:
            assert process.poll() is None
        process.kill()
        process.communicate()
    standing = campaign.run(TOKENS, base_url=emulator.url, pace=None)
    assert standing.states["queued"] == standing.states["in_flight"] == 0
    arrived = sent(emulator)
    assert set(arrived.values()) == {1}
    told = {row["psid"]: row["callcta_state"] for row in campaign.rows()}
    assert {psid for psid, state in told.items() if state == "sent"} <= set(arrived)
    assert set(arrived) <= {psid for psid, state in told.items() if state in ("sent", "unknown")}
    assert Counter(told.values()) == Counter(
        {state: count for state, count in standing.states.items() if count}
    )


def test_an_interpreter_that_ends_drains_first(emulator: Emulator, campaign: Campaign) -> None:
    hanging = Hanging(emulator, campaign)
    process = start(
        """
run = lambda: campaign.run({page: token}, **settings)
threading.Thread(target=run, daemon=True).start()
sys.stdin.read()
""",
        campaign,
        emulator,
    )
    while not hanging.all_are_under_way():
        assert process.poll() is None
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert campaign.status().states["sent"] == 4


def test_a_child_of_a_fork_leaves_the_run_to_its_parent(
    emulator: Emulator, campaign: Campaign
) -> None:
    campaign.plan(people(60), MESSAGE)
    process = start(
        """
from callcta import _native
from callcta.campaign import JournalError
seen = []

def tell(snapshot):
    if snapshot.settled < 5 or seen:
        return
    seen.append(1)
    child = os.fork()
    if child == 0:
        try:
            campaign.status()
        except JournalError as error:
            _native._end_runs()
            os._exit(7 if "spawn" in str(error) else 1)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    # This one keeps the files of its parent.
    gate, hold = os.pipe()
    if os.fork() == 0:
        os.close(hold)
        for name in (1, 2):
            os.close(name)
        os.read(gate, 1)
        os._exit(0)
    seen.append(hold)

standing = campaign.run({page: token}, on_progress=tell, every=0.01, **settings)
assert seen and standing.status == "finished", standing
assert campaign.retry() == 0
# Nothing is open now.
child = os.fork()
if child == 0:
    os._exit(campaign.status().rows)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 60
""",
        campaign,
        emulator,
    )
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert set(sent(emulator).values()) == {1}


def test_what_campaigns_show_is_brief_and_holds_no_password(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path / "journal")
    assert repr(campaign) == f"Campaign({str(tmp_path / 'journal')!r})"
    server = "postgresql://user:secret@db.example/x"
    named = repr(Campaign(f"{server}?campaign=autumn"))
    assert "autumn" in named
    assert "secret" not in named
    assert repr(Campaign(server)) == "Campaign(…)"
    plan = campaign.plan(people(3), MESSAGE)
    assert repr(plan).startswith("Plan(ok=True, rows=3, ready=3, skipped=0, pages={")
    standing = repr(campaign.status())
    assert standing.startswith("Standing(status='paused', rows=3, states={")
    for text in (repr(plan), standing):
        assert "None" not in text
        assert "=()" not in text
        assert "proxy" not in text


def test_a_start_and_quiet_hours_hold_what_is_queued(
    emulator: Emulator, campaign: Campaign
) -> None:
    campaign.plan(people(5) + people(5, OTHER), MESSAGE)
    now = datetime.now(UTC)
    wrong: list[dict[str, Any]] = [
        {"start_at": now - timedelta(hours=5)},
        {"start_at": datetime(2999, 1, 1)},
        {"quiet_hours": "21-8"},
        {"time_zone": "UTC"},
        {"quiet_hours": "21:00-08:00", "time_zone": "Mars/Olympus"},
    ]
    for settings in wrong:
        with pytest.raises(InvalidArgumentError):
            campaign.run(TOKENS, base_url=emulator.url, **settings)
    # Of the other Page nobody knows the time of day, and it isn't quiet for this one.
    hours = f"{now + timedelta(hours=3):%H:%M}-{now + timedelta(hours=4):%H:%M}"
    standing = campaign.run(
        TOKENS, base_url=emulator.url, quiet_hours=hours, time_zone={PAGE: "UTC"}
    )
    assert (standing.ended, standing.states["sent"], standing.states["queued"]) == ("held", 5, 5)
    assert "zone is unknown" in standing.paused[OTHER]
    start = datetime.now(UTC) + timedelta(seconds=2)
    told: list[Snapshot] = []
    standing = campaign.run(
        TOKENS, base_url=emulator.url, start_at=start, on_progress=told.append, every=0.01
    )
    assert datetime.now(UTC) >= start
    assert (standing.ended, standing.states["sent"]) == ("finished", 10)
    [waits] = [held for held in told[0].held if held.page == OTHER]
    assert waits.starts_in is not None
    assert 0 < waits.starts_in <= 2
