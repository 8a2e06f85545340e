"""Sends 100,000 messages in each way and prints the memory in use on the way."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from callcta import AudioCallButton, ButtonTemplate, CallCtaError, Client, Element, GenericTemplate
from callcta.testing import Emulator

MARKS = {10_000, 50_000, 100_000}
TOTAL = max(MARKS)


def rss() -> str:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return f"{pages * 4096 / 2**20:.1f} MiB"


def build() -> GenericTemplate:
    buttons = [AudioCallButton("Call Now", expires_in_days=5)]
    return GenericTemplate([Element("Contact Support!", subtitle="Now", buttons=buttons)])


def send(client: Client, psids: list[str]) -> None:
    for number in range(1, TOTAL + 1):
        client.send(psids[0], build(), metadata=str(number))
        if number in MARKS:
            print(f"send       {number:7} {rss()}", flush=True)


def fail(client: Client, psids: list[str]) -> None:
    message = ButtonTemplate("Hello", [AudioCallButton("Call Now", expires_in_days=9)])
    for number in range(1, TOTAL + 1):
        try:
            # Refused by the platform, every tenth time here.
            client.send(psids[0], message, unchecked=number % 10 != 0)
            sys.exit("it should have been refused")
        except CallCtaError as error:
            if error.delivery == "unknown":
                raise
        if number in MARKS:
            print(f"refused    {number:7} {rss()}", flush=True)


def send_many(client: Client, psids: list[str]) -> None:
    messages = ((psids[0], build()) for _ in range(TOTAL))
    for number, outcome in enumerate(client.send_many(messages, pace=None), 1):
        assert outcome.receipt
        if number in MARKS:
            print(f"send_many  {number:7} {rss()}", flush=True)


async def gather(emulator: Emulator) -> None:
    async with emulator.aio_client() as client:
        for number in range(1000, TOTAL + 1, 1000):
            await asyncio.gather(*(client.send(emulator.psids[0], build()) for _ in range(1000)))
            if number in MARKS:
                print(f"asyncio    {number:7} {rss()}", flush=True)


if __name__ == "__main__":
    with Emulator() as emulator, emulator.client() as client:
        send(client, emulator.psids)
        fail(client, emulator.psids)
        send_many(client, emulator.psids)
        asyncio.run(gather(emulator))
