"""SLIP framing (RFC 1055), as the ROM loader uses it: END before and after each packet."""

from __future__ import annotations

from collections.abc import Iterator

END, ESCAPE = 0xC0, 0xDB


def framed(packet: bytes) -> bytes:
    """`packet` as it goes over the line."""
    return b"\xc0" + packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


class Unframer:
    """Cuts a stream into packets; bytes outside of packets are dropped, as the ROM does."""

    def __init__(self) -> None:
        self._partial: bytearray | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The packets that `data` completes."""
        for index, part in enumerate(data.split(b"\xc0")):
            if index:
                packet = self._end()
                if packet is not None:
                    yield packet
            if self._partial is not None:
                self._partial += part

    def _end(self) -> bytes | None:
        if not self._partial:  # the END that opens a packet, or one of two in a row
            self._partial = bytearray()
            return None
        packet = bytes(self._partial).replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
        self._partial = None
        return packet
