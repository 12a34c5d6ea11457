"""Redemption, void, date and refusal records: canonical bytes, encryption and hash chain. See docs/record.md.

A record is a 48-byte body; on flash and on the wire it is a 64-byte slot ``tag[14] | finger[2] | AES-128-CBC(body)``.
"""

import struct
from collections import namedtuple

from protocol.aes import decrypt_cbc, encrypt_cbc
from protocol.keys import derive, hmac_sha256, same
from protocol.month import from_ordinal, ordinal

BODY_BYTES = 48
SLOT_BYTES = 64
CHAIN_BYTES = 16
_TAG = 14
_VERSION = 1
_LAYOUT = "<BBHIIBBHIBBHIIIIIBBH"

REDEMPTION, VOID, DATE_SET, REFUSAL = 1, 2, 3, 9
KINDS = (REDEMPTION, VOID, DATE_SET, REFUSAL)

# flags
ONLINE = 1  # the centre's answer decided
TRAINING = 2  # never counts
AGAIN = 4  # the cashier confirmed a repeat within ten minutes
OVERTURNED = 8  # the centre's late answer would have refused; ``reason`` names it

# clock: where the time came from, best first
CLOCKS = ("unset", "centre", "network", "chip", "supervisor", "floor")

Record = namedtuple(
    "Record",
    ("kind", "epoch", "sequence", "time", "clock", "flags", "month", "member", "tier", "offer", "offer_version",
     "list_version", "amount", "price", "link", "reason", "cashier", "link_epoch"),
)  # fmt: skip


class RecordError(ValueError):
    """Bytes that are not a record, or not the next one of its chain."""


def encode(record):
    """The 48 canonical bytes of a `Record`. ``month`` is YYYYMM or 0, ``member`` an int below 2^40."""
    r = record
    return struct.pack(
        _LAYOUT, _VERSION, r.kind, r.epoch, r.sequence, r.time, r.clock, r.flags,
        ordinal(r.month) if r.month else 0xFFFF, r.member & 0xFFFFFFFF, r.member >> 32, r.tier, r.offer,
        r.offer_version, r.list_version, r.amount, r.price, r.link, r.reason, r.cashier, r.link_epoch,
    )  # fmt: skip


def decode(body):
    """The `Record` of 48 bytes; `RecordError` when version, kind, clock or padding are not of this format."""
    if len(body) != BODY_BYTES:
        raise RecordError("record of %d bytes" % len(body))
    (version, kind, epoch, sequence, time, clock, flags, month, low, high, tier, offer, offer_version,
     list_version, amount, price, link, reason, cashier, link_epoch) = struct.unpack(_LAYOUT, body)  # fmt: skip
    if version != _VERSION or kind not in KINDS or clock >= len(CLOCKS) or (month >= 1200 and month != 0xFFFF):
        raise RecordError("unknown record format")
    return Record(
        kind, epoch, sequence, time, clock, flags, 0 if month == 0xFFFF else from_ordinal(month), high << 32 | low,
        tier, offer, offer_version, list_version, amount, price, link, reason, cashier, link_epoch,
    )  # fmt: skip


class Sealer:
    """Seals and opens the records of one terminal; ``key`` is its 32-byte key.

    ``purpose`` keeps the refusals' chain apart from the journal's.
    """

    def __init__(self, key, purpose=b"journal"):
        self._mac = derive(key, purpose + b"-mac")
        self._aes = derive(key, purpose + b"-enc")[:16]

    def genesis(self, epoch):
        """The 16-byte chain value before the first record of ``epoch``."""
        return hmac_sha256(self._mac, b"genesis", struct.pack("<H", epoch))[:CHAIN_BYTES]

    def finger(self, member):
        """The 2-byte keyed mark of a member (int): a scan for a member decrypts only slots that bear it."""
        return hmac_sha256(self._mac, b"finger", struct.pack("<IB", member & 0xFFFFFFFF, member >> 32))[:2]

    def seal(self, record, chain):
        """The 64-byte slot of ``record`` after a record whose chain value is ``chain``; its own is ``slot[:16]``."""
        body = encode(record)
        finger = self.finger(record.member)
        head = hmac_sha256(self._mac, chain, finger, body)[:_TAG] + finger
        return head + encrypt_cbc(self._aes, head, body)

    def open(self, slot, chain):
        """The `Record` of a slot; `RecordError` unless it is genuine and follows ``chain``."""
        body = self._decrypt(slot)
        if not same(hmac_sha256(self._mac, chain, slot[_TAG:CHAIN_BYTES], body)[:_TAG], slot[:_TAG]):
            raise RecordError("record does not follow its chain")
        return decode(body)

    def peek(self, slot):
        """The `Record` of a slot without proof of its place: for what only reads back its own flash."""
        return decode(self._decrypt(slot))

    def _decrypt(self, slot):
        if len(slot) != SLOT_BYTES:
            raise RecordError("slot of %d bytes" % len(slot))
        return decrypt_cbc(self._aes, bytes(slot[:CHAIN_BYTES]), bytes(slot[CHAIN_BYTES:]))
