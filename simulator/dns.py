"""The name server on the bench: answers A questions (RFC 1035) from a table and the host's resolver.

Not imitated: TCP, caching, EDNS, anything but one question a packet.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

TIME_SERVER = "10.10.0.123"
_HEADER = struct.Struct(">6H")
_TYPE_A = 1


class Question(NamedTuple):
    number: int
    name: str
    wants_ipv4: bool
    raw: bytes


def question(packet: bytes) -> Question | None:
    """The one question of a query; None for what is no query, as a server that drops it."""
    if len(packet) < _HEADER.size + 5:
        return None
    number, flags, questions, *_ = _HEADER.unpack_from(packet)
    if flags & 0x8000 or questions != 1:
        return None
    labels, at = [], _HEADER.size
    while at < len(packet) and packet[at]:
        length = packet[at]
        labels.append(packet[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    end = at + 5
    if end > len(packet):
        return None
    kind, _class = struct.unpack_from(">2H", packet, at + 1)
    return Question(number, ".".join(labels).lower(), kind == _TYPE_A, packet[_HEADER.size : end])


def answer(asked: Question, address: str | None) -> bytes:
    """A reply with one A record, or "no such name"; an empty one for other record types."""
    code = 0 if address or not asked.wants_ipv4 else 3
    reply = _HEADER.pack(asked.number, 0x8180 | code, 1, int(address is not None), 0, 0) + asked.raw
    if address is not None:
        reply += struct.pack(">3HIH", 0xC00C, _TYPE_A, 1, 60, 4) + ipaddress.IPv4Address(address).packed
    return reply


def is_time_server(name: str) -> bool:
    """Whether a name is one of a public time server's: those are played here, so that no network is needed."""
    labels = name.split(".")
    return "ntp" in labels or labels[0].startswith(("ntp", "time"))
