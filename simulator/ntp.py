"""An SNTP server (RFC 4330) that tells the bench's time. Not imitated: leap seconds, authentication, kiss-o'-death."""

from __future__ import annotations

import struct

ESP32_EPOCH = 946_684_800
_SINCE_1900 = 2_208_988_800


def answer(packet: bytes, now: float) -> bytes | None:
    """The reply to a client's packet at `now` (Unix seconds); None for anything else."""
    if len(packet) < 48 or packet[0] & 7 != 3:
        return None
    seconds = int(now) + _SINCE_1900
    stamp = struct.pack(">II", seconds & 0xFFFFFFFF, int(now % 1 * (1 << 32)))
    head = struct.pack(">BBbb", packet[0] & 0x38 | 4, 2, packet[2] & 0x7F, -20)
    return head + bytes(8) + b"CHEY" + stamp + packet[40:48] + stamp + stamp
