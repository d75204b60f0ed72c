"""`python -m tests.sweeps.watched LOG …`: the command, with every address its sockets are given
to connect to, and every name that is looked up, written to LOG as it happens.

The name ``neibu.test`` is at 10.9.8.7, as its owner's DNS might say."""

from __future__ import annotations

import socket
import sys
from typing import Any

if __name__ == "__main__":
    log = open(sys.argv.pop(1), "a", encoding="utf-8", buffering=1)  # noqa: SIM115

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("socket.connect", "socket.sendto"):
            log.write(f"connect {arguments[1]!r}\n")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            log.write(f"lookup {arguments[0]!r}\n")

    sys.addaudithook(hook)
    by_name, by_info = socket.gethostbyname, socket.getaddrinfo

    def gethostbyname(name: str) -> str:
        return "10.9.8.7" if name == "neibu.test" else by_name(name)

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        return by_info("10.9.8.7" if host == "neibu.test" else host, *rest, **more)

    socket.gethostbyname, socket.getaddrinfo = gethostbyname, getaddrinfo
    from cli import main

    main()
