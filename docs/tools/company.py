"""What stands between a program and the platform in some companies: a proxy, and TLS that a
company's own authority vouches for. All on the loopback address."""

import socket
import ssl
import subprocess
import threading
from urllib.parse import urlsplit


class Company:
    """`url` is an emulator behind TLS, `proxy` a proxy; `company-ca.pem` is in the folder."""

    def __init__(self, folder, upstream):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

        key = "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "company-ca.pem",
                "-subj", "/CN=Example Company CA")  # fmt: skip
        openssl("req", "-x509", *key, "-keyout", "server.key", "-out", "server.pem",
                "-subj", "/CN=localhost", "-CA", "company-ca.pem", "-CAkey", "ca.key",
                "-addext", "subjectAltName=DNS:localhost",
                "-addext", "basicConstraints=critical,CA:FALSE")  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        target = urlsplit(upstream)
        self.tunnels = 0

        def secure(connection):
            with context.wrap_socket(connection, server_side=True) as plain:
                join(plain, socket.create_connection((target.hostname, target.port)))

        def tunnel(connection):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(1)
            method, authority, _ = head.split(b" ", 2)
            assert method == b"CONNECT", head
            self.tunnels += 1
            host, _, port = authority.decode().rpartition(":")
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            join(connection, socket.create_connection((host, int(port))))

        self.listeners = []
        self.url = f"https://localhost:{self.listen(secure)}"
        self.proxy = f"http://127.0.0.1:{self.listen(tunnel)}"

    def listen(self, serve):
        """Serves each connection on a thread; returns the port."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.listeners.append(listener)

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for listener in self.listeners:
            listener.close()


def join(one, other):
    """Carries bytes both ways until both ends have had enough."""

    def carry(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    back = threading.Thread(target=carry, args=(other, one), daemon=True)
    back.start()
    carry(one, other)
    back.join()
