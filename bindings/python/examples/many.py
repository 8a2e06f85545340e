"""Sends to everybody in a CSV file with columns `psid` and `name`, or to one person without a file.

Set CALLCTA_PAGE_ID, CALLCTA_ACCESS_TOKEN and CALLCTA_PSID, and CALLCTA_BASE_URL for an emulator.
"""

import asyncio
import collections
import csv
import os
import sys
from collections.abc import Iterator

from callcta import AudioCallButton, ButtonTemplate, Message
from callcta.aio import Client


def messages(path: str | None) -> Iterator[tuple[str, Message]]:
    """Pairs of PSID and message, read as they are needed."""
    button = AudioCallButton("Call Now")
    if path is None:
        yield os.environ["CALLCTA_PSID"], ButtonTemplate("Hello!", [button])
        return
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            yield row["psid"], ButtonTemplate(f"Hello {row['name']}!", [button])


async def main(path: str | None) -> None:
    """Prints how many sends ended how."""
    async with Client.from_env() as client:
        counts = collections.Counter[str]()
        async for outcome in client.send_many(messages(path)):
            counts[outcome.error.kind if outcome.error else "sent"] += 1
    print(dict(counts))


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
