"""The clients in Python: `python.py WHICH URL PAGE_ID TOKEN PSID`.

What they say to their driver is described in ../src/protocol.rs. Each imports only what it
measures.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from time import perf_counter_ns as now
from typing import Any

WHICH, URL, PAGE_ID, TOKEN, PSID = sys.argv[1:]
ENDPOINT = f"{URL}/v26.0/{PAGE_ID}/messages"
HEADERS = {"authorization": f"Bearer {TOKEN}"}


def sample_message() -> dict[str, Any]:
    """The page's generic sample, as those have to write it who have no callcta."""
    return {
        "attachment": {
            "type": "template",
            "payload": {
                "template_type": "generic",
                "elements": [
                    {
                        "title": "Contact Support!",
                        "buttons": [
                            {"type": "audio_call", "title": "Call Now", "expires_in_days": 5}
                        ],
                    }
                ],
            },
        }
    }


def sample_request(psid: str) -> dict[str, Any]:
    return {"recipient": {"id": psid}, "message": sample_message()}


if "callcta" in WHICH:
    from callcta import AudioCallButton, Element, GenericTemplate


def callcta_sample() -> "GenericTemplate":
    call = AudioCallButton("Call Now", expires_in_days=5)
    return GenericTemplate([Element("Contact Support!", buttons=[call])])


def raw() -> Callable[[], None]:
    """The floor in Python: what is written is ready, what is read is only counted."""
    import json
    import socket

    host = URL.removeprefix("http://")
    body = json.dumps(sample_request(PSID), separators=(",", ":"))
    request = (
        f"POST /v26.0/{PAGE_ID}/messages HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\n"
        "user-agent: raw\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {TOKEN}\r\ncontent-length: {len(body)}\r\n\r\n{body}"
    ).encode()
    address, port = host.rsplit(":", 1)
    buffer = bytearray(16 * 1024)
    connection: socket.socket | None = None
    # The server always answers alike, so the first answer tells the length.
    length = 0

    def connect() -> socket.socket:
        connection = socket.create_connection((address, int(port)))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def send() -> None:
        nonlocal connection, length
        connection = connection or connect()
        connection.sendall(request)
        filled = 0
        while not length or filled < length:
            count = connection.recv_into(memoryview(buffer)[filled:])
            assert count
            filled += count
            if not length and b"\r\n\r\n" in buffer:
                head = bytes(buffer).partition(b"\r\n\r\n")[0]
                length = len(head) + 4 + int(head.split(b"content-length:")[1].split()[0])

    return send


def sender() -> tuple[str, Callable[[], None]]:
    """The client's name and what sends one message with it."""
    if WHICH == "callcta":
        import callcta

        client = callcta.Client(PAGE_ID, TOKEN, base_url=URL)

        def send() -> None:
            assert client.send(PSID, callcta_sample()).message_id

        return f"callcta {version('callcta')}", send

    if WHICH == "callcta-once":
        import callcta

        client = callcta.Client(PAGE_ID, TOKEN, base_url=URL)
        card = callcta_sample()

        def send() -> None:
            assert client.send(PSID, card).message_id

        return f"callcta {version('callcta')}, one card for all", send

    if WHICH == "raw":
        return "socket", raw()

    if WHICH == "httpx":
        import httpx

        session = httpx.Client(timeout=30, trust_env=False, headers=HEADERS)

        def send() -> None:
            assert session.post(ENDPOINT, json=sample_request(PSID)).json()["message_id"]

    elif WHICH == "requests":
        import requests

        session = requests.Session()
        session.trust_env = False
        session.headers.update(HEADERS)

        def send() -> None:
            answer = session.post(ENDPOINT, json=sample_request(PSID), timeout=30)
            assert answer.json()["message_id"]

    elif WHICH == "fbmessenger":
        import fbmessenger

        client = fbmessenger.MessengerClient(TOKEN)
        client.graph_url = f"{URL}/v26.0"

        def send() -> None:
            assert client.send(sample_message(), PSID)["message_id"]

    elif WHICH == "pymessenger":
        from pymessenger.bot import Bot

        bot = Bot(TOKEN)
        bot.graph_url = f"{URL}/v26.0"
        elements = sample_message()["attachment"]["payload"]["elements"]

        def send() -> None:
            assert bot.send_generic_message(PSID, elements)["message_id"]

    else:
        sys.exit(f"no client is called {WHICH}")
    return f"{WHICH} {version(WHICH)}", send


def one_by_one() -> None:
    title, send = sender()
    print(title, flush=True)
    for line in sys.stdin:
        start = now()
        if line.startswith("each "):
            took = []
            for _ in range(int(line[5:])):
                start = now()
                send()
                took.append(now() - start)
            print(*took, flush=True)
        else:
            for _ in range(int(line)):
                send()
            print(now() - start, flush=True)


def async_sender() -> tuple[str, Callable[[str], Awaitable[None]]]:
    """The client's name and what sends one message to somebody."""
    if "callcta" in WHICH:
        import callcta.aio

        client = callcta.aio.Client(PAGE_ID, TOKEN, base_url=URL)

        async def send(psid: str) -> None:
            assert (await client.send(psid, callcta_sample())).message_id

        return f"callcta.aio {version('callcta')}", send

    if WHICH == "many-nothing":

        async def send(_: str) -> None:
            await asyncio.sleep(0.8)

        return "asyncio.sleep, no sends", send

    import httpx

    settings = {"timeout": 30, "trust_env": False, "headers": HEADERS}
    limits, title = None, ""
    if WHICH == "many-httpx-64":
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        title = ", 64 connections"
    elif WHICH != "many-httpx":
        sys.exit(f"no client is called {WHICH}")
    session = httpx.AsyncClient(**settings, **({"limits": limits} if limits else {}))

    async def send(psid: str) -> None:
        answer = await session.post(ENDPOINT, json=sample_request(psid))
        assert answer.json()["message_id"]

    return f"httpx.AsyncClient {version('httpx')}{title}", send


async def many(send: Callable[[str], Awaitable[None]], count: int) -> tuple[int, int]:
    """How long `count` sends at once take, and how late a 1 ms timer got meanwhile."""
    late, last = 0, 0

    async def tick() -> None:
        nonlocal late, last
        while True:
            last = now()
            await asyncio.sleep(0.001)
            late = max(late, now() - last - 1_000_000)

    ticker = asyncio.create_task(tick())
    await asyncio.sleep(0.01)
    start, late = now(), 0
    # To somebody else each, or they would have to wait for one another.
    await asyncio.gather(*(send(f"1254477777{i:06}") for i in range(count)))
    took = now() - start
    ticker.cancel()
    return took, max(late, now() - last - 1_000_000)


async def asynchronous() -> None:
    title, send = async_sender()
    print(title, flush=True)
    for line in sys.stdin:
        if WHICH.startswith("many-"):
            print(*await many(send, int(line)), flush=True)
        elif line.startswith("each "):
            took = []
            for _ in range(int(line[5:])):
                start = now()
                await send(PSID)
                took.append(now() - start)
            print(*took, flush=True)
        else:
            start = now()
            for _ in range(int(line)):
                await send(PSID)
            print(now() - start, flush=True)


if WHICH.startswith("many-") or WHICH == "callcta-aio":
    asyncio.run(asynchronous())
else:
    one_by_one()
