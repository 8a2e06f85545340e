"""A small server that plays the platform, for what needs exact control over answers and timing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import callcta
import pytest
from callcta import aio

PSID = "1254477777772919"
TOKEN = "EAAsecretTOKEN"
CALL = callcta.ButtonTemplate("Contact us", [callcta.AudioCallButton("Call Now")])


@dataclass
class Request:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: tuple[str, int]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """An answer; `drop` closes the connection instead."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    drop: bool = False


def ok(request: Request) -> Answer:
    psid = request.json["recipient"].get("id")
    return Answer({"recipient_id": psid, "message_id": "m_1"})


def graph_error(code: int, subcode: int | None = None, **more: Any) -> Answer:
    error = {
        "code": code,
        "type": "OAuthException",
        "message": "No.",
        "fbtrace_id": "Atrace",
        **more,
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    return Answer({"error": error}, 400)


class Server:
    """Answers each request with what `answer` makes of it, on a thread per connection."""

    def __init__(self) -> None:
        self.answer: Callable[[Request], Answer] = ok
        self.requests: list[Request] = []
        self.changed = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {key.lower(): value for key, value in self.headers.items()}
                request = Request(self.path, headers, body, self.client_address)
                with outer.changed:
                    outer.requests.append(request)
                    outer.changed.notify_all()
                answer = outer.answer(request)
                if answer.drop:
                    self.close_connection = True
                    return
                raw = answer.body
                content = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
                self.send_response(answer.status)
                for key, value in answer.headers.items():
                    self.send_header(key, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        class Listener(ThreadingHTTPServer):
            request_queue_size = 256

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # clients that go away

        self.listener = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.listener.server_port}"
        self.thread = threading.Thread(target=self.listener.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def connections(self) -> set[tuple[str, int]]:
        return {request.connection for request in self.requests}

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) >= count, 60)

    def close(self) -> None:
        self.listener.shutdown()
        self.thread.join()
        self.listener.socket.close()

    def client(self, **settings: Any) -> callcta.Client:
        return callcta.Client("1234567890", TOKEN, base_url=self.url, **settings)

    def aio_client(self, **settings: Any) -> aio.Client:
        return aio.Client("1234567890", TOKEN, base_url=self.url, **settings)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.close()
