"""Certificates of a time stamp brought into the order that DER wants.

OpenSSL writes a token's certificates in the order in which it has them, which strict readers
refuse. They stand outside what is signed, so sorting them changes nothing that counts.
"""

from __future__ import annotations

__all__ = ["with_sorted_certificates"]


def with_sorted_certificates(answer: bytes) -> bytes:
    """The answer with its certificates sorted; as it is where they are not found."""
    try:
        start, end = _inside(answer, 0, len(answer), 0x30)
        # The token is the second child of the response, its content the second of the token.
        start, end = _child(answer, start, end, 1, 0x30)
        start, end = _child(answer, start, end, 1, 0xA0)
        start, end = _child(answer, start, end, 0, 0x30)
        start, end = _child(answer, start, end, 3, 0xA0)
        found = []
        place = start
        while place < end:
            stop = _inside(answer, place, end)[1]
            found.append(answer[place:stop])
            place = stop
    except (ValueError, IndexError):
        return answer
    return answer[:start] + b"".join(sorted(found)) + answer[end:]


def _child(data: bytes, start: int, end: int, number: int, tag: int) -> tuple[int, int]:
    for _ in range(number):
        start = _inside(data, start, end)[1]
    return _inside(data, start, end, tag)


def _inside(data: bytes, start: int, end: int, tag: int | None = None) -> tuple[int, int]:
    """Where the content of the element at `start` begins and ends."""
    if tag is not None and data[start] != tag:
        raise ValueError("another element")
    length, place = data[start + 1], start + 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[place : place + count], "big")
        place += count
    if place + length > end or place > end:
        raise ValueError("longer than what holds it")
    return place, place + length
