"""A real time authority on loopback: `openssl ts` behind a small HTTP server."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["Authority", "authority", "openssl"]

_CONFIG = """
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[stamping]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = it
[it]
dir = .
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
certs = root.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(*words: str, folder: Path) -> str:
    """What openssl prints; raises `AssertionError` with its complaint."""
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


class Authority:
    """Answers requests; `misbehave` makes it answer wrongly."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.misbehave = ""
        """"" , "other data", "replay", "garbage", "error" or "refuse"."""
        self.url = ""
        self._kept = b""
        folder.mkdir()
        (folder / "openssl.cnf").write_text(_CONFIG)
        (folder / "serial").write_text("01\n")
        new = ("req", "-config", "openssl.cnf", "-newkey", "rsa:2048", "-nodes")
        openssl(*new, "-x509", "-days", "3650", "-extensions", "root", "-subj", "/CN=Root of a test",
                "-keyout", "root.key", "-out", "root.pem", folder=folder)  # fmt: skip
        openssl(*new, "-subj", "/CN=Time of a test", "-keyout", "tsa.key", "-out", "tsa.csr",
                folder=folder)  # fmt: skip
        openssl("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key",
                "-CAcreateserial", "-days", "3650", "-extfile", "openssl.cnf", "-extensions",
                "stamping", "-out", "tsa.pem", folder=folder)  # fmt: skip
        self.root = folder / "root.pem"

    def answer(self, query: bytes) -> bytes:
        """The stamp for a query, or what a faulty authority sends."""
        if self.misbehave == "garbage":
            return b"no stamp at all"
        if self.misbehave == "replay" and self._kept:
            return self._kept
        (self.folder / "query").write_bytes(query)
        if self.misbehave == "other data":
            (self.folder / "data").write_bytes(b"something else")
            openssl("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "query",
                    folder=self.folder)  # fmt: skip
        if self.misbehave == "refuse":
            (self.folder / "query").write_bytes(b"\x30\x00")
        openssl("ts", "-reply", "-config", "openssl.cnf", "-section", "it", "-queryfile", "query",
                "-out", "answer", folder=self.folder)  # fmt: skip
        self._kept = (self.folder / "answer").read_bytes()
        return self._kept


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    """An authority that lives as long as the context."""
    tsa = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            body = b"" if tsa.misbehave == "error" else tsa.answer(query)
            self.send_response(500 if tsa.misbehave == "error" else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tsa.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield tsa
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
