"""Small sites on loopback that take down who asked for what and when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

__all__ = ["Asked", "Recorder", "Say", "item", "links"]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    at: float
    """Seconds of the epoch."""
    host: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Say:
    """What is answered."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def item(title: str, price: int = 99) -> str:
    """An item page as small shops write it."""
    return (
        f"<meta charset=utf-8><title>{title}</title><h1>{title}</h1><p>价格：¥{price}</p>"
        "<button>加入购物车</button>"
    )


def links(*paths: str) -> str:
    """A front page."""
    return "<meta charset=utf-8><h2>全部商品</h2>" + "".join(
        f'<a href="{path}">商品</a>' for path in paths
    )


class Recorder:
    """Serves while a `with` block runs; `answer` says what, by host (without port) and path."""

    def __init__(self, answer: Callable[[Asked], Say | None]) -> None:
        self.asked: list[Asked] = []
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(handler) -> None:
                host = (handler.headers["Host"] or "").split(":")[0]
                asked = Asked(time.time(), host, handler.path, dict(handler.headers))
                with lock:
                    self.asked.append(asked)
                said = answer(asked) or Say("not here", 404)
                body = said.body.encode()
                handler.send_response(said.status)
                headers = {"Content-Type": "text/html; charset=utf-8"} | dict(said.headers)
                for name, value in headers.items():
                    handler.send_header(name, value)
                if said.status != 304:
                    handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                if said.status != 304:
                    handler.wfile.write(body)

            def log_message(handler, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]

    def url(self, name: str, path: str = "/") -> str:
        """An address on a host of the town's domain."""
        return f"http://{name}.town.localhost:{self.port}{path}"

    def paths(self, name: str) -> list[str]:
        """What a host was asked for, in order."""
        return [a.path for a in self.asked if a.host == f"{name}.town.localhost"]

    def __enter__(self) -> Recorder:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
