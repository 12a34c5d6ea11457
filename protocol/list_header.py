"""The header of a member-list file, base or delta: what it says, and the proof that it is genuine. See docs/list-format.md."""

import struct
from binascii import crc32
from collections import namedtuple

from protocol.keys import hmac_sha256, same

BLOCK = 4096
BASE, DELTA = 0, 1
GONE = 255  # the tier code of a delta's class row that stands for "no longer a member"
MAGIC = b"CYML"
FORMAT = 1
LAYOUT = "<4sBBHIIIIIIIIQQIIHHBBBBHH"
SEED_BYTES = 76  # of `LAYOUT`: everything before the digests; bucket checksums start from it
HASH_BYTES = 32
ROW = "<BIHH"
ROW_BYTES = 9
LEAST_BYTES = 172
MOST_BYTES = 4096

ListHeader = namedtuple(
    "ListHeader",
    ("kind", "header_bytes", "list_id", "month", "version", "parent", "created", "count", "total_bytes", "first", "size", "width",
     "buckets", "group", "ranks", "precision", "value_bits", "rank_bits", "seed", "digest", "base_digest", "rows", "prefixes"),
)  # fmt: skip


class ListError(Exception):
    """The member list gives no answer; the text says why."""


class ListMissing(ListError):
    """There is no list here."""


class ListDamaged(ListError):
    """What is stored is not what the centre built."""


class WrongListKey(ListError):
    """The list was built under another key than the one at hand."""


class OutsideList(ListError):
    """The number lies outside the list's scope: only the centre can tell."""


def permutation_key(list_key, list_id, month):
    """The 16-byte FF1 key: another permutation for each list and month, so that two months can't be compared without the key."""
    return hmac_sha256(list_key, b"list-ff1", struct.pack("<II", list_id, month))[:16]


def key_id(list_key):
    """The u32 that names a key without giving it away."""
    return struct.unpack("<I", hmac_sha256(list_key, b"list-key-id")[:4])[0]


def header_mac(list_key, raw):
    """The 32-byte MAC of a header's bytes before the MAC. It covers the digest, and so the whole file."""
    return hmac_sha256(list_key, b"list-mac", raw)


def parse(raw, list_key):
    """The `ListHeader` of a whole header (bytes-like).

    `ListDamaged` when it is not genuine, `WrongListKey` when ``list_key`` (32 bytes) is not the one it was made under.
    """
    fixed = struct.unpack_from(LAYOUT, raw)
    end = len(raw) - HASH_BYTES
    if fixed[:2] != (MAGIC, FORMAT) or fixed[3] != len(raw):
        raise ListDamaged("no list header")
    if fixed[10] != key_id(list_key):
        raise WrongListKey("made under list key %08x" % fixed[10])
    if not same(header_mac(list_key, memoryview(raw)[:end]), bytes(raw[end:])):
        raise ListDamaged("list header is not genuine")
    rows = SEED_BYTES + 2 * HASH_BYTES
    text = rows + fixed[21] * ROW_BYTES
    seed = crc32(memoryview(raw)[:SEED_BYTES])
    digests = bytes(raw[SEED_BYTES : rows - HASH_BYTES]), bytes(raw[rows - HASH_BYTES : rows])
    return ListHeader(*fixed[2:10] + fixed[11:21] + (seed,) + digests + (bytes(raw[rows:text]), bytes(raw[text:end]).decode()))


def read(partition, at, list_key):
    """The `ListHeader` stored at byte ``at`` of ``partition``; raises as `parse`, and `ListMissing` when flash is blank there."""
    head = bytearray(8)
    partition.readblocks(at // BLOCK, head, at % BLOCK)
    if head == b"\xff" * 8:
        raise ListMissing("no list stored")
    size = head[6] | head[7] << 8
    if not LEAST_BYTES <= size <= MOST_BYTES:
        raise ListDamaged("no list header")
    raw = bytearray(size)
    partition.readblocks(at // BLOCK, raw, at % BLOCK)
    return parse(raw, list_key)


def check_base(header):
    """``header``, if it is a base's; else `ListDamaged`."""
    if header.kind != BASE:
        raise ListDamaged("a delta where a base belongs")
    return header


def check_delta(header, before, base):
    """``header``, if it is that of a delta to ``base`` that follows ``before`` (all `ListHeader`s); else `ListDamaged`."""
    if header.kind != DELTA or header.parent != before.version or header.base_digest != base.digest:
        raise ListDamaged("delta %d does not follow version %d" % (header.version, before.version))
    return header
