"""What goes into the evidence beside the page: certificates, addresses, the browser's raw answer."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from warcio.archiveiterator import ArchiveIterator

from crawler.middlewares import on_the_wire
from crawler.wire import Answer
from practice import Town
from storage import Vault, open_store
from storage import models as m
from tests.sweeps.conftest import env_for, swept

HOST = "tls.town.localhost"
ITEM = "<h1>普洱茶 熟茶</h1><p>价格：¥98.00</p><button>加入购物车</button>"
SCRIPTED = f'<meta charset=utf-8><div id="app"></div><script>document.getElementById("app").innerHTML = `{ITEM}`</script>'


class Shop(BaseHTTPRequestHandler):
    """A shop of one item; below /app a script writes the page."""

    def do_GET(self) -> None:
        if self.path == "/old":
            self.send_response(302)
            self.send_header("Location", "/item/1")
            self.end_headers()
            return
        body = {
            "/": "<meta charset=utf-8><a href='/old'>茶</a><a href='/item/1'>茶</a>",
            "/item/1": f"<meta charset=utf-8>{ITEM}",
            "/item/2": SCRIPTED,
        }.get(self.path, "")
        if self.headers["Host"].startswith("app.") and self.path == "/":
            body = SCRIPTED
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments: object) -> None:
        pass


def certificate(
    name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate signed by `issuer`, or by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"*.{name}"), x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )  # fmt: skip
    return made, key


@pytest.fixture(scope="module")
def https(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """A server of https that nobody vouches for: its port, and its chain in PEM."""
    folder = tmp_path_factory.mktemp("tls")
    root = certificate("root.example", None)
    leaf, key = certificate("town.localhost", root)
    pem = leaf.public_bytes(Encoding.PEM) + root[0].public_bytes(Encoding.PEM)
    (folder / "chain.pem").write_bytes(pem)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, pem.decode()
    server.shutdown()


@pytest.fixture(scope="module")
def kept(https: tuple[int, str], town: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a sweep of a plain and of a scripted shop left."""
    data = tmp_path_factory.mktemp("data")
    port, _ = https
    shops = [f"https://{HOST}:{port}/", f"https://app.{HOST}:{port}/"]
    summary = swept("--source", shops[0], "--source", shops[1], env=env_for(town, data), cwd=data)
    assert not summary["incidents"], summary["problems"]
    return data


def evidence(data: Path, kind: str, host: str) -> list[m.Evidence]:
    with open_store(f"sqlite:///{data / 'yunjian.db'}").session() as session:
        rows = session.scalars(select(m.Evidence).where(m.Evidence.kind == kind))
        return [row for row in rows if f"//{host}:" in row.url]


def headers(data: Path, row: m.Evidence, kind: str = "response") -> dict[str, list[str]]:
    """The headers of a record or of the request for it, and under `http` its message's."""
    found: dict[str, list[str]] = {}
    of = "WARC-Record-ID" if kind == "response" else "WARC-Concurrent-To"
    with (data / "evidence" / row.warc_file).open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type == kind and row.record_id in (
                record.rec_headers.get_header(of) or ""
            ):
                for name, value in record.rec_headers.headers:
                    found.setdefault(name, []).append(value)
                found["http"] = [f"{n}: {v}" for n, v in record.http_headers.headers]
    return found


def test_the_chain_of_certificates_is_kept_once_and_each_page_points_to_it(
    kept: Path, https: tuple[int, str]
) -> None:
    (chain,) = evidence(kept, "certificate", HOST)
    assert chain.url == f"urn:certificates:https://{HOST}:{https[0]}"
    assert chain.content_type == "application/pem-certificate-chain"
    archived = Vault(kept / "evidence").read(chain.warc_file, chain.warc_offset).body
    assert archived.decode() == https[1], "both certificates, the server's own first"
    assert hashlib.sha256(archived).hexdigest() == chain.sha256
    assert chain.fetched_at.utcoffset() == timedelta(0)
    pages = [*evidence(kept, "page", HOST), *evidence(kept, "redirect", HOST)]
    assert {urlpath(p.url) for p in pages} >= {"/", "/item/1", "/old"}
    for page in pages:
        (said,) = headers(kept, page)["WARC-Yunjian-Certificates"]
        assert said == f"sha256:{chain.sha256} <urn:uuid:{chain.record_id}>"


def urlpath(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def test_request_and_response_stand_as_they_were_sent(kept: Path, https: tuple[int, str]) -> None:
    (page,) = [p for p in evidence(kept, "page", HOST) if p.url.endswith("/item/1")][:1]
    response = headers(kept, page)
    assert response["WARC-IP-Address"] == ["127.0.0.1"]
    assert "Set-Cookie: a=1" in response["http"] and "Set-Cookie: b=2" in response["http"]
    request = headers(kept, page, "request")["http"]
    assert f"Host: {HOST}:{https[0]}" in request
    assert any(line.startswith("User-Agent: Yunjian/") for line in request)


def test_of_a_page_in_the_browser_the_raw_answer_is_kept_too(
    kept: Path, https: tuple[int, str]
) -> None:
    host = f"app.{HOST}"
    (finished,) = [p for p in evidence(kept, "page", host) if p.rendered]
    (wire,) = evidence(kept, "wire", host)
    vault = Vault(kept / "evidence")
    assert vault.read(wire.warc_file, wire.warc_offset).body.decode() == SCRIPTED
    assert (
        "<h1>普洱茶 熟茶</h1>" in vault.read(finished.warc_file, finished.warc_offset).body.decode()
    )
    assert headers(kept, finished)["WARC-Concurrent-To"] == [f"<urn:uuid:{wire.record_id}>"]
    raw = headers(kept, wire)
    assert raw["WARC-IP-Address"] == ["127.0.0.1"]
    assert {"set-cookie: a=1", "set-cookie: b=2"} <= {line.lower() for line in raw["http"]}
    assert any("yunjian/" in line.lower() for line in headers(kept, wire, "request")["http"])
    (chain,) = evidence(kept, "certificate", host)
    archived = vault.read(chain.warc_file, chain.warc_offset).body.decode()
    assert archived == https[1]


def test_what_opens_a_door_is_left_out_of_the_evidence() -> None:
    asked = (("cookie", "session=1"), ("Authorization", "Bearer 1"), ("accept", "text/html"))
    answer = Answer("http://x.example/", 200, (), b"", asked, "")
    assert on_the_wire(answer, "taobao", ()).request_headers == (("accept", "text/html"),)
