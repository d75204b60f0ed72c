"""`python -m tests.sweeps.watched LOG …`: the command, with every address its sockets are given
to connect to, and every name that is looked up, written to LOG as it happens."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    log = open(sys.argv.pop(1), "a", encoding="utf-8", buffering=1)  # noqa: SIM115

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("socket.connect", "socket.sendto"):
            log.write(f"connect {arguments[1]!r}\n")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            log.write(f"lookup {arguments[0]!r}\n")

    sys.addaudithook(hook)
    from cli import main

    main()
