"""A web server that runs one CGI program for each request: `cgi_host.py PORT PROGRAM`."""

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PORT, *PROGRAM = sys.argv[1:]


class Handler(BaseHTTPRequestHandler):
    """Hands a request over, as RFC 3875 says."""

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        variables = {
            f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()
        }
        variables |= {"REQUEST_METHOD": self.command, "QUERY_STRING": urlsplit(self.path).query,
                      "CONTENT_LENGTH": str(length)}  # fmt: skip
        done = subprocess.run(PROGRAM, env={**os.environ, **variables}, input=self.rfile.read(length),
                              stdout=subprocess.PIPE, timeout=30)  # fmt: skip
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self.send_response(int(fields.pop("Status", "200")) if done.returncode == 0 else 500)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        """Says nothing."""


ThreadingHTTPServer(("127.0.0.1", int(PORT)), Handler).serve_forever()
