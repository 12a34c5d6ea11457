"""Slots rebuilt from the standard library and `cryptography` alone, as docs/record.md describes them."""

from __future__ import annotations

import hmac
import struct
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from protocol.record import CLOCKS, KINDS, Record, Sealer, encode

U8, U16, U32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32))
MONTHS = st.one_of(st.just(0), st.builds(lambda year, month: year * 100 + month, st.integers(2000, 2099), st.integers(1, 12)))
RECORDS = st.builds(
    Record, st.sampled_from(KINDS), U16, U32, U32, st.integers(0, len(CLOCKS) - 1), U8, MONTHS, st.integers(0, (1 << 40) - 1),
    U8, U16, U32, U32, U32, U32, U32, U8, U8, U16,
)  # fmt: skip


def _body(r: Record) -> bytes:
    month = (r.month // 100 - 2000) * 12 + r.month % 100 - 1 if r.month else 0xFFFF
    head = struct.pack("<BBHIIBBH", 1, r.kind, r.epoch, r.sequence, r.time, r.clock, r.flags, month)
    offer = struct.pack("<BHI", r.tier, r.offer, r.offer_version)
    rest = struct.pack("<IIIIBBH", r.list_version, r.amount, r.price, r.link, r.reason, r.cashier, r.link_epoch)
    return head + r.member.to_bytes(5, "little") + offer + rest


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, sha256).digest()


@given(record=RECORDS, key=st.binary(min_size=32, max_size=32), epoch=U16)
def test_slot_is_what_the_page_says(record: Record, key: bytes, epoch: int) -> None:
    mac, aes = _hmac(key, b"journal-mac"), _hmac(key, b"journal-enc")[:16]
    chain = _hmac(mac, b"genesis" + epoch.to_bytes(2, "little"))[:16]
    finger = _hmac(mac, b"finger" + record.member.to_bytes(5, "little"))[:2]
    body = _body(record)
    assert encode(record) == body
    head = _hmac(mac, chain + finger + body)[:14] + finger
    slot = head + Cipher(algorithms.AES(aes), modes.CBC(head)).encryptor().update(body)
    sealer = Sealer(key)
    assert sealer.genesis(epoch) == chain
    assert sealer.seal(record, chain) == slot
    assert sealer.open(slot, chain) == record
