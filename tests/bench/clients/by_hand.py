"""What people write who have no campaign: `by_hand.py URL TOKEN AT_ONCE FILE`.

asyncio, aiohttp, a semaphore, and everything in memory.
"""

import asyncio
import csv
import sys
from typing import Any

import aiohttp

URL, TOKEN, AT_ONCE, FILE = sys.argv[1:]


def message(row: dict[str, str]) -> dict[str, Any]:
    element = {
        "title": f"Hello {row['name']}!",
        "subtitle": f"Your order {row['order']} is ready.",
        "buttons": [{"type": "audio_call", "title": "Call Now", "expires_in_days": 5}],
    }
    payload = {"template_type": "generic", "elements": [element]}
    return {"attachment": {"type": "template", "payload": payload}}


async def main() -> None:
    with open(FILE, newline="") as file:
        rows = list(csv.DictReader(file))
    at_once = asyncio.Semaphore(int(AT_ONCE))
    results: list[dict[str, Any]] = []
    headers = {"authorization": f"Bearer {TOKEN}"}
    connector = aiohttp.TCPConnector(limit=int(AT_ONCE))
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:

        async def send(row: dict[str, str]) -> None:
            body = {"recipient": {"id": row["psid"]}, "message": message(row)}
            async with at_once, session.post(URL, json=body) as answer:
                results.append(await answer.json())

        await asyncio.gather(*(send(row) for row in rows))
    assert len(results) == len(rows)


asyncio.run(main())
