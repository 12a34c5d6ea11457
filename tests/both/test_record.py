"""Records: 48 canonical bytes, 64 on flash, each chained to the one before. Formats in docs/record.md."""

from binascii import hexlify, unhexlify

from protocol.record import KINDS, Record, RecordError, Sealer, decode, encode

KEY = b"k" * 32
SOME = Record(1, 7, 143, 1796054400, 2, 5, 202612, 13800138000, 2, 1, 3, 9, 12345, 9876, 142, 0, 4, 6)
BODY = "010107008f000000809d0d6b0205430110658d3603020100030000000900000039300000942600008e00000000040600"
SLOT = (
    "18ec599db22d27f53344ead087d6fdb6665edb9862691bf2676a40b9c6f050a6"
    "cbaacf6d3258221c78987c9b72cc524e055c7f58e2c3c7a8bd1c20dd7215dbd9"
)


def text(data):
    return hexlify(data).decode()


def changed(**fields):
    names = (
        "kind", "epoch", "sequence", "time", "clock", "flags", "month", "member", "tier", "offer", "offer_version",
        "list_version", "amount", "price", "link", "reason", "cashier", "link_epoch",
    )  # fmt: skip
    return Record(*[fields.get(name, SOME[n]) for n, name in enumerate(names)])


def refused(call, *arguments):
    try:
        call(*arguments)
    except RecordError:
        return True
    return False


def test_the_canonical_bytes_do_not_change():
    assert text(encode(SOME)) == BODY
    assert decode(unhexlify(BODY)) == SOME


def test_every_field_reaches_its_ends():
    for fields in (
        {"epoch": 1, "sequence": 1, "time": 0, "clock": 0, "flags": 0, "month": 0, "member": 0, "tier": 0},
        {"epoch": 0xFFFF, "sequence": 0xFFFFFFFF, "time": 0xFFFFFFFF, "clock": 5, "flags": 255, "month": 209912},
        {"member": (1 << 40) - 1, "tier": 255, "offer": 0xFFFF, "offer_version": 0xFFFFFFFF, "list_version": 0xFFFFFFFF},
        {"amount": 0xFFFFFFFF, "price": 0xFFFFFFFF, "link": 0xFFFFFFFF, "reason": 255, "cashier": 255, "link_epoch": 0xFFFF},
        {"month": 200001, "member": 999999999999},
    ):
        record = changed(**fields)
        assert len(encode(record)) == 48
        assert decode(encode(record)) == record
    for kind in KINDS:
        assert decode(encode(changed(kind=kind))).kind == kind


def test_other_formats_are_refused():
    body = bytearray(unhexlify(BODY))
    for at, value in ((0, 0), (0, 2), (1, 0), (1, 4), (1, 8), (1, 10), (12, 6), (15, 5)):
        broken = bytearray(body)
        broken[at] = value
        assert refused(decode, bytes(broken)), (at, value)
    for length in range(0, 100):
        if length != 48:
            assert refused(decode, bytes(length))


def test_the_slot_does_not_change():
    sealer = Sealer(KEY)
    assert text(sealer.genesis(7)) == "b414a16d49407724204ab08010056235"
    assert text(Sealer(KEY, b"refusal").genesis(7)) == "fa0917f49384ea3f551b44b418550389"
    assert text(sealer.finger(13800138000)) == "fdb6"
    assert text(sealer.seal(SOME, sealer.genesis(7))) == SLOT
    assert sealer.open(unhexlify(SLOT), sealer.genesis(7)) == SOME
    assert sealer.peek(unhexlify(SLOT)) == SOME


def test_any_changed_bit_is_found():
    sealer = Sealer(KEY)
    chain = sealer.genesis(7)
    slot = unhexlify(SLOT)
    for bit in range(512):
        broken = bytearray(slot)
        broken[bit // 8] ^= 1 << bit % 8
        assert refused(sealer.open, bytes(broken), chain), bit
    for length in (0, 16, 48, 63, 65):
        assert refused(sealer.open, (slot + slot)[:length], chain)
        assert refused(sealer.peek, (slot + slot)[:length])


def test_a_record_is_bound_to_its_place_key_and_ring():
    sealer = Sealer(KEY)
    slot = unhexlify(SLOT)
    assert refused(sealer.open, slot, sealer.genesis(8))
    assert refused(sealer.open, slot, slot[:16])
    assert refused(Sealer(b"j" * 32).open, slot, sealer.genesis(7))
    assert refused(Sealer(KEY, b"refusal").open, slot, sealer.genesis(7))


def test_a_chain_can_be_walked_and_not_rearranged():
    sealer = Sealer(KEY)
    chain = sealer.genesis(1)
    slots = []
    for n in range(1, 20):
        slots.append(sealer.seal(changed(epoch=1, sequence=n), chain))
        chain = slots[-1][:16]
    chain = sealer.genesis(1)
    for n, slot in enumerate(slots):
        assert sealer.open(slot, chain).sequence == n + 1
        if n + 1 < len(slots):
            assert refused(sealer.open, slots[n + 1], chain), "one was left out"
        chain = slot[:16]


def test_equal_records_do_not_look_equal():
    sealer = Sealer(KEY)
    first = sealer.seal(SOME, sealer.genesis(1))
    second = sealer.seal(SOME, first[:16])
    assert first[14:16] == second[14:16], "the finger is the member's"
    for at in range(16, 64, 16):
        assert first[at : at + 16] != second[at : at + 16]


def test_only_record_errors_come_out_of_noise():
    sealer = Sealer(KEY)
    chain = sealer.genesis(1)
    noise = 12345
    for _ in range(300):
        slot = bytearray(64)
        for at in range(64):
            noise = (noise * 1103515245 + 12345) & 0x3FFFFFFF
            slot[at] = noise >> 16 & 0xFF
        assert refused(sealer.open, bytes(slot), chain)
        refused(sealer.peek, bytes(slot))
        refused(decode, bytes(slot[:48]))
