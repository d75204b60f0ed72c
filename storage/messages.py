"""HTTP messages as archives hold them: head and body apart, the body without chunks."""

from __future__ import annotations

import re

from storage.vault import Archived

__all__ = ["archived_message"]

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})\b[^\r\n]*")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


def archived_message(url: str, block: bytes) -> Archived | None:
    """The response in the block of a record, None where it is no HTTP response.

    The body is as it came over the wire, but for the chunks of a chunked transfer; the header
    that promised them is left out with them.
    """
    start = _STATUS.match(block)
    if start is None:
        return None
    end = _HEAD_END.search(block, start.end())
    # A message may end with its head.
    head = block[start.end() : end.start() if end else len(block)]
    body = block[end.end() :] if end else b""
    headers: list[tuple[str, str]] = []
    for line in head.decode("latin-1").splitlines():
        if line[:1] in " \t" and headers:
            headers[-1] = (headers[-1][0], headers[-1][1] + " " + line.strip())
        elif ":" in line:
            name, _, value = line.partition(":")
            headers.append((name.strip(), value.strip()))
    if any(n.lower() == "transfer-encoding" and "chunked" in v.lower() for n, v in headers):
        headers = [(n, v) for n, v in headers if n.lower() != "transfer-encoding"]
        # Browsers hand over the joined body with the header still there.
        body = _joined(body) or body
    kind = next((v for n, v in headers if n.lower() == "content-type"), "")
    return Archived(url, int(start.group(1)), tuple(headers), body, kind)


def _joined(body: bytes) -> bytes | None:
    """The body of a chunked transfer (RFC 9112, 7.1), None where it is not in chunks."""
    parts: list[bytes] = []
    position = 0
    while True:
        end = body.find(b"\n", position, position + 4096)
        size = body[position:end].split(b";")[0].strip() if end >= 0 else b""
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size):
            return None
        length, position = int(size, 16), end + 1
        if length == 0:
            return b"".join(parts)
        if position + length > len(body):
            return None
        parts.append(body[position : position + length])
        position += length
        position += 2 if body[position : position + 2] == b"\r\n" else 1
