"""Serves one of the Python examples on a free port, as a server of its framework does.

python3 serve.py NAME, where NAME is its file's without `in_`; `lambda` and `lambda-1.0` are
called with events of payload format 2.0, with the body in base64, and 1.0, without.
"""

import base64
import importlib
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

EXAMPLES = Path(__file__).resolve().parents[3] / "bindings/python/examples/webhooks"
sys.path.insert(0, str(EXAMPLES))


def listening(port):
    print(f"listening on http://127.0.0.1:{port}/webhook", flush=True)


def serve_wsgi(app):
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_):
            pass

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    listening(server.server_port)
    server.serve_forever()


def serve_asgi(app):
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    listening(listener.getsockname()[1])
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


def serve_lambda(handler, version):
    """Plays the gateway: makes events of requests, and answers of what the handler returns."""
    one_at_a_time = threading.Lock()

    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self):
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            values = {}
            for name, value in self.headers.items():
                values.setdefault(name, []).append(value)
            event = {"queryStringParameters": dict(parse_qsl(url.query)) or None}
            if version == "1.0":
                event |= {"version": version, "httpMethod": self.command, "requestContext": {}}
                # The last of several; all of them are beside.
                event |= {"headers": {name: own[-1] for name, own in values.items()}}
                event |= {"multiValueHeaders": values}
                event |= {"body": body.decode() or None, "isBase64Encoded": False}
            else:
                event |= {"version": version, "requestContext": {"http": {"method": self.command}}}
                event |= {"headers": {name.lower(): ",".join(own) for name, own in values.items()}}
                event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
            with one_at_a_time:
                answer = handler(event, None)
            text = answer.get("body", "").encode()
            self.send_response(answer["statusCode"])
            for name, value in answer.get("headers", {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_HEAD = handle_one

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    listening(server.server_port)
    server.serve_forever()


def main(name):
    module = importlib.import_module(f"in_{name.partition('-')[0]}")
    match name:
        case "flask":
            serve_wsgi(module.app)
        case "django":
            serve_wsgi(module.application)
        case "fastapi":
            serve_asgi(module.app)
        case _:
            serve_lambda(module.handler, name.partition("-")[2] or "2.0")


if __name__ == "__main__":
    main(*sys.argv[1:])
