"""Campaigns whose journal is in PostgreSQL, which any number of processes share."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from callcta import InvalidArgumentError
from callcta.campaign import (
    Campaign,
    ChangedError,
    InputError,
    JournalError,
    Snapshot,
    TemplateError,
)
from callcta.testing import Emulator
from test_campaign import MESSAGE, OTHER, PAGE, TOKENS, emulator, people, sent

__all__ = ["emulator"]

SERVER = Path(__file__).parents[3] / "tests" / "postgres" / "server.sh"
COLUMNS = ["psid", "key", "page", "name"]
_names = map("campaign-{}".format, itertools.count())


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of these tests' own."""
    folder = tmp_path_factory.mktemp("postgres") / "server"
    started = subprocess.run(
        [SERVER, "start", folder], check=True, stdout=subprocess.PIPE, text=True
    )
    try:
        url = started.stdout.strip()
        migrate = [sys.executable, "-m", "callcta", "campaign", "migrate", "--journal", url]
        subprocess.run(migrate, check=True)
        yield url
    finally:
        subprocess.run([SERVER, "stop", folder], check=True)


@pytest.fixture
def campaign(url: str) -> Campaign:
    return Campaign(url, campaign=next(_names))


def test_rows_are_added_and_sent_once(emulator: Emulator, campaign: Campaign) -> None:
    assert campaign.shared
    assert not campaign.exists
    rows = people(20)
    assert campaign.plan(iter(rows), MESSAGE).ok
    again = campaign.plan(rows + people(10, OTHER), MESSAGE, exist_ok=True)
    assert "20 rows were there already, and stay as they are" in again.notes
    assert (campaign.exists, campaign.status().rows, campaign.count()) == (True, 30, 30)

    with pytest.raises(InvalidArgumentError, match="from 2 to 3600"):
        campaign.run(TOKENS, lease_time=1)
    told: list[Snapshot] = []
    standing = campaign.run(
        TOKENS, pace=None, lease_time=5, base_url=emulator.url, on_progress=told.append, every=0.1
    )
    assert (standing.ended, standing.rows, standing.states["sent"]) == ("finished", 30, 30)
    assert told[-1].done == told[-1].rows == 30
    assert sent(emulator) == Counter(row["psid"] for row in rows + people(10, OTHER))
    assert campaign.run(TOKENS, base_url=emulator.url).ended == "finished"
    assert sum(sent(emulator).values()) == 30
    assert {row["callcta_state"] for row in campaign.rows()} == {"sent"}


def test_the_name_may_be_in_the_address_or_beside_it(url: str, campaign: Campaign) -> None:
    campaign.plan(people(3), MESSAGE)
    same = Campaign(f"{url}?campaign={campaign.campaign}")
    assert (same.status(), repr(same)) == (campaign.status(), repr(campaign))
    with pytest.raises(InvalidArgumentError, match="name is missing"):
        Campaign(url).status()
    with pytest.raises(InvalidArgumentError, match="two names"):
        Campaign(same.journal, campaign="another").status()
    with pytest.raises(InvalidArgumentError, match="names are for journals in PostgreSQL"):
        Campaign("a.journal", campaign="autumn").status()


def test_no_password_is_shown() -> None:
    campaign = Campaign("postgresql://me:hunter2@127.0.0.1:1/x", campaign="autumn")
    assert repr(campaign) == "Campaign('postgresql://me@127.0.0.1:1/x?campaign=autumn')"
    with pytest.raises(JournalError) as told:
        campaign.status()
    assert "hunter2" not in f"{told.value!r} {told.value}"
    assert repr(Campaign("mysql://me:hunter2@host/x")) == "Campaign(…)"


def test_a_campaign_is_made_before_its_rows(emulator: Emulator, campaign: Campaign) -> None:
    with pytest.raises(TemplateError, match="no column for these placeholders: name"):
        campaign.create(MESSAGE, ["psid", "key", "page"])
    with pytest.raises(InputError, match="no column key"):
        campaign.create(MESSAGE, ["psid", "page", "name"])
    with pytest.raises(InputError, match="no column page"):
        campaign.create(MESSAGE, ["psid", "key", "name"])
    assert not campaign.exists
    campaign.create(MESSAGE, COLUMNS)
    campaign.create(MESSAGE, [*COLUMNS, "more"])
    with pytest.raises(ChangedError):
        campaign.create(json.dumps({"text": "Another one"}), COLUMNS)
    assert (campaign.exists, campaign.status().rows) == (True, 0)
    assert campaign.run(TOKENS, base_url=emulator.url).ended == "finished"
    campaign.plan(people(2), MESSAGE)
    assert campaign.run(TOKENS, pace=None, base_url=emulator.url).states["sent"] == 2
    with pytest.raises(InvalidArgumentError, match="in a file"):
        Campaign("a.journal").create(MESSAGE, COLUMNS)


def test_a_pause_holds_until_somebody_resumes(emulator: Emulator, campaign: Campaign) -> None:
    campaign.plan(people(5), MESSAGE)
    assert campaign.pause() == 0
    assert campaign.run(TOKENS, base_url=emulator.url).ended == "drained"
    assert not sent(emulator)
    campaign.resume()
    assert campaign.run(TOKENS, pace=None, base_url=emulator.url).ended == "finished"
    assert len(sent(emulator)) == 5


def test_tokens_are_asked_for_when_pages_come(emulator: Emulator, campaign: Campaign) -> None:
    """Of a Page that came while the campaign ran, on the thread that waits for it."""
    campaign.plan(people(20), MESSAGE)
    asked: list[str] = []

    def token(page: str) -> str | None:
        assert threading.current_thread() is threading.main_thread()
        if not asked:
            campaign.plan(people(5, OTHER), MESSAGE)
        asked.append(page)
        return TOKENS[page]

    standing = campaign.run(token, pace=20, base_url=emulator.url)
    assert (standing.ended, standing.rows, standing.states["sent"]) == ("finished", 25, 25)
    assert asked == [PAGE, OTHER]


def test_tokens_may_be_awaited(emulator: Emulator, campaign: Campaign) -> None:
    campaign.plan(people(5) + people(5, OTHER), MESSAGE)

    async def token(page: str) -> str | None:
        await asyncio.sleep(0.01)
        return TOKENS[page] if page == PAGE else None

    async def run() -> None:
        standing = await campaign.run_async(token, pace=None, base_url=emulator.url)
        assert (standing.ended, standing.states["sent"]) == ("held", 5)
        assert standing.paused == {
            OTHER: f"invalid_argument: there is no access token for the Page {OTHER}"
        }

    asyncio.run(run())


def test_what_a_provider_raises_ends_the_run(emulator: Emulator, campaign: Campaign) -> None:
    campaign.plan(people(5), MESSAGE)

    def token(page: str) -> str | None:
        raise KeyError(page)

    with pytest.raises(KeyError, match=PAGE):
        campaign.run(token, base_url=emulator.url)
    assert not sent(emulator)
    assert campaign.status().status == "paused"
